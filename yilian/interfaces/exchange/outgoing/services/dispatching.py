"""Letters are written down when a referral moves, one for each peer concerned."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from yilian.care.referral.events import ReferralEvent
from yilian.care.referral.models import Referral
from yilian.foundation.access.composed import Composed
from yilian.foundation.jobs.services import defer
from yilian.foundation.outbox.queries import once
from yilian.interfaces.exchange.hl7v2.writing import Event
from yilian.interfaces.exchange.intake.models import Received
from yilian.interfaces.exchange.intake.rules import Kind
from yilian.interfaces.exchange.intake.services.receiving import control_id_of
from yilian.interfaces.exchange.outgoing.models import Letter, Peer
from yilian.interfaces.exchange.outgoing.rules import (
    TO_RECEIVER,
    TO_SENDER,
    Protocol,
)
from yilian.kernel.ids import new_id

SEND = "exchange.send"

# Asked at every step of every referral.
_AT: Final = Composed(
    lambda home, target: Peer.objects.filter(
        Q(institution=home) | Q(institution=target), is_active=True
    )
)


@transaction.atomic(savepoint=False)
def write_letters(event: ReferralEvent) -> None:
    """Idempotent: once for each peer and step."""
    now = timezone.now()
    home, target = event.from_institution_id, event.to_institution_id
    houses = {"home": home, "target": target or home}
    peers = once((write_letters, *houses.values()), lambda: _AT.ask(**houses))
    if (kind := TO_RECEIVER.get(type(event))) is not None:
        told = [p for p in peers if p.institution_id == target and p.takes_referrals]
        _write(event, told, kind, "", now)
    if (status := TO_SENDER.get(type(event))) is not None:
        told = [p for p in peers if p.institution_id == home and p.takes_answers]
        _write(event, told, Event.ANSWER, status, now)


def _write(
    event: ReferralEvent,
    concerned: Iterable[Peer],
    kind: Event,
    status: str,
    now: datetime,
) -> None:
    for peer in concerned:
        if not _is_wanted(event, peer, kind):
            continue
        letter_id = new_id()
        _row, is_new = Letter.objects.get_or_create(
            peer=peer,
            cause=str(event.step_id),
            event=kind.value,
            defaults={
                "id": letter_id,
                "referral_id": event.referral_id,
                "status": status,
                "control_id": control_id_of(letter_id),
                "due_at": now,
                "created_at": now,
            },
        )
        if is_new:
            defer(SEND, lock=f"peer:{peer.id}", peer_id=str(peer.id))


def _is_wanted(event: ReferralEvent, peer: Peer, kind: Event) -> bool:
    """Nobody is told what they never heard of, nor of what they said themselves."""
    if kind in (Event.CHANGE, Event.CANCEL):
        return Letter.objects.filter(
            peer=peer, referral=event.referral_id, event=Event.REFER.value
        ).exists()
    if kind is Event.ANSWER:
        return _began_elsewhere(event, peer)
    return True


def _began_elsewhere(event: ReferralEvent, peer: Peer) -> bool:
    """An answer goes to the system that asked; FHIR peers of the house hear of all."""
    if peer.protocol == Protocol.FHIR:
        return True
    referral = Referral.objects.get(pk=event.referral_id)
    return came_as(referral) is not None


def came_as(referral: Referral) -> Received | None:
    """The message that began this hop, or the one it was redirected from."""
    rows = Received.objects.filter(
        feed__institution=referral.from_institution_id,
        referral__episode=referral.episode_id,
    ).exclude(kind=Kind.ANSWER.value)
    own = rows.filter(referral=referral).order_by("received_at").first()
    return own or rows.order_by("-received_at").first()
