"""The engine on arrays gives what the rules give, number for number."""

import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yilian.insurance.policy.rules.sets import ParameterSet
from yilian.insurance.settlement.rules.case import Case, Insured, Used
from yilian.insurance.settlement.rules.settle import settle
from yilian.insurance.settlement.tests import bills
from yilian.insurance.settlement.tests.bills import demo, stay, visit
from yilian.insurance.settlement.tests.inventing import cases, changes
from yilian.insurance.whatif.engine.checks import PopulationWrong
from yilian.insurance.whatif.engine.from_cases import from_cases
from yilian.insurance.whatif.engine.population import REFERRALS
from yilian.insurance.whatif.engine.rows import LINKS
from yilian.insurance.whatif.engine.settle import settle_population

NUMBERS = (
    "chain_target", "chain_absorbed", "deductible_due", "deductible_absorbed", "base",
    "ratio_set", "ratio", "calc_set", "calc", "visit_limit", "limit_left", "basic_pay",
    "cut_before", "supplement_pay", "compliant_self_pay", "counted_before",
    "serious_pay", "left_before", "assistance_pay", "patient_pay", "account_pay",
)  # fmt: skip


def _one_by_one(people: Sequence[Case], parameters: ParameterSet) -> Any:
    found = {}
    number = 0
    for case in people:
        for settled in settle(case, parameters).services:
            for part in settled.parts:
                numbers = [getattr(part, name) for name in NUMBERS]
                sums = [part.charges.total, part.charges.in_scope]
                found[number, part.year] = [part.link.value, *sums, *numbers]
            number += 1
    return found


def _at_once(people: Sequence[Case], parameters: ParameterSet) -> Any:
    out = settle_population(from_cases(people), parameters)
    columns = [out.total, out.in_scope, *(getattr(out, name) for name in NUMBERS)]
    return {
        (int(out.service[row]), int(out.year[row])): [
            LINKS[out.link[row]].value,
            *(int(column[row]) for column in columns),
        ]
        for row in range(len(out))
    }


@given(st.lists(cases(), min_size=1, max_size=4), changes)
@settings(max_examples=150, deadline=None)
def test_random_populations_are_settled_alike(
    people: list[Case], overrides: dict[str, Any]
) -> None:
    parameters = demo(overrides)
    assert _at_once(people, parameters) == _one_by_one(people, parameters)


def test_two_disease_visits_are_settled_alike() -> None:
    visits = [
        visit(str(n), "primary", 700, day=n, scheme="two_disease", disease=disease)
        for n, disease in enumerate(["hypertension", "diabetes", None, "diabetes"])
    ]
    people = [Case("a", Insured(), visits), Case("b", Insured(), visits[:1])]
    assert _at_once(people, demo()) == _one_by_one(people, demo())


def test_the_used_of_a_named_year_counts_for_that_year() -> None:
    used = Used(basic=bills.fen(119_000), year=2018)
    people = [
        Case("a", Insured(), [stay("a", "tertiary", 30_000, day=day)], used)
        for day in (0, 320)
    ]
    assert _at_once(people, demo()) == _one_by_one(people, demo())


def test_how_they_came_is_the_same_too() -> None:
    unsaid = [replace(stay(p, p, 100), referral=None) for p in ("primary", "outside")]
    people = [Case(s.id, Insured(), [s]) for s in unsaid]
    out = settle_population(from_cases(people), demo())
    said = [settle(case, demo()).services[0].parts[0].referral for case in people]
    assert [REFERRALS[code] for code in out.referral] == said


@pytest.mark.parametrize(
    ("services", "said"),
    [
        ([stay("a", "village", 1)], "村级"),
        ([visit("a", "primary", 1, months=4)], "最长月数"),
        ([visit("a", "primary", 1, scheme="special_disease", disease="x")], "病种"),
        ([visit("a", "primary", 1, day=-100)], "没有有效的参数"),
        ([stay("a", "primary", 1, days=0, follows="a")], "成环"),
        ([stay("a", "primary", 1), stay("b", "primary", 1, follows="a")], "早于"),
    ],
)
def test_what_the_rules_refuse_is_refused(services: Any, said: str) -> None:
    with pytest.raises(PopulationWrong, match=said):
        settle_population(from_cases([Case("x", Insured(), services)]), demo())


def test_wrong_lines_are_counted() -> None:
    people = from_cases([Case("x", Insured(), [stay("a", "primary", 1)])])
    people.lines.amount[0] = -1
    with pytest.raises(PopulationWrong, match="1 条"):
        settle_population(people, demo())


def test_nothing_to_settle_is_settled() -> None:
    gone = stay("a", "primary", 1, is_voided=True)
    out = settle_population(from_cases([Case("x", Insured(), [gone])]), demo())
    assert len(out) == 0
    assert out.patient_pay.dtype == np.int64


def test_the_pages_do_not_load_numpy() -> None:
    """decisions 31: only the command line and the worker reach it."""
    code = (
        "import sys, os; os.environ['YILIAN_TESTING']='1'; "
        "os.environ['DJANGO_SETTINGS_MODULE']='yilian.config.settings'; "
        "import django; django.setup(); import yilian.config.urls; "
        "print('numpy' in sys.modules)"
    )
    ran = subprocess.run(  # noqa: S603
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert ran.stdout.strip().endswith("False")
