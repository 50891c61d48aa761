"""What-if: sums that add up, people who answer, winners and losers."""

import json
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from yilian.config.cli import main
from yilian.insurance.policy.rules.files import SetWrong
from yilian.insurance.settlement.rules.case import Case, Insured, Referral
from yilian.insurance.settlement.rules.settle import settle
from yilian.insurance.settlement.tests.bills import demo, fen, stay, visit
from yilian.insurance.settlement.tests.inventing import cases
from yilian.insurance.whatif.engine.from_cases import from_cases
from yilian.insurance.whatif.engine.population import REFERRALS, Population
from yilian.insurance.whatif.engine.settle import settle_population
from yilian.insurance.whatif.regional import settle_region, try_out, try_region
from yilian.insurance.whatif.report import report
from yilian.insurance.whatif.scenario import Scenario, ScenarioWrong
from yilian.insurance.whatif.tally import tally

LOWER = Scenario("lower", {"inpatient.ratio.resident.any.tertiary": "0.55"})


@given(st.lists(cases(), min_size=1, max_size=5))
@settings(max_examples=50, deadline=None)
def test_the_sums_are_those_of_the_settlements(people: list[Case]) -> None:
    parameters = demo()
    population = from_cases(people)
    found = tally(population, settle_population(population, parameters))
    one_by_one = [s for case in people for s in settle(case, parameters).services]
    for name in ("total_amount", "basic_pay", "serious_pay", "patient_pay"):
        assert found.total(name) == sum(s.amounts()[name] for s in one_by_one)
    by_place = found.by("place")
    assert sum(row["patient_pay"] for row in by_place.values()) == found.total(
        "patient_pay"
    )


def _people(count: int, *, without: int = 0) -> list[Case]:
    """One stay each; so many came without a referral."""
    ways = ["non_compliant"] * without + ["compliant_up"] * (count - without)
    return [
        Case(str(n), Insured(), [stay("a", "tertiary", 11_000, referral=way)])
        for n, way in enumerate(ways)
    ]


def test_a_lower_ratio_costs_the_patients_what_it_spares_the_fund() -> None:
    trial = try_out(from_cases(_people(10)), demo(), LOWER)
    # 5 points of 10,000 each
    assert trial.tried.total("basic_pay") - trial.today.total("basic_pay") == -fen(5000)
    [(kind, counts)] = trial.movement.table().items()
    assert kind == ("resident", "any", "")
    assert counts == {
        "saves_1000": 0, "saves_100": 0, "saves_less": 0, "same": 0,
        "pays_less_than_100": 0, "pays_100": 10, "pays_1000": 0,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("ratio", "band"),
    [
        ("0.61", "saves_100"), ("0.6099", "saves_less"), ("0.60", "same"),
        ("0.5901", "pays_less_than_100"), ("0.59", "pays_100"), ("0.70", "saves_1000"),
        ("0.50", "pays_1000"), ("0.5001", "pays_100"), ("0.6999", "saves_100"),
    ],
)  # fmt: skip
def test_the_bands_of_change_are_exact_to_the_fen(ratio: str, band: str) -> None:
    changed = Scenario("x", {"inpatient.ratio.resident.any.tertiary": ratio})
    trial = try_out(from_cases(_people(1)), demo(), changed)
    [counts] = trial.movement.table().values()
    assert [name for name, count in counts.items() if count] == [band]


def test_nothing_changed_moves_nobody() -> None:
    trial = try_out(from_cases(_people(5, without=2)), demo(), Scenario("same"))
    found = report(trial)
    assert found["funds"]["basic_pay"]["difference"] == "0.00"
    assert found["persons_by_change"][0]["same"] == 5


def test_a_harder_penalty_brings_people_to_take_a_referral() -> None:
    """Half of 0.60 is lost today; a factor of 0.20 loses 0.48: 1.6 times as much."""
    harder = Scenario("harder", {"penalty_factor": "0.20"}, Decimal(1))
    trial = try_out(from_cases(_people(100, without=40)), demo(), harder)
    [answer] = trial.answers
    assert answer.share_before == 0.40
    assert answer.penalty_after / answer.penalty_before == pytest.approx(1.6)
    assert answer.share_after == pytest.approx(0.25)


def test_a_softer_penalty_does_the_opposite_and_the_same_seed_the_same() -> None:
    softer = Scenario("softer", {"penalty_factor": "0.75"}, Decimal(1))
    people = from_cases(_people(100, without=40))
    one, two = (try_out(people, demo(), softer, seed=7) for _ in range(2))
    assert one.answers[0].share_after == pytest.approx(0.80)
    assert one.tried.by("place") == two.tried.by("place")


def test_the_population_itself_is_left_alone() -> None:
    people = from_cases(_people(10, without=5))
    try_out(people, demo(), Scenario("x", {"penalty_factor": "0.1"}, Decimal(2)))
    code = REFERRALS.index(Referral.NON_COMPLIANT)
    assert int((people.referral == code).sum()) == 5


def test_institutions_see_their_own_sums() -> None:
    people = from_cases(_people(4))
    trial = try_out(people, demo(), LOWER, np.array([0, 0, 2, 2], np.int32))
    found = report(trial)["by_institution"]
    assert [row["institution"] for row in found] == [0, 2]
    assert found[0]["basic_pay"] == {
        "today": "12000.00", "tried": "11000.00", "difference": "-1000.00",
    }  # fmt: skip


def _batch(size: int) -> Population:
    return from_cases(_people(size, without=1))


def test_batches_add_up_to_the_region() -> None:
    sizes = (3, 5, 2)
    batches = [partial(_batch, size) for size in sizes]
    whole = from_cases([case for n in sizes for case in _people(n, without=1)])
    expected = tally(whole, settle_population(whole, demo()))
    assert settle_region(batches, demo(), workers=1).by("place") == expected.by("place")
    two = try_region(batches, demo(), LOWER, workers=2)
    assert two.today.by("place") == expected.by("place")


@pytest.mark.parametrize("elasticity", ["-0.1", "6"])
def test_an_elasticity_nobody_believes_is_refused(elasticity: str) -> None:
    with pytest.raises(ScenarioWrong):
        Scenario("x", {}, Decimal(elasticity))


def test_a_wrong_override_is_refused_with_its_path() -> None:
    with pytest.raises(SetWrong, match="no such"):
        try_out(from_cases(_people(1)), demo(), Scenario("x", {"no such": "1"}))


def _files(folder: Path, scenario: Any) -> list[str]:
    document = {
        "parameters": "NX-DEMO-2018",
        "cases": [
            {
                "id": "a",
                "insured": {"type": "resident"},
                "services": [
                    {
                        "id": "s",
                        "kind": "inpatient",
                        "tier": "tertiary",
                        "admitted_on": "2018-03-01",
                        "discharged_on": "2018-03-05",
                        "referral": "compliant_up",
                        "lines": [{"catalog_class": "A", "amount": "11000.00"}],
                    }
                ],
            }
        ],
    }
    (folder / "cases.json").write_text(json.dumps(document), "utf-8")
    (folder / "scenario.json").write_text(json.dumps(scenario), "utf-8")
    return [str(folder / "scenario.json"), str(folder / "cases.json")]


def test_the_command_compares_two_files(tmp_path: Path) -> None:
    scenario = {"name": "降低", "overrides": dict(LOWER.overrides), "elasticity": "0.5"}
    answer = CliRunner().invoke(main, ["whatif", *_files(tmp_path, scenario)])
    assert answer.exit_code == 0, answer.output
    found = json.loads(answer.output)
    assert found["funds"]["basic_pay"]["difference"] == "-500.00"
    assert found["by_tier"][0]["place"] == "tertiary"


@pytest.mark.parametrize(
    "scenario",
    [[], {"name": ""}, {"name": "x", "typo": 1}, {"name": "x", "elasticity": 0.5},
     {"name": "x", "elasticity": "NaN"}, {"name": "x", "overrides": []}],
)  # fmt: skip
def test_a_wrong_scenario_is_said_in_words(tmp_path: Path, scenario: Any) -> None:
    answer = CliRunner().invoke(main, ["whatif", *_files(tmp_path, scenario)])
    assert answer.exit_code == 1
    assert "Traceback" not in answer.output


def test_visits_and_stays_are_told_apart() -> None:
    people = [
        Case("a", Insured(), [stay("s", "primary", 500), visit("v", "primary", 90)])
    ]
    population = from_cases(people)
    found = tally(population, settle_population(population, demo())).by("service")
    assert {key[0]: row["services"] for key, row in found.items()} == {
        "inpatient": 1, "ordinary": 1,
    }  # fmt: skip
