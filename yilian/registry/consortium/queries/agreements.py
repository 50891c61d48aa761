"""Agreements as pages show them: how they stand, who has signed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from django.db.models import Prefetch, QuerySet

from yilian.registry.consortium.models import Agreement, AgreementParty
from yilian.registry.consortium.queries.referral import REFERRAL
from yilian.registry.consortium.rules import (
    OPENS_LANE,
    AgreementKind,
    SignatureState,
    Standing,
    standing,
)


@dataclass(frozen=True, slots=True)
class PartyLine:
    institution_id: UUID
    name: str
    signed_on: date | None
    signed_by: str


@dataclass(frozen=True, slots=True)
class AgreementLine:
    id: UUID
    number: str
    title: str
    kind: AgreementKind
    state: SignatureState
    start: date
    end: date | None  # the first day on which it no longer holds
    ended_on: date | None
    end_reason: str
    standing: Standing
    days_left: int | None
    parties: Sequence[PartyLine]
    consortium_id: UUID | None
    consortium: str

    @property
    def last_day(self) -> date | None:
        """As people say it: the last day on which it still holds."""
        return self.end - timedelta(days=1) if self.end else None

    @property
    def opens_lane(self) -> bool:
        return self.standing in OPENS_LANE

    def is_unsigned_by(self, institution_id: UUID | None) -> bool:
        return any(
            party.institution_id == institution_id and party.signed_on is None
            for party in self.parties
        )


def agreements_of_consortium(consortium_id: UUID, day: date) -> list[AgreementLine]:
    rows = _agreements().filter(consortium=consortium_id)
    return [_agreement_line(row, day) for row in rows]


def agreements_of_institution(institution_id: UUID, day: date) -> list[AgreementLine]:
    rows = _agreements().filter(
        pk__in=AgreementParty.objects.filter(institution=institution_id).values(
            "agreement"
        )
    )
    return [_agreement_line(row, day) for row in rows]


def agreement_line(agreement: Agreement, day: date) -> AgreementLine:
    return _agreement_line(_agreements().get(pk=agreement.pk), day)


def _agreements() -> QuerySet[Agreement]:
    parties = AgreementParty.objects.select_related("institution").order_by(
        "institution__code"
    )
    rows = Agreement.objects.select_related("consortium")
    rows = rows.prefetch_related(Prefetch("parties", queryset=parties))
    return rows.order_by("-validity__endswith", "number")


def _agreement_line(row: Agreement, day: date) -> AgreementLine:
    start, end = row.validity.lower, row.validity.upper
    state = SignatureState(row.state)
    return AgreementLine(
        id=row.pk,
        number=row.number,
        title=row.title,
        kind=AgreementKind(row.kind),
        state=state,
        start=start,
        end=end,
        ended_on=row.ended_on,
        end_reason=row.end_reason,
        standing=standing(state, start, end, day),
        days_left=None if end is None else (end - day).days,
        parties=[
            PartyLine(
                party.institution_id,
                party.institution.short_name,
                party.signed_on,
                party.signed_by,
            )
            for party in row.parties.all()
        ],
        consortium_id=row.consortium_id,
        consortium=row.consortium.alias if row.consortium else "",
    )


def referral_lines(members: Sequence[UUID], day: date) -> dict[UUID, AgreementLine]:
    """By member: its referral agreement with another member, one in force before
    others. A village clinic agrees with its township, not with the head."""
    inside = set(members)
    rows = _agreements().filter(kind=REFERRAL, parties__institution__in=inside)
    found: dict[UUID, AgreementLine] = {}
    for row in rows.distinct():
        line = _agreement_line(row, day)
        here = [p.institution_id for p in line.parties if p.institution_id in inside]
        for party in here if len(here) > 1 else ():
            known = found.get(party)
            if known is None or (line.opens_lane and not known.opens_lane):
                found[party] = line
    return found
