"""One letter to one peer: composed, sent, and noted how it went.

No transaction is open while another system is waited for. A letter whose process
died in between is sent again; its control id and its PUTs make that harmless.
"""

import http.client
import logging
import ssl
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlsplit
from uuid import UUID

from django.db import DatabaseError, transaction
from django.db.models import Exists, OuterRef, Q
from django.urls import reverse
from django.utils import timezone

from yilian.foundation.access.actor import Actor, Role
from yilian.foundation.access.scope import find, require
from yilian.foundation.audit.services import record
from yilian.foundation.jobs.services import defer
from yilian.foundation.notify.services import tell
from yilian.foundation.vault.services import decrypt
from yilian.interfaces.exchange.hl7v2 import message as hl7
from yilian.interfaces.exchange.hl7v2.client import NotReached, exchange
from yilian.interfaces.exchange.outgoing import composing, policies
from yilian.interfaces.exchange.outgoing.models import Letter, Peer
from yilian.interfaces.exchange.outgoing.rules import (
    AHEAD,
    FINAL,
    Fault,
    Protocol,
    State,
    pause_after,
)
from yilian.interfaces.exchange.outgoing.services.dispatching import SEND
from yilian.interfaces.exchange.outgoing.services.peers import host_of
from yilian.kernel.calendar import local_day
from yilian.kernel.canonical import dump_json
from yilian.kernel.errors import Conflict, Invalid
from yilian.kernel.safe_text import required_text
from yilian.kernel.text import _

ONLY_KEEPERS: Final = _("只有双方的转诊办公室和系统管理员可以重新发送。")
TOPIC: Final = "exchange"
PATIENCE: Final = 20.0
_BATCH: Final = 200
_LARGEST_ANSWER: Final = 200_000
_OK: Final = range(200, 300)
# What the same bundle will not change: wrong, not allowed, not there, refused.
_NEVER: Final = frozenset({400, 401, 403, 404, 405, 410, 412, 413, 415, 422})

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Result:
    """`fault` is None when it arrived."""

    ack: str
    fault: Fault | None = None


def send_due() -> int:
    """Every peer with something due; how many letters were tried. A clock."""
    peers = Letter.objects.filter(
        state=State.WAITING.value, due_at__lte=timezone.now(), peer__is_active=True
    )
    ids = set(peers.values_list("peer_id", flat=True))
    for peer_id in ids:
        defer(SEND, lock=f"peer:{peer_id}", peer_id=str(peer_id))
    return len(ids)


def send_to(peer_id: UUID) -> int:
    """What is due, in order; stops where the peer cannot be reached."""
    peer = Peer.objects.select_related("institution").get(pk=peer_id)
    now = timezone.now()
    if not peer.is_active or (peer.not_before and peer.not_before > now):
        return 0
    tried = 0
    for letter_id in _due(peer, now):
        result = _send_one(letter_id)
        if result is None:
            continue
        tried += 1
        if result.fault is Fault.NOT_REACHED:
            break
    return tried


@transaction.atomic
def resend(actor: Actor, letter_id: UUID) -> Letter:
    letter = _locked(actor, letter_id)
    letter.state, letter.tries, letter.fault = State.WAITING.value, 0, ""
    letter.due_at = timezone.now()
    letter.save()
    Peer.objects.filter(pk=letter.peer_id).update(not_before=None)
    _note(actor, "resend", letter)
    defer(SEND, lock=f"peer:{letter.peer_id}", peer_id=str(letter.peer_id))
    return letter


@transaction.atomic
def set_aside(actor: Actor, letter_id: UUID, *, note: str) -> Letter:
    """It will not be sent; what waits behind it goes on."""
    letter = _locked(actor, letter_id)
    try:
        letter.note = required_text(note, max_length=300)
    except Invalid as wrong:
        raise Invalid(fields={"note": wrong.text}) from None
    letter.state = State.SET_ASIDE.value
    letter.save()
    _note(actor, "set_aside", letter)
    defer(SEND, lock=f"peer:{letter.peer_id}", peer_id=str(letter.peer_id))
    return letter


# --- one letter -----------------------------------------------------------------------


def _due(peer: Peer, now: datetime) -> list[UUID]:
    """The first open letter of each referral, if it is due: none overtakes another,
    and however many lie before a person, they hold up no other referral."""
    ahead = [state.value for state in AHEAD]
    before = Q(created_at__lt=OuterRef("created_at")) | Q(
        created_at=OuterRef("created_at"), id__lt=OuterRef("id")
    )
    earlier = Letter.objects.filter(
        before, peer=peer, referral=OuterRef("referral"), state__in=ahead
    )
    due = Letter.objects.filter(
        ~Exists(earlier), peer=peer, state=State.WAITING.value, due_at__lte=now
    )
    return list(due.order_by("created_at", "id").values_list("pk", flat=True)[:_BATCH])


def _send_one(letter_id: UUID) -> Result | None:
    rows = Letter.objects.select_related(
        "peer__institution",
        "referral__person",
        "referral__from_institution",
        "referral__to_institution",
        "referral__from_department",
        "referral__to_department",
    )
    letter = rows.get(pk=letter_id)
    if letter.state != State.WAITING:
        return None
    result = _tried(letter)
    _settle(letter, result)
    if result.fault is None and _has_more(letter):
        defer(SEND, lock=f"peer:{letter.peer_id}", peer_id=str(letter.peer_id))
    return result


def _tried(letter: Letter) -> Result:
    try:
        if letter.peer.protocol == Protocol.HL7V2:
            return _by_mllp(letter)
        return _by_https(letter)
    except (NotReached, OSError, http.client.HTTPException, ssl.SSLError) as error:
        logger.info("letter %s not sent: %s", letter.id, type(error).__name__)
        return Result("", Fault.NOT_REACHED)
    except DatabaseError:
        raise
    except Exception as error:  # its words might name somebody
        logger.error("letter %s not composed: %s", letter.id, type(error).__name__)
        return Result("", Fault.OURS)


def _by_mllp(letter: Letter) -> Result:
    host, port = host_of(letter.peer.address)
    text = composing.hl7v2(letter)
    answer = exchange(host, port, text, tls=letter.peer.is_secured, patience=PATIENCE)
    try:
        said = hl7.parse(answer.decode("utf-8", "replace")).first("MSA")
    except Invalid:
        return Result("", Fault.NO_SENSE)
    code, about = said.value(1), said.value(2)
    if about != letter.control_id:
        return Result(code[:2], Fault.NO_SENSE)
    faults = {"AA": None, "CA": None, "AR": Fault.REFUSED, "CR": Fault.REFUSED}
    return Result(code[:2], faults.get(code, Fault.ERROR))


def _by_https(letter: Letter) -> Result:
    """No proxy, no redirect, and a token only for the address that is configured."""
    peer, url = letter.peer, urlsplit(letter.peer.address)
    body = dump_json(composing.bundle(letter)).encode()
    headers = {
        "Content-Type": "application/fhir+json",
        "Accept": "application/fhir+json",
    }
    if peer.secret_cipher:
        headers["Authorization"] = f"Bearer {decrypt(peer.secret_cipher)}"
    line = _line(url.scheme, url.hostname or "", url.port)
    try:
        line.request("POST", url.path or "/", body, headers)
        answer = line.getresponse()
        answer.read(_LARGEST_ANSWER)
    finally:
        line.close()
    code = str(answer.status)
    if answer.status in _OK:
        return Result(code)
    return Result(code, Fault.REFUSED if answer.status in _NEVER else Fault.ERROR)


def _line(scheme: str, host: str, port: int | None) -> http.client.HTTPConnection:
    if scheme == "https":
        context = ssl.create_default_context()
        return http.client.HTTPSConnection(
            host, port, timeout=PATIENCE, context=context
        )
    return http.client.HTTPConnection(host, port, timeout=PATIENCE)


@transaction.atomic
def _settle(letter: Letter, result: Result) -> None:
    now = timezone.now()
    row = Letter.objects.select_for_update(of=("self",)).get(pk=letter.id)
    if row.state != State.WAITING:
        return
    row.tries += 1
    row.ack, row.fault = result.ack, result.fault.value if result.fault else ""
    pause = pause_after(row.tries)
    if result.fault is None:
        row.state, row.sent_at = State.DONE.value, now
        _note(_system_of(letter.peer), "send", letter)
    elif result.fault in FINAL or pause is None:
        row.state = State.DEAD.value
        _tell_desk(letter.peer, now)
    else:
        row.due_at = now + pause
    row.save()
    reached = result.fault is not Fault.NOT_REACHED
    # The whole peer rests, not only this letter; the pause is short at first.
    rest = None if reached else now + min(pause or timedelta(0), timedelta(minutes=15))
    Peer.objects.filter(pk=letter.peer_id).update(not_before=rest)


def _tell_desk(peer: Peer, now: datetime) -> None:
    """Once a day for each peer, however many: somebody must look."""
    tell(
        topic=TOPIC,
        template=_("发往 {name} 的转诊消息未能送达，请查看并重发。"),
        values={"name": peer.name},
        link=f"{reverse('exchange:outgoing')}?show=dead",
        cause=f"peer:{peer.id}:{local_day(now)}",
        institution_id=peer.institution_id,
        roles=[Role.REFERRAL_DESK, Role.SYSTEM_ADMIN],
        urgency="urgent",
    )


def _system_of(peer: Peer) -> Actor:
    """In the audit: that house's system, by nobody's hand."""
    house = composing.reader_of(peer)
    return replace(house, account_id=None, origin=f"peer:{peer.name}"[:64])


def _has_more(letter: Letter) -> bool:
    return Letter.objects.filter(
        peer=letter.peer_id, referral=letter.referral_id, state=State.WAITING.value
    ).exists()


def _locked(actor: Actor, letter_id: UUID) -> Letter:
    rows = Letter.objects.visible_to(actor).select_for_update(of=("self",))
    letter = find(rows.select_related("peer", "referral"), letter_id)
    require(policies.can_resend(actor), ONLY_KEEPERS)
    if letter.state != State.DEAD:
        raise Conflict(_("这条消息不在等待重发的状态。请刷新页面查看结果。"))
    return letter


def _note(actor: Actor, verb: str, letter: Letter) -> None:
    record(
        actor,
        f"exchange.{verb}",
        object_kind="letter",
        object_id=letter.id,
        person_id=letter.referral.person_id,
        ground="referral",
        detail={"event": letter.event, "peer": letter.peer.name},
    )
