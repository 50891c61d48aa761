"""The deductible counted on over a chain of referrals, 连续计算起付线 (NX-3.2-c)."""

from typing import NamedTuple

from yilian.insurance.settlement.rules.case import PENALISED, Referral, Service
from yilian.insurance.settlement.rules.result import Link
from yilian.insurance.settlement.rules.terms import Terms
from yilian.kernel.money import MILLION, Fen, Millionths


class Chain:
    """What the stays of a chain owe together, and have borne so far."""

    __slots__ = ("absorbed", "factor", "is_shared", "target", "year")

    def __init__(self, year: int, factor: Millionths, *, is_shared: bool) -> None:
        self.year = year
        self.is_shared = is_shared  # a penalised stay feeds no other
        self.factor = factor  # of a repeat admission, the same for the whole chain
        self.target: Fen = 0
        self.absorbed: Fen = 0


class Before(NamedTuple):
    """The stay a referral came from; a voided one and a visit have no chain."""

    service: Service
    chain: Chain | None


def link_of(
    service: Service, referral: Referral, before: Before | None, terms: Terms
) -> Link:
    """Why a stay does, or does not, go on with the deductible of the one before."""
    if before is None:
        return Link.NONE
    if referral in PENALISED:
        return Link.SELF_NON_COMPLIANT
    if referral is Referral.FIRST_CONTACT:
        return Link.NOT_REFERRED
    return _link_with(service, before, terms)


def _link_with(service: Service, before: Before, terms: Terms) -> Link:
    if before.service.is_voided:
        return Link.BEFORE_VOIDED
    if before.chain is None:
        return Link.BEFORE_NOT_A_STAY
    if not before.chain.is_shared:
        return Link.BEFORE_NON_COMPLIANT
    gap = service.admitted_on - before.service.discharged_on
    if gap.days > terms.chain_gap_days:
        return Link.TOO_LATE
    if terms.chain_resets and before.chain.year != service.discharged_on.year:
        return Link.NEW_YEAR
    return Link.JOINED


def owe(chain: Chain, deductible: Fen, terms: Terms) -> tuple[Fen, Fen, Fen]:
    """The target with this stay, what the chain has borne, what is due now.

    The target is the highest deductible of the chain so far, or that of this stay
    alone. They differ when a stay higher up was too cheap to use up its own and the
    patient then comes down: only the second never makes complying dearer.
    """
    own = (deductible * chain.factor + 500_000) // MILLION
    target = own if terms.chain_target_is_own else max(chain.target, own)
    chain.target = target
    return target, chain.absorbed, max(target - chain.absorbed, 0)
