"""What stands on a printed form beside the hop itself: houses in full, who signs."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from uuid import UUID

from yilian.care.referral.models import FollowUp, Referral
from yilian.care.referral.queries import desk
from yilian.care.referral.queries.attachments import titles_of
from yilian.care.referral.queries.desk import HopLine, Tab
from yilian.care.referral.queries.facts import limits_on
from yilian.care.referral.rules.attachments import Part
from yilian.foundation.access.actor import Actor
from yilian.foundation.access.scope import find
from yilian.registry.directory.models import Institution, PractitionerRole

MOST_PRINTED: Final = 300


@dataclass(frozen=True, slots=True)
class House:
    """One side on paper: the name as it stands on the stamp."""

    name: str
    department: str
    doctor: str
    phone: str


@dataclass(frozen=True, slots=True)
class OnPaper:
    sender: House
    receiver: House
    contents: Mapping[str, str]
    care_kind: str
    submitted_at: datetime | None
    arrived_at: datetime | None
    attached: Sequence[tuple[str, str]]
    attached_back: Sequence[tuple[str, str]]
    first_follow_up: tuple[int, int]  # days after arrival, from and to
    not_arrived_days: int


def on_paper(row: Referral, now: datetime) -> OnPaper:
    """`row` has passed the question whether its content may be read."""
    limits = limits_on(now)
    return OnPaper(
        sender=_sender(row),
        receiver=_receiver(row),
        contents=row.content,
        care_kind=row.care_kind,
        submitted_at=row.submitted_at,
        arrived_at=row.arrived_at,
        attached=titles_of(row, Part.HANDOVER),
        attached_back=titles_of(row, Part.FEEDBACK),
        first_follow_up=(limits.first_follow_up_days, limits.last_follow_up_days),
        not_arrived_days=limits.not_arrived_days,
    )


@dataclass(frozen=True, slots=True)
class FollowUpSheet:
    id: UUID
    kind: str
    due_on: date
    done_at: datetime | None
    outcome: str
    house: House


def follow_up_sheet(actor: Actor, follow_up_id: UUID) -> tuple[FollowUpSheet, Referral]:
    """Of this institution's own follow-ups."""
    rows = FollowUp.objects.filter(institution=actor.institution_id)
    row = find(rows.select_related("institution"), follow_up_id)
    sheet = FollowUpSheet(
        row.id, row.kind, row.due_on, row.done_at, row.outcome,
        _house(row.institution, "", ""),
    )  # fmt: skip
    return sheet, find(Referral.objects.visible_to(actor), row.referral_id)


def printed_list(actor: Actor, side: str, tab: Tab) -> list[HopLine]:
    """All of a tab, as far as one print goes, in the order of the desk."""
    return list(_lines(actor, side, tab))[:MOST_PRINTED]


def _lines(actor: Actor, side: str, tab: Tab) -> Iterator[HopLine]:
    read = desk.received if side == "desk" else desk.sent
    cursor: str | None = None
    printed = 0
    while printed < MOST_PRINTED:
        page = read(actor, tab, cursor)
        yield from page.lines
        printed += len(page.lines)
        cursor = page.next
        if cursor is None:
            return


def _sender(row: Referral) -> House:
    ward = row.from_department.name if row.from_department else ""
    return _house(row.from_institution, ward, _named(row.from_post))


def _receiver(row: Referral) -> House:
    if row.to_institution is None:
        return House(row.outside_name, "", "", "")
    ward = row.to_department.name if row.to_department else ""
    return _house(row.to_institution, ward, _named(row.assigned_to))


def _house(house: Institution, ward: str, doctor: str) -> House:
    name = house.legal_name or house.short_name
    return House(name, ward, doctor, house.referral_phone or house.phone)


def _named(post: PractitionerRole | None) -> str:
    return post.practitioner.name if post is not None else ""
