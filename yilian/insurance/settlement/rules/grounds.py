"""Which parameters a settled service rests on, looked up when a step is told."""

from yilian.insurance.policy.rules.keys import ANY
from yilian.insurance.policy.rules.sets import Reference
from yilian.insurance.settlement.rules.case import (
    Kind,
    Place,
    Referral,
    Scheme,
    Service,
)
from yilian.insurance.settlement.rules.result import Link, Part
from yilian.insurance.settlement.rules.terms import INPATIENT, Counts, scope_of
from yilian.kernel.money import MILLION

References = tuple[Reference, ...]


class Grounds:
    def __init__(self, service: Service, part: Part) -> None:
        self.service = service
        self._part = part
        self._terms = part.terms

    def first_self_pay(self) -> References:
        return self._of(("first_self_pay_rate",))

    def deductible(self) -> References:
        keys = [self._grouped("inpatient.deductible", self.service.place)]
        if self._part.link is not Link.NONE:
            keys.append(("chain_gap_days",))
        if self._part.link is Link.NEW_YEAR:
            keys.append(("chain_resets_at_new_year",))
        if self._terms.repeat_factor != MILLION:
            keys.append(("repeat_factor",))
        return self._of(*keys)

    def visit_deductible(self) -> References:
        if self.service.scheme is Scheme.SPECIAL_DISEASE:
            return self._of(
                ("special_disease.annual_deductible", self._terms.insurance.value)
            )
        return self._of(self._grouped("outpatient.annual_deductible"))

    def ratio(self) -> References:
        if self.service.kind is Kind.INPATIENT:
            penalty = self._penalty() if self._is_penalised() else ()
            own = self._grouped("inpatient.ratio", self.service.place)
            return self._of(own, *penalty)
        return self._of(self._visit_ratio())

    def penalty_clause(self) -> str:
        return "NX-3.2-d" if self._mode() == "HALF_RATIO" else "RI-5"

    def ceiling(self) -> References:
        return self._of(self._grouped("inpatient.annual_ceiling"))

    def visit_limit(self) -> References:
        keys = [self._grouped("outpatient.visit_limit", self.service.place)]
        if self.service.months > 1:
            keys.append(("long_rx_limit_multiplier",))
        return self._of(*keys)

    def year_limit(self) -> References:
        disease = self.service.disease or ANY
        insurance = self._terms.insurance.value
        match self.service.scheme:
            case Scheme.ORDINARY:
                return self._of(self._grouped("outpatient.annual_limit"))
            case Scheme.TWO_DISEASE:
                return self._of(("two_disease.annual_limit", disease))
            case _:
                quota = ("special_disease.quota", insurance, disease)
                return (*self._of(quota), *self.counted("counts_to_ceiling"))

    def supplement(self) -> References:
        insurance = self._terms.insurance.value
        return self._of(
            ("supplement.ratio", insurance), ("supplement.annual_limit", insurance)
        )

    def self_pay(self) -> References:
        if self.service.kind is not Kind.INPATIENT:
            return ()
        return self._of(
            ("penalty_counts_to_serious",), ("over_ceiling_counts_to_serious",)
        )

    def serious(self) -> References:
        keys: list[tuple[str, ...]] = [
            ("serious.deductible", self._terms.insurance.value),
            ("serious.bands",),
        ]
        aid = self._terms.aid
        if aid and aid in self._terms.in_force.value("serious.favoured"):
            keys += [("serious.favoured_factor",), ("serious.favoured_points",)]
        return self._of(*keys)

    def assistance(self) -> References:
        aid = str(self._terms.aid)
        names = (
            "assistance.ratio",
            "assistance.deductible",
            "assistance.annual_ceiling",
        )
        return self._of(*((name, aid) for name in names))

    def counts(self) -> Counts:
        return self._terms.counts[self._scheme()]

    def counted(self, key: str) -> References:
        return self._of((key, self._scheme()))

    def _scheme(self) -> str:
        is_stay = self.service.kind is Kind.INPATIENT
        return INPATIENT if is_stay else self.service.scheme.value

    def _visit_ratio(self) -> tuple[str, ...]:
        match self.service.scheme:
            case Scheme.ORDINARY:
                return self._grouped("outpatient.ratio", self.service.place)
            case Scheme.TWO_DISEASE:
                return ("two_disease.ratio", self.service.place.value)
            case _:
                is_village = self.service.place is Place.VILLAGE
                place = Place.PRIMARY if is_village else self.service.place
                return self._grouped("inpatient.ratio", place)

    def _is_penalised(self) -> bool:
        return self._part.ratio != self._part.ratio_set

    def _scope(self) -> str:
        referral = self._part.referral or Referral.FIRST_CONTACT
        return scope_of(self.service.place, referral)

    def _mode(self) -> str:
        return str(self._terms.in_force.value("penalty_mode", self._scope()))

    def _penalty(self) -> tuple[tuple[str, ...], ...]:
        mode = ("penalty_mode", self._scope())
        if self._mode() == "HALF_RATIO":
            return (mode, ("penalty_factor",))
        return (mode, ("penalty_points", self._scope()))

    def _grouped(self, key: str, *below: str) -> tuple[str, ...]:
        """The path to the row of this person's group."""
        terms = self._terms
        group = terms.in_force.group_name(key, terms.insurance.value, terms.group)
        return (key, terms.insurance.value, group, *(str(name) for name in below))

    def _of(self, *paths: tuple[str, ...]) -> References:
        return tuple(self._terms.in_force.reference(*path) for path in paths)
