"""What is tried: other parameters, and how people answer to them, 试算情景.

Only the parameters are known to the rules. That people send themselves less often
when it costs more is an assumption, so it is stated as one number.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

import numpy as np

from yilian.insurance.policy.rules.overrides import overridden
from yilian.insurance.policy.rules.sets import ParameterSet
from yilian.insurance.settlement.rules.case import Place, Referral
from yilian.insurance.whatif.engine.population import (
    INPATIENT,
    NONE,
    PLACES,
    REFERRALS,
    Codes,
    Flags,
    Ints,
    Population,
)
from yilian.insurance.whatif.engine.tables import Tables, tables_of
from yilian.kernel.errors import Invalid
from yilian.kernel.text import _

_WITH: Final = REFERRALS.index(Referral.COMPLIANT_UP)
_WITHOUT: Final = REFERRALS.index(Referral.NON_COMPLIANT)
_PLACES: Final = (Place.SECONDARY, Place.TERTIARY)
MOST_ELASTIC: Final = 5


class ScenarioWrong(Invalid):
    code = "scenario-wrong"


@dataclass(frozen=True, slots=True)
class Scenario:
    """`elasticity`: by how many per cent the share of stays without a referral falls
    when what the lack of one costs the patient rises by one per cent.
    """

    name: str
    overrides: Mapping[str, Any] = field(default_factory=dict)
    elasticity: Decimal = Decimal(0)

    def __post_init__(self) -> None:
        if not 0 <= self.elasticity <= MOST_ELASTIC:
            raise ScenarioWrong(
                _("弹性系数应在 0 到 {most} 之间：{value}"),
                most=MOST_ELASTIC,
                value=self.elasticity,
            )

    def parameters(self, today: ParameterSet) -> ParameterSet:
        return overridden(today, self.overrides)


@dataclass(frozen=True, slots=True)
class Answer:
    """How the stays of one tier answer; shares of stays without a referral."""

    place: Place
    share_before: float
    penalty_before: float  # in fen of the mean stay
    penalty_after: float
    share_after: float


def behaving(
    population: Population,
    scenario: Scenario,
    today: ParameterSet,
    bills: Ints,
    *,
    seed: int = 1,
) -> tuple[Population, list[Answer]]:
    """The population as it would come to hospital under the scenario.

    `bills` is the in-scope amount by service. Which stays change is drawn, the same
    for the same seed; a stay that loses its referral leaves its chain.
    """
    if not scenario.elasticity:
        return population, []
    tables = [
        tables_of(population, each) for each in (today, scenario.parameters(today))
    ]
    referral, follows = population.referral.copy(), population.follows.copy()
    dice = np.random.default_rng(seed)
    answers = []
    for place in _PLACES:
        chosen = _could_choose(population, place)
        if not chosen.any():
            continue
        before, after = (
            _penalty(population, each, chosen, bills, place) for each in tables
        )
        share = float((population.referral[chosen] == _WITHOUT).mean())
        moved = _moved(share, before, after, scenario)
        answer = Answer(place, share, before, after, moved)
        answers.append(answer)
        _move(referral, chosen, answer, dice)
    follows[referral == _WITHOUT] = NONE
    return population.with_referrals(referral, follows), answers


def _could_choose(population: Population, place: Place) -> Flags:
    """Stays that came with a referral up, or without one where one was needed."""
    return np.asarray(
        (population.kind == INPATIENT)
        & (population.place == PLACES.index(place))
        & np.isin(population.referral, (_WITH, _WITHOUT))
    )


def _moved(share: float, before: float, after: float, scenario: Scenario) -> float:
    """Without a penalty before or after there is nothing to answer to."""
    if min(before, after) <= 0:
        return share
    growth = after / before
    return float(min(share * growth ** -float(scenario.elasticity), 1.0))


def _penalty(
    population: Population, tables: Tables, chosen: Flags, bills: Ints, place: Place
) -> float:
    """What the lack of a referral costs on the mean stay, before ceilings."""
    at = PLACES.index(place)
    who = population.persons.who[population.person[chosen]]
    terms = tables.row(who, population.discharged[chosen])
    lost = tables.ratio_set[terms, at] - tables.ratio[terms, at, _WITHOUT]
    return float((bills[chosen] * (lost / 1_000_000)).mean())


def _move(
    referral: Codes, chosen: Flags, answer: Answer, dice: np.random.Generator
) -> None:
    """Draws so many stays as bring the share to where it goes."""
    stays = np.flatnonzero(chosen)
    wanted = round(answer.share_after * len(stays))
    without = stays[referral[stays] == _WITHOUT]
    change = wanted - len(without)
    source = stays[referral[stays] == _WITH] if change > 0 else without
    moved = dice.choice(source, size=min(abs(change), len(source)), replace=False)
    referral[moved] = _WITHOUT if change > 0 else _WITH
