"""The referral agreements between institutions that are in force."""

from collections.abc import Iterable
from datetime import date
from typing import Final
from uuid import UUID

from yilian.registry.consortium.models import Agreement, AgreementParty
from yilian.registry.consortium.rules import AgreementKind

REFERRAL: Final = AgreementKind.REFERRAL.value
_SHORTEST_FIRST = ("validity__endswith", "pk")
_LONGEST_FIRST = ("-validity__endswith", "-pk")


def agreement_between(one_id: UUID, other_id: UUID, day: date) -> Agreement | None:
    """The referral agreement in force; with several, the one that lasts longest."""
    found = Agreement.objects.in_force(day).between(one_id, other_id)
    return found.filter(kind=REFERRAL).order_by(*_LONGEST_FIRST).first()


def agreements_for(
    from_id: UUID, to_ids: Iterable[UUID], day: date
) -> dict[UUID, Agreement]:
    """By the other party: those with whom a referral agreement is in force."""
    others = set(to_ids) - {from_id}
    signed = AgreementParty.objects.filter(
        agreement__in=Agreement.objects.in_force(day).filter(
            kind=REFERRAL, parties__institution=from_id
        ),
        institution__in=others,
    ).select_related("agreement")
    ordered = signed.order_by(*(f"agreement__{name}" for name in _SHORTEST_FIRST))
    return {party.institution_id: party.agreement for party in ordered}
