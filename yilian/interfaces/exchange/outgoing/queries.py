"""Peers, and letters as the page shows them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db.models import Count, Q

from yilian.foundation.access.actor import Actor
from yilian.interfaces.exchange.hl7v2.writing import Event
from yilian.interfaces.exchange.outgoing.models import Letter, Peer
from yilian.interfaces.exchange.outgoing.rules import (
    EVENT_NAMES,
    FAULT_NAMES,
    PROTOCOL_NAMES,
    Fault,
    Protocol,
    State,
)
from yilian.kernel.page import Mark, Page, cut, read_mark

SIZE: Final = 40
TABS: Final = ("dead", "waiting", "done")
_STATES: Final = {
    "dead": [State.DEAD.value],
    "waiting": [State.WAITING.value],
    "done": [State.DONE.value, State.SET_ASIDE.value],
}


@dataclass(frozen=True, slots=True)
class LetterLine:
    id: UUID
    event: str
    peer: str
    house: str
    number: str
    referral_id: UUID
    state: State
    fault: str
    ack: str
    tries: int
    created_at: datetime
    due_at: datetime
    sent_at: datetime | None
    note: str


@dataclass(frozen=True, slots=True)
class PeerLine:
    id: UUID
    name: str
    institution: str
    protocol: str
    address: str
    has_secret: bool
    is_secured: bool
    takes: Sequence[str]
    is_active: bool
    waiting: int
    dead: int


def letters(actor: Actor, tab: str, cursor: str | None) -> Page[LetterLine]:
    rows = Letter.objects.visible_to(actor).filter(state__in=_STATES[tab])
    mark = read_mark(cursor)
    if mark:
        older = Q(created_at__lt=mark.at) | Q(created_at=mark.at, id__lt=mark.id)
        rows = rows.filter(older)
    newest = rows.select_related("peer__institution", "referral").order_by(
        "-created_at", "-id"
    )
    shown = list(newest[: SIZE + 1])
    page = cut(shown, SIZE, lambda row: Mark(row.created_at, row.id))
    return page.each(letter_line)


def counts(actor: Actor) -> dict[str, int]:
    by_tab = {
        tab: Count("pk", filter=Q(state__in=states)) for tab, states in _STATES.items()
    }
    return Letter.objects.visible_to(actor).aggregate(**by_tab)


def letter_line(row: Letter) -> LetterLine:
    return LetterLine(
        id=row.id,
        event=EVENT_NAMES[Event(row.event)],
        peer=row.peer.name,
        house=row.peer.institution.short_name,
        number=row.referral.number,
        referral_id=row.referral_id,
        state=State(row.state),
        fault=FAULT_NAMES[Fault(row.fault)] if row.fault else "",
        ack=row.ack,
        tries=row.tries,
        created_at=row.created_at,
        due_at=row.due_at,
        sent_at=row.sent_at,
        note=row.note,
    )


def peers(actor: Actor) -> list[PeerLine]:
    rows = Peer.objects.visible_to(actor).select_related("institution")
    counted = rows.annotate(
        waiting=Count("letters", filter=Q(letters__state=State.WAITING.value)),
        dead=Count("letters", filter=Q(letters__state=State.DEAD.value)),
    )
    return [peer_line(row) for row in counted.order_by("institution__pinyin", "name")]


def peer_line(row: Peer) -> PeerLine:
    return PeerLine(
        id=row.id,
        name=row.name,
        institution=row.institution.short_name,
        protocol=PROTOCOL_NAMES[Protocol(row.protocol)],
        address=row.address,
        has_secret=row.secret_cipher is not None,
        is_secured=row.is_secured,
        takes=[
            name for name in ("referrals", "answers") if getattr(row, f"takes_{name}")
        ],
        is_active=row.is_active,
        waiting=getattr(row, "waiting", 0),
        dead=getattr(row, "dead", 0),
    )
