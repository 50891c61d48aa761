"""The same rules written for OpenFisca, side by side with ours on arrays.

    python3 -m venv /tmp/fisca && /tmp/fisca/bin/pip install openfisca-core numpy
    /tmp/fisca/bin/python -m bench.insurance.beside_openfisca [--persons 500000]

OpenFisca gives a person one value for each period. It has no services that follow
one another within a year, so chains, running ceilings, visit limits and the order of
bills cannot be said in it. What can be said is one stay a year: deductible, ratio,
penalty, ceiling, serious illness and assistance. That is what is compared; both get
the in-scope amount ready made. It is installed apart: nothing of ours needs it.
"""

import argparse
import sys
import time
from collections.abc import Callable
from datetime import date
from importlib.metadata import version

import numpy as np
from openfisca_core.entities import build_entity
from openfisca_core.indexed_enums import Enum
from openfisca_core.parameters import ParameterNode
from openfisca_core.periods import DateUnit
from openfisca_core.simulations import SimulationBuilder
from openfisca_core.taxbenefitsystems import TaxBenefitSystem
from openfisca_core.variables import Variable

from bench.insurance.machine import facts
from yilian.insurance.policy.rules.files import shipped_set
from yilian.insurance.settlement.rules.case import Aid, Insurance, Place, Referral
from yilian.insurance.whatif.engine.population import (
    INPATIENT,
    NO_DAY,
    NONE,
    ORDINARY,
    PLACES,
    REFERRALS,
    USED,
    Lines,
    Persons,
    Population,
    Who,
    day_number,
)
from yilian.insurance.whatif.engine.settle import settle_population

YEAR = "2018"
FROM = "2018-01-01"
HALF_UP = 0.5
Person = build_entity(key="person", plural="persons", label="", is_person=True)


class Tier(Enum):
    primary = "primary"
    secondary = "secondary"
    tertiary = "tertiary"


def _yearly(variable):
    """OpenFisca reads these from the class itself. Its money is a 32-bit float."""
    variable.entity, variable.definition_period = Person, DateUnit.YEAR
    if "value_type" not in vars(variable):
        variable.value_type = float
    return variable


@_yearly
class tier(Variable):  # noqa: N801
    value_type = Enum
    possible_values = Tier
    default_value = Tier.primary


@_yearly
class without_referral(Variable):  # noqa: N801
    value_type = bool


@_yearly
class is_dibao(Variable):  # noqa: N801
    value_type = bool


@_yearly
class in_scope(Variable):  # noqa: N801
    pass


@_yearly
class base(Variable):  # noqa: N801
    def formula(person, period, parameters):  # noqa: N805
        deductible = parameters(period).deductible[person("tier", period)]
        scope = person("in_scope", period)
        return scope - np.minimum(deductible, scope)


@_yearly
class calc_set(Variable):  # noqa: N801
    def formula(person, period, parameters):  # noqa: N805
        ratio = parameters(period).ratio[person("tier", period)]
        return _fen(person("base", period) * ratio)


@_yearly
class calc(Variable):  # noqa: N801
    def formula(person, period, parameters):  # noqa: N805
        rules = parameters(period)
        ratio = rules.ratio[person("tier", period)]
        factor = np.where(person("without_referral", period), rules.penalty_factor, 1)
        return _fen(person("base", period) * ratio * factor)


@_yearly
class basic_pay(Variable):  # noqa: N801
    def formula(person, period, parameters):  # noqa: N805
        return np.minimum(person("calc", period), parameters(period).ceiling)


@_yearly
class compliant_self_pay(Variable):  # noqa: N801
    def formula(person, period, parameters):  # noqa: N805
        covered = np.minimum(person("calc_set", period), parameters(period).ceiling)
        return person("in_scope", period) - covered


@_yearly
class serious_pay(Variable):  # noqa: N801
    def formula(person, period, parameters):  # noqa: N805
        rules = parameters(period)
        poor = person("is_dibao", period)
        start = np.where(poor, rules.serious / 2, rules.serious)
        above = np.maximum(person("compliant_self_pay", period) - start, 0)
        points = np.where(poor, 0.05, 0)
        first = np.minimum(above, 50_000) * (0.60 + points)
        second = np.clip(above - 50_000, 0, 50_000) * (0.65 + points)
        return _fen(first + second + np.maximum(above - 100_000, 0) * (0.70 + points))


@_yearly
class assistance_pay(Variable):  # noqa: N801
    def formula(person, period, parameters):  # noqa: N805
        left = person("compliant_self_pay", period) - person("serious_pay", period)
        aid = np.minimum(_fen(left * 0.70), parameters(period).assistance_ceiling)
        return np.where(person("is_dibao", period), aid, 0)


@_yearly
class patient_pay(Variable):  # noqa: N801
    def formula(person, period):  # noqa: N805
        funds = person("basic_pay", period) + person("serious_pay", period)
        funds += person("assistance_pay", period)
        return person("in_scope", period) - funds


VARIABLES = (tier, without_referral, is_dibao, in_scope, base, calc_set, calc,
             basic_pay, compliant_self_pay, serious_pay, assistance_pay,
             patient_pay)  # fmt: skip


def _fen(amount):
    return np.floor(amount * 100 + HALF_UP) / 100


def _since(value: float) -> dict:
    return {"values": {FROM: {"value": value}}}


def _system() -> TaxBenefitSystem:
    system = TaxBenefitSystem([Person])
    system.add_variables(*VARIABLES)
    tiers = ("primary", "secondary", "tertiary")
    system.parameters = ParameterNode(data={
        "deductible": dict(zip(tiers, map(_since, (200, 500, 1000)), strict=True)),
        "ratio": dict(zip(tiers, map(_since, (0.85, 0.75, 0.60)), strict=True)),
        "penalty_factor": _since(0.5), "ceiling": _since(120_000),
        "serious": _since(10_000), "assistance_ceiling": _since(50_000),
    })  # fmt: skip
    return system


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--persons", type=int, default=500_000)
    options.add_argument("--rounds", type=int, default=3)
    asked = options.parse_args()
    print(facts() + f", OpenFisca {version('openfisca-core')}")
    dice = np.random.default_rng(1)
    count = asked.persons
    at = dice.integers(0, len(Tier), count)
    without = dice.random(count) < 0.25
    poor = dice.random(count) < 0.1
    fen = (dice.lognormal(9.2, 0.9, count) * 100).astype(np.int64)

    system, parameters = _system(), shipped_set("NX-DEMO-2018")
    population = _population(at, without, poor, fen)

    def theirs():
        simulation = SimulationBuilder().build_default_simulation(system, count)
        simulation.set_input("tier", YEAR, np.array([t.name for t in Tier])[at])
        simulation.set_input("without_referral", YEAR, without)
        simulation.set_input("is_dibao", YEAR, poor)
        simulation.set_input("in_scope", YEAR, fen / 100)
        return simulation.calculate("patient_pay", YEAR)

    def ours():
        return settle_population(population, parameters)

    found = {"OpenFisca": _rate(theirs, asked), "ours": _rate(ours, asked)}
    for name, rate in found.items():
        print(f"{name:10} {rate:>12,.0f} stays a second on one core")
    print(f"ours / OpenFisca: {found['ours'] / found['OpenFisca']:.2f}")
    out = ours()
    by_person = np.empty(count, np.int64)
    by_person[out.service] = out.patient_pay
    differ = np.rint(theirs().astype(np.float64) * 100).astype(np.int64) != by_person
    worst = np.abs(theirs().astype(np.float64) * 100 - by_person).max() / 100
    share = f"{differ.mean():.1%}"
    print(f"OpenFisca's amount is another in {share} of stays (32-bit floats),")
    print(f"  at most by {worst:.2f} yuan")
    return 0 if found["ours"] > found["OpenFisca"] else 1


def _rate(work: Callable[[], object], asked: argparse.Namespace) -> float:
    seconds = []
    for _ in range(asked.rounds):
        begun = time.process_time()
        work()
        seconds.append(time.process_time() - begun)
    return asked.persons / min(seconds)


def _population(at, without, poor, fen) -> Population:
    count = len(at)
    ways = [REFERRALS.index(r) for r in (Referral.COMPLIANT_UP, Referral.NON_COMPLIANT)]
    day = np.full(count, day_number(date(2018, 6, 1)), np.int32)
    places = [PLACES.index(p) for p in (Place.PRIMARY, Place.SECONDARY, Place.TERTIARY)]
    return Population(
        persons=Persons(
            (Who(Insurance.RESIDENT, "any", None),
             Who(Insurance.RESIDENT, "any", Aid.DIBAO)),
            poor.astype(np.int8), np.full(count, NO_DAY, np.int32),
            np.zeros(count, np.int64), np.zeros((count, len(USED)), np.int64),
            np.zeros(count, np.int32),
        ),
        person=np.arange(count, dtype=np.int32),
        kind=np.full(count, INPATIENT, np.int8),
        scheme=np.full(count, ORDINARY, np.int8),
        place=np.array(places, np.int8)[at],
        referral=np.where(without, ways[1], ways[0]).astype(np.int8),
        admitted=day, discharged=day + 7,
        follows=np.full(count, NONE, np.int32),
        voided=np.zeros(count, np.bool_),
        months=np.ones(count, np.int8),
        disease=np.full(count, NONE, np.int8), diseases=(),
        first_line=np.arange(count + 1, dtype=np.int64),
        lines=Lines(
            np.zeros(count, np.int8), fen, np.zeros(count, np.int64),
            np.full(count, NONE, np.int32), np.full(count, NO_DAY, np.int32),
        ),
    )  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
