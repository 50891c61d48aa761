"""Which parameters a settled service rests on, looked up when a step is told."""

from dataclasses import dataclass
from functools import cached_property

from yilian.insurance.policy.rules.keys import ANY
from yilian.insurance.policy.rules.sets import Reference
from yilian.insurance.settlement.rules.case import (
    PENALISED,
    Kind,
    Place,
    Referral,
    Scheme,
    Service,
)
from yilian.insurance.settlement.rules.result import Link, Part
from yilian.insurance.settlement.rules.terms import INPATIENT, Counts, Terms, scope_of
from yilian.kernel.money import MILLION

References = tuple[Reference, ...]


@dataclass(frozen=True)
class Grounds:
    """For all services alike in what chooses their parameters."""

    terms: Terms
    kind: Kind
    scheme: Scheme
    place: Place
    referral: Referral
    link: Link
    is_long: bool
    disease: str

    @cached_property
    def first_self_pay(self) -> References:
        return self._of(("first_self_pay_rate",))

    @cached_property
    def deductible(self) -> References:
        keys = [self._grouped("inpatient.deductible", self.place)]
        if self.link is not Link.NONE:
            keys += [("chain_gap_days",), ("chain_target",)]
        if self.link is Link.NEW_YEAR:
            keys.append(("chain_resets_at_new_year",))
        if self.terms.repeat_factor != MILLION:
            keys.append(("repeat_factor",))
        return self._of(*keys)

    @cached_property
    def visit_deductible(self) -> References:
        if self.scheme is Scheme.SPECIAL_DISEASE:
            return self._of(
                ("special_disease.annual_deductible", self.terms.insurance.value)
            )
        return self._of(self._grouped("outpatient.annual_deductible"))

    @cached_property
    def ratio(self) -> References:
        if self.kind is Kind.INPATIENT:
            penalty = self._penalty() if self.referral in PENALISED else ()
            own = self._grouped("inpatient.ratio", self.place)
            return self._of(own, *penalty)
        return self._of(self._visit_ratio())

    @cached_property
    def penalty_clause(self) -> str:
        return "NX-3.2-d" if self._mode() == "HALF_RATIO" else "RI-5"

    @cached_property
    def ceiling(self) -> References:
        return self._of(self._grouped("inpatient.annual_ceiling"))

    @cached_property
    def visit_limit(self) -> References:
        keys = [self._grouped("outpatient.visit_limit", self.place)]
        if self.is_long:
            keys.append(("long_rx_limit_multiplier",))
        return self._of(*keys)

    @cached_property
    def year_limit(self) -> References:
        disease = self.disease
        insurance = self.terms.insurance.value
        match self.scheme:
            case Scheme.ORDINARY:
                return self._of(self._grouped("outpatient.annual_limit"))
            case Scheme.TWO_DISEASE:
                return self._of(("two_disease.annual_limit", disease))
            case _:
                quota = ("special_disease.quota", insurance, disease)
                return (
                    *self._of(quota),
                    *self._of(("counts_to_ceiling", self._scheme())),
                )

    @cached_property
    def supplement(self) -> References:
        insurance = self.terms.insurance.value
        return self._of(
            ("supplement.ratio", insurance), ("supplement.annual_limit", insurance)
        )

    @cached_property
    def self_pay(self) -> References:
        if self.kind is not Kind.INPATIENT:
            return ()
        return self._of(
            ("penalty_counts_to_serious",), ("over_ceiling_counts_to_serious",)
        )

    @cached_property
    def serious(self) -> References:
        keys: list[tuple[str, ...]] = [
            ("serious.deductible", self.terms.insurance.value),
            ("serious.bands",),
        ]
        aid = self.terms.aid
        if aid and aid in self.terms.in_force.value("serious.favoured"):
            keys += [("serious.favoured_factor",), ("serious.favoured_points",)]
        return self._of(*keys)

    @cached_property
    def assistance(self) -> References:
        aid = str(self.terms.aid)
        names = (
            "assistance.ratio",
            "assistance.deductible",
            "assistance.annual_ceiling",
        )
        return self._of(*((name, aid) for name in names))

    @cached_property
    def counts(self) -> Counts:
        return self.terms.counts[self._scheme()]

    @cached_property
    def not_counted(self) -> References:
        return self._of(("counts_to_serious", self._scheme()))

    def _scheme(self) -> str:
        is_stay = self.kind is Kind.INPATIENT
        return INPATIENT if is_stay else self.scheme.value

    def _visit_ratio(self) -> tuple[str, ...]:
        match self.scheme:
            case Scheme.ORDINARY:
                return self._grouped("outpatient.ratio", self.place)
            case Scheme.TWO_DISEASE:
                return ("two_disease.ratio", self.place.value)
            case _:
                is_village = self.place is Place.VILLAGE
                place = Place.PRIMARY if is_village else self.place
                return self._grouped("inpatient.ratio", place)

    def _scope(self) -> str:
        return scope_of(self.place, self.referral)

    def _mode(self) -> str:
        return str(self.terms.in_force.value("penalty_mode", self._scope()))

    def _penalty(self) -> tuple[tuple[str, ...], ...]:
        mode = ("penalty_mode", self._scope())
        if self._mode() == "HALF_RATIO":
            return (mode, ("penalty_factor",))
        return (mode, ("penalty_points", self._scope()))

    def _grouped(self, key: str, *below: str) -> tuple[str, ...]:
        """The path to the row of this person's group."""
        terms = self.terms
        group = terms.in_force.group_name(key, terms.insurance.value, terms.group)
        return (key, terms.insurance.value, group, *(str(name) for name in below))

    def _of(self, *paths: tuple[str, ...]) -> References:
        return tuple(self.terms.in_force.reference(*path) for path in paths)


def grounds_of(service: Service, part: Part) -> Grounds:
    terms = part.terms
    referral = part.referral or Referral.FIRST_CONTACT
    disease = service.disease or ANY
    facts = (
        service.kind, service.scheme, service.place, referral, part.link,
        service.months > 1, disease,
    )  # fmt: skip
    key = (terms.insurance, terms.group, terms.aid, facts)
    kept = terms.in_force.compiled
    found: Grounds | None = kept.get(key)
    if found is None:
        found = kept[key] = Grounds(terms, *facts)
    return found
