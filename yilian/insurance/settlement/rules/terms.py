"""The parameters of one kind of person on one day, ready for counting.

Compiled once for each stretch between two changes of the set; in fen and
millionths. Where each number comes from is asked of `in_force` when a step is told.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final, NamedTuple

from yilian.insurance.policy.rules.keys import AID_KINDS, ANY
from yilian.insurance.policy.rules.sets import InForce, ParameterSet
from yilian.insurance.settlement.rules.case import (
    PENALISED,
    REMOTE,
    Aid,
    Insurance,
    Insured,
    Place,
    Referral,
    Scheme,
)
from yilian.kernel.money import MILLION, Fen, Millionths, share, to_fen, to_millionths

NO_LIMIT: Final[Fen] = 2**62
INPATIENT: Final = "inpatient"


class StayTerms(NamedTuple):
    """For one place and one way of coming."""

    deductible: Fen
    ratio_set: Millionths  # 规定比例
    ratio: Millionths  # after the penalty, if any
    is_penalised: bool


class VisitTerms(NamedTuple):
    ratio: Millionths
    visit_limit: Fen


class Counts(NamedTuple):
    """What a scheme's payments and self-pay enter."""

    to_ceiling: bool
    to_serious: bool
    to_assistance: bool


@dataclass(frozen=True, slots=True)
class SeriousTerms:
    deductible: Fen
    bands: tuple[tuple[Fen, Millionths], ...]
    ceiling: Fen


@dataclass(frozen=True, slots=True)
class AidTerms:
    deductible: Fen
    ratio: Millionths
    ceiling: Fen


@dataclass(frozen=True, slots=True, eq=False)
class Terms:
    in_force: InForce
    insurance: Insurance
    group: str
    aid: Aid | None
    stays: Mapping[Place, Mapping[Referral, StayTerms]]
    ceiling: Fen
    supplement_ratio: Millionths
    supplement_limit: Fen
    first_self_pay_rate: Millionths
    repeat_factor: Millionths
    chain_gap_days: int
    chain_target_is_own: bool
    chain_resets: bool
    splits_years: bool
    penalty_counts: bool
    over_ceiling_counts: bool
    no_referral_is_non_compliant: bool
    exempt_from: int | None  # an age, or None: age exempts nobody
    exempt_to: int | None
    visits: Mapping[Place, VisitTerms]
    visit_annual_limit: Fen
    visit_deductible: Fen
    long_rx_multiplies: bool
    long_rx_max_months: int
    two_disease: Mapping[Place, Millionths]
    two_disease_limits: Mapping[str, Fen]
    quotas: Mapping[str, Fen]
    special_deductible: Fen
    counts: Mapping[str, Counts]
    serious: SeriousTerms
    assistance: AidTerms


def left_of(limit: Fen, used: Fen) -> Fen:
    """What is left of a limit; no limit stays none."""
    return limit if limit >= NO_LIMIT else max(limit - used, 0)


def group_of(insured: Insured) -> str:
    """Which row of a table a person finds: the grade, or active and retired."""
    if insured.insurance is Insurance.EMPLOYEE:
        return "retired" if insured.is_retired else "active"
    return insured.grade or ANY


class TermsOf:
    """Terms by day for one person; compiled once for all persons alike."""

    __slots__ = ("_key", "_parameters")

    def __init__(self, parameters: ParameterSet, insured: Insured) -> None:
        self._parameters = parameters
        self._key = (insured.insurance, group_of(insured), insured.aid)

    def on(self, day: date) -> Terms:
        in_force = self._parameters.on(day)
        found: Terms | None = in_force.compiled.get(self._key)
        if found is None:
            found = in_force.compiled[self._key] = compile_terms(in_force, *self._key)
        return found


def compile_terms(
    in_force: InForce, insurance: Insurance, group: str, aid: Aid | None
) -> Terms:
    value = in_force.value

    def of_group(key: str) -> Any:
        return in_force.of_group(key, insurance, group)

    ages = "age" in value("exemptions")
    return Terms(
        in_force=in_force,
        insurance=insurance,
        group=group,
        aid=aid,
        stays=_stays(in_force, insurance, group),
        ceiling=_limit(of_group("inpatient.annual_ceiling")),
        supplement_ratio=to_millionths(value("supplement.ratio", insurance)),
        supplement_limit=_limit(value("supplement.annual_limit", insurance)),
        first_self_pay_rate=to_millionths(value("first_self_pay_rate")),
        repeat_factor=to_millionths(value("repeat_factor")),
        chain_gap_days=value("chain_gap_days"),
        chain_target_is_own=value("chain_target") == "OWN_TIER",
        chain_resets=value("chain_resets_at_new_year"),
        splits_years=value("cross_year_mode") == "SPLIT",
        penalty_counts=value("penalty_counts_to_serious"),
        over_ceiling_counts=value("over_ceiling_counts_to_serious"),
        no_referral_is_non_compliant=value("no_referral_counts_as_non_compliant"),
        exempt_from=value("exempt_age_from") if ages else None,
        exempt_to=value("exempt_age_to") if ages else None,
        visits=_visits(
            of_group("outpatient.ratio"), of_group("outpatient.visit_limit")
        ),
        visit_annual_limit=_limit(of_group("outpatient.annual_limit")),
        visit_deductible=to_fen(of_group("outpatient.annual_deductible")),
        long_rx_multiplies=value("long_rx_limit_multiplier"),
        long_rx_max_months=value("long_rx_max_months"),
        two_disease={
            Place(place): to_millionths(ratio)
            for place, ratio in value("two_disease.ratio").items()
        },
        two_disease_limits=_limits(value("two_disease.annual_limit")),
        quotas=_limits(value("special_disease.quota", insurance)),
        special_deductible=to_fen(
            value("special_disease.annual_deductible", insurance)
        ),
        counts={name: _counts(in_force, name) for name in (INPATIENT, *Scheme)},
        serious=_serious(in_force, insurance, aid),
        assistance=_assistance(in_force, aid),
    )


def _stays(
    in_force: InForce, insurance: Insurance, group: str
) -> dict[Place, dict[Referral, StayTerms]]:
    deductibles = in_force.of_group("inpatient.deductible", insurance, group)
    ratios = in_force.of_group("inpatient.ratio", insurance, group)
    return {
        Place(place): {
            referral: _stay(in_force, Place(place), referral, deductible, ratios[place])
            for referral in Referral
        }
        for place, deductible in deductibles.items()
    }


def _stay(
    in_force: InForce,
    place: Place,
    referral: Referral,
    deductible: Decimal,
    ratio: Decimal,
) -> StayTerms:
    penalised = referral in PENALISED
    scope = scope_of(place, referral)
    return StayTerms(
        deductible=to_fen(deductible),
        ratio_set=to_millionths(ratio),
        ratio=to_millionths(_after(in_force, scope, ratio) if penalised else ratio),
        is_penalised=penalised,
    )


def scope_of(place: Place, referral: Referral) -> str:
    """Whether the rule for within the region or for outside applies."""
    is_outside = place is Place.OUTSIDE or referral in REMOTE
    return "outside" if is_outside else "inside"


def _after(in_force: InForce, scope: str, ratio: Decimal) -> Decimal:
    if in_force.value("penalty_mode", scope) == "HALF_RATIO":
        factor: Decimal = in_force.value("penalty_factor")
        return ratio * factor
    points: Decimal = in_force.value("penalty_points", scope)
    return max(ratio - points, Decimal(0))


def _visits(
    ratios: Mapping[str, Decimal], limits: Mapping[str, Decimal | None]
) -> dict[Place, VisitTerms]:
    return {
        Place(place): VisitTerms(to_millionths(ratio), _limit(limits[place]))
        for place, ratio in ratios.items()
    }


def _counts(in_force: InForce, scheme: str) -> Counts:
    return Counts(
        *(
            in_force.value(key, str(scheme))
            for key in (
                "counts_to_ceiling",
                "counts_to_serious",
                "counts_to_assistance",
            )
        )
    )


def _serious(in_force: InForce, insurance: Insurance, aid: Aid | None) -> SeriousTerms:
    deductible = to_fen(in_force.value("serious.deductible", insurance))
    points = Decimal(0)
    if aid is not None and aid in in_force.value("serious.favoured"):
        factor = to_millionths(in_force.value("serious.favoured_factor"))
        deductible = share(deductible, factor)
        points = in_force.value("serious.favoured_points")
    bands = tuple(
        (to_fen(band.start), min(to_millionths(band.ratio + points), MILLION))
        for band in in_force.value("serious.bands")
    )
    return SeriousTerms(
        deductible, bands, _limit(in_force.value("serious.annual_ceiling"))
    )


def _assistance(in_force: InForce, aid: Aid | None) -> AidTerms:
    if aid is None or aid not in AID_KINDS:
        return AidTerms(0, 0, 0)
    return AidTerms(
        to_fen(in_force.value("assistance.deductible", aid)),
        to_millionths(in_force.value("assistance.ratio", aid)),
        _limit(in_force.value("assistance.annual_ceiling", aid)),
    )


def _limit(amount: Decimal | None) -> Fen:
    return NO_LIMIT if amount is None else to_fen(amount)


def _limits(table: Mapping[str, Decimal | None]) -> dict[str, Fen]:
    return {name: _limit(amount) for name, amount in table.items()}
