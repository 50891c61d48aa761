"""What a settlement gives back: every number of the way, in fen.

A `Part` is the whole working of one service in one year; the steps a clerk reads
are told from it on demand (`trace.py`), so nothing is computed twice and nothing
can differ from what was paid.
"""

from datetime import date
from enum import StrEnum
from typing import Final, NamedTuple

from yilian.insurance.settlement.rules.case import Referral, Service
from yilian.insurance.settlement.rules.terms import Terms
from yilian.kernel.money import Fen, Millionths
from yilian.kernel.text import _


class Link(StrEnum):
    """Whether a stay goes on with the deductible of an earlier one, and why not."""

    NONE = "none"
    JOINED = "joined"
    SELF_NON_COMPLIANT = "self_non_compliant"
    NOT_REFERRED = "not_referred"
    BEFORE_NON_COMPLIANT = "before_non_compliant"
    BEFORE_VOIDED = "before_voided"
    BEFORE_NOT_A_STAY = "before_not_a_stay"
    TOO_LATE = "too_late"
    NEW_YEAR = "new_year"


LINK_NAMES: Final = {
    Link.NONE: _("没有前次转诊住院，单独计算"),
    Link.JOINED: _("与前次住院连续计算"),
    Link.SELF_NON_COMPLIANT: _("本次未按规定转诊，不连续计算"),
    Link.NOT_REFERRED: _("本次为首诊，没有转诊，不连续计算"),
    Link.BEFORE_NON_COMPLIANT: _("前次未按规定转诊，不连续计算"),
    Link.BEFORE_VOIDED: _("前次结算已作废，不连续计算"),
    Link.BEFORE_NOT_A_STAY: _("前次不是住院，不连续计算"),
    Link.TOO_LATE: _("距前次出院超过规定天数，不连续计算"),
    Link.NEW_YEAR: _("已跨年，重新计算"),
}


class Charges(NamedTuple):
    """A bill by catalogue class, and what is in scope of it, 政策范围内费用."""

    total: Fen
    class_a: Fen
    class_b: Fen
    class_c: Fen
    first_self_pay: Fen
    over_limit: Fen
    in_scope: Fen


class Basis(NamedTuple):
    """From the bill to what the set ratio gives; the way to the fund's share."""

    year: int
    day: date  # whose parameters hold
    terms: Terms
    charges: Charges
    referral: Referral | None
    link: Link
    chain_target: Fen
    chain_absorbed: Fen  # by the chain's earlier stays
    deductible_due: Fen
    deductible_absorbed: Fen
    base: Fen
    ratio_set: Millionths
    ratio: Millionths
    calc_set: Fen
    calc: Fen
    visit_limit: Fen
    limit_left: Fen  # of the year's ceiling, limit or quota, before this service


class Part(NamedTuple):
    """A basis, field by field, and what each fund and the patient pay on it."""

    year: int
    day: date  # whose parameters hold
    terms: Terms
    charges: Charges
    referral: Referral | None
    link: Link
    chain_target: Fen
    chain_absorbed: Fen  # by the chain's earlier stays
    deductible_due: Fen
    deductible_absorbed: Fen
    base: Fen
    ratio_set: Millionths
    ratio: Millionths
    calc_set: Fen
    calc: Fen
    visit_limit: Fen
    limit_left: Fen  # of the year's ceiling, limit or quota, before this service
    basic_pay: Fen
    cut_before: Fen  # what the ceiling has cut off this year
    supplement_pay: Fen
    compliant_self_pay: Fen
    counted_before: Fen  # this year's compliant self-pay so far
    serious_pay: Fen
    left_before: Fen  # of it, left after serious-illness insurance
    assistance_pay: Fen
    patient_pay: Fen
    account_pay: Fen


AMOUNTS: Final = (
    "deductible_due",
    "deductible_absorbed",
    "basic_pay",
    "supplement_pay",
    "compliant_self_pay",
    "serious_pay",
    "assistance_pay",
    "patient_pay",
    "account_pay",
)


class Settled:
    """One service; a stay over New Year may have a part in either year."""

    __slots__ = ("parts", "service")

    def __init__(self, service: Service, parts: tuple[Part, ...]) -> None:
        self.service = service
        self.parts = parts

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Settled)
            and self.service == other.service
            and self.parts == other.parts
        )

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Settled({self.service.id}, {self.amounts()})"

    @property
    def total_amount(self) -> Fen:
        return sum(part.charges.total for part in self.parts)

    @property
    def in_scope_amount(self) -> Fen:
        return sum(part.charges.in_scope for part in self.parts)

    @property
    def fund_pay(self) -> Fen:
        """All that is not the patient's."""
        return self.total_amount - self.amount("patient_pay")

    @property
    def ratio(self) -> Millionths:
        return self.parts[-1].ratio if self.parts else 0

    def amount(self, name: str) -> Fen:
        return sum(getattr(part, name) for part in self.parts)

    def amounts(self) -> dict[str, Fen]:
        """Every amount of the service, both parts together."""
        return {
            "total_amount": self.total_amount,
            "in_scope_amount": self.in_scope_amount,
            **{name: self.amount(name) for name in AMOUNTS},
        }


class CaseResult(NamedTuple):
    """In the order of the case's services, not that of settling."""

    case_id: str
    services: tuple[Settled, ...]
