"""One message, from its bytes to its answer.

Kept before it is answered, answered once: the same control id with the same content
gets the same answer again, with another content it is refused. The row, the act and
the audit commit together; the text lies encrypted on the disk before that.
"""

import base64
import logging
import re
import time
import traceback
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import DatabaseError, DataError, connection, transaction
from django.urls import reverse
from django.utils import timezone

from yilian.foundation.access.actor import Role
from yilian.foundation.audit.services import record, record_refusal
from yilian.foundation.notify.services import tell
from yilian.foundation.vault.services import digest, keyed_index, matches
from yilian.interfaces.exchange.hl7v2 import message as hl7
from yilian.interfaces.exchange.hl7v2.answering import (
    Ack,
    Complaint,
    Fault,
    Reply,
    acknowledgement,
)
from yilian.interfaces.exchange.hl7v2.charset import DEFAULT, CharsetWrong
from yilian.interfaces.exchange.hl7v2.framing import LARGEST
from yilian.interfaces.exchange.hl7v2.message import Header, Message, NotHl7
from yilian.interfaces.exchange.hl7v2.referral import read_referral
from yilian.interfaces.exchange.intake.actors import feed_actor
from yilian.interfaces.exchange.intake.models import Feed, Received
from yilian.interfaces.exchange.intake.rules import (
    Channel,
    Kind,
    Matter,
    Problem,
    State,
    comes_from,
)
from yilian.interfaces.exchange.intake.services import keeping, taking
from yilian.interfaces.exchange.intake.services.feeds import PURPOSE
from yilian.interfaces.exchange.intake.services.taking import Outcome
from yilian.kernel.errors import DomainError
from yilian.kernel.ids import new_id
from yilian.kernel.text import Text, _
from yilian.registry.directory.queries import today

TOPIC: Final = "exchange"
MOST_TRIES: Final = 3
_QUIET: Final = 60.0  # seconds between two audit rows for the same refusal
_CONTROL_ID: Final = re.compile(r"[\x21-\x7e]{1,199}")
_TIME_AND_SECRET: Final = (7, 8)
_NOT_OURS: Final = (DomainError, DatabaseError)
_VERSION: Final = re.compile(r"2\.\d(\.\d)?")

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Arrival:
    """How a message came: over MLLP from an address, or as a file for a feed."""

    origin: str
    channel: Channel = Channel.MLLP
    feed: Feed | None = None


@dataclass(frozen=True, slots=True)
class Answered:
    ack: Ack
    words: str
    text: bytes
    state: State | None = None


class _Rejected(Exception):
    """Answered and not kept: not from a feed, or no message at all."""

    def __init__(
        self, ack: Ack, fault: Fault, words: str, where: str = "MSH^1"
    ) -> None:
        self.reply = Reply(ack, words, [Complaint(fault, words, where)])
        self.fault = fault
        super().__init__(fault.name)


def receive(data: bytes, arrival: Arrival) -> Answered:
    """Raises only what the database raises when it is away."""
    header, codec = Header(), DEFAULT
    try:
        if len(data) > LARGEST:
            raise _Rejected(Ack.REJECTED, Fault.SEQUENCE, _too_large())
        header = _rough(data)
        feed = _feed(header, arrival)
        message, codec = _read(data, feed)
        header = message.header
        _require_allowed(header, feed)
        return _take(data, message, codec, feed, arrival)
    except _Rejected as refusal:
        _note_refusal(arrival, refusal.fault, header)
        return _answer(refusal.reply, header, new_id(), codec)


def refuse_size(begun: bytes, origin: str) -> bytes:
    """For a message so long that it was not read to its end."""
    try:
        header = hl7.rough_header(begun)
    except NotHl7:
        header = Header()
    arrival = Arrival(origin)
    _note_refusal(arrival, Fault.SEQUENCE, header)
    complaint = Complaint(Fault.SEQUENCE, _too_large())
    reply = Reply(Ack.REJECTED, _too_large(), [complaint])
    return _answer(reply, header, new_id(), DEFAULT).text


def unable(data: bytes) -> bytes:
    """Nothing was kept: the sender is asked to send it again."""
    try:
        header = hl7.rough_header(data)
    except NotHl7:
        header = Header()
    words = _("系统暂时不能处理，请稍后重发这条消息。")
    reply = Reply(Ack.ERROR, words, [Complaint(Fault.INTERNAL, words)])
    return _answer(reply, header, new_id(), DEFAULT).text


@transaction.atomic
def work_on(row: Received, message: Message) -> Outcome:
    """Take a kept message (again); what waited behind it follows."""
    _hold_patient(row)
    earlier = taking.earlier_open(row)
    outcome = taking.behind(earlier) if earlier else _tried(row, message)
    row.behind = earlier
    _settle(row, outcome)
    return outcome


def follow(row: Received) -> None:
    """What waited behind this message, in the order in which it came."""
    waiting = Received.objects.filter(behind=row, state=State.BEHIND.value)
    for later in waiting.select_related("feed__institution").order_by(
        "received_at", "id"
    ):
        message, codec = hl7.read(keeping.kept(later.id), later.feed.charset)
        outcome = work_on(later, message)
        reply = _answer(outcome.reply, message.header, later.id, codec)
        later.answer = reply.text.decode(codec)
        later.save(update_fields=Received.CHANGES)
        follow(later)


# --- the message and its feed --------------------------------------------------------


def _rough(data: bytes) -> Header:
    try:
        return hl7.rough_header(data)
    except NotHl7 as error:
        raise _Rejected(Ack.REJECTED, Fault.SEQUENCE, str(error)) from None


def _feed(header: Header, arrival: Arrival) -> Feed:
    feeds = Feed.objects.in_force(today()).select_related("institution")
    known = feeds.filter(application=header.application, facility=header.facility)
    if arrival.feed is not None:
        known = known.filter(pk=arrival.feed.pk)
    feed = known.first()
    if feed is None:
        words = _("发送方（MSH-3、MSH-4）没有登记，或已停用。")
        raise _Rejected(Ack.REJECTED, Fault.UNKNOWN_KEY, words, "MSH^1^3")
    if arrival.channel is Channel.MLLP:
        _require_caller(feed, header, arrival)
    return feed


def _require_caller(feed: Feed, header: Header, arrival: Arrival) -> None:
    if not comes_from(arrival.origin, feed.addresses):
        words = _("发送方不在允许的地址。")
        raise _Rejected(Ack.REJECTED, Fault.UNKNOWN_KEY, words, "MSH^1^4")
    given = keyed_index(PURPOSE, header.security)
    if feed.secret_index and not matches(feed.secret_index, given):
        words = _("口令（MSH-8）不正确。")
        raise _Rejected(Ack.REJECTED, Fault.UNKNOWN_KEY, words, "MSH^1^8")


def _read(data: bytes, feed: Feed) -> tuple[Message, str]:
    try:
        return hl7.read(data, feed.charset)
    except CharsetWrong as error:
        raise _Rejected(Ack.ERROR, Fault.DATA_TYPE, str(error), "MSH^1^18") from None
    except NotHl7 as error:
        raise _Rejected(Ack.REJECTED, Fault.SEQUENCE, str(error)) from None


def _require_allowed(header: Header, feed: Feed) -> None:
    if not _CONTROL_ID.fullmatch(header.control_id):
        words = _("消息编号（MSH-10）缺失，或超过 199 个可见字符。")
        raise _Rejected(Ack.REJECTED, Fault.MISSING, words, "MSH^1^10")
    if not _VERSION.fullmatch(header.version):
        words = _("只支持 HL7 第 2 版（MSH-12）。")
        raise _Rejected(Ack.REJECTED, Fault.VERSION, words, "MSH^1^12")
    if header.processing not in {"P", ""}:
        words = _("只接收正式消息（MSH-11 为 P）。")
        raise _Rejected(Ack.REJECTED, Fault.PROCESSING, words, "MSH^1^11")
    if header.kind not in feed.kinds:
        is_other_event = header.kind.partition("^")[0] in {"REF", "RRI"}
        fault = Fault.EVENT if is_other_event else Fault.KIND
        words = _("这个接口不接收这类消息（MSH-9）。")
        raise _Rejected(Ack.REJECTED, fault, words, "MSH^1^9")


# --- once ---------------------------------------------------------------------------


def _take(
    data: bytes, message: Message, codec: str, feed: Feed, arrival: Arrival
) -> Answered:
    header = message.header
    row_id = new_id()
    try:
        with transaction.atomic():
            _alone("message", f"{feed.id}|{header.control_id}")
            said = _digest(message)
            before = Received.objects.filter(
                feed=feed, control_id=header.control_id
            ).first()
            if before is not None:
                return _again(before, said, header, codec)
            row = Received(
                id=row_id,
                feed=feed,
                digest=said,
                codec=codec,
                channel=arrival.channel.value,
                origin=arrival.origin[:64],
                size=len(data),
                received_at=timezone.now(),
                state=State.WAITING.value,
            )
            _name(row, message)
            keeping.keep(row.id, data)
            outcome = work_on(row, message)
            answered = _answer(outcome.reply, header, row.id, codec, outcome.state)
            row.answer = answered.text.decode(codec)
            row.save(update_fields=Received.CHANGES)
            return answered
    except BaseException:
        keeping.forget(row_id)
        raise


def _again(before: Received, said: str, header: Header, codec: str) -> Answered:
    if before.digest == said:
        answer = before.answer.encode(before.codec, "replace")
        found = re.search(r"\rMSA\|(\w\w)", before.answer)
        ack = Ack(found[1]) if found else Ack.ACCEPTED
        return Answered(ack, _("重复的消息，答复同前。"), answer, State(before.state))
    words = _("消息编号（MSH-10）已用于另一条内容不同的消息。")
    complaint = Complaint(Fault.DUPLICATE_KEY, words, "MSH^1^10")
    return _answer(Reply(Ack.REJECTED, words, [complaint]), header, new_id(), codec)


def _name(row: Received, message: Message) -> None:
    """What it is, whom it is about, and the numbers by which others refer to it."""
    header, facts = message.header, read_referral(message)
    row.control_id = header.control_id
    row.kind, row.version = Kind(header.kind).value, header.version[:16]
    number = next((one.value for one in facts.patient.numbers), "")
    if number:
        row.patient_index = keyed_index("feed-patient", f"{row.feed_id}|{number}")
    taking.known_by(row, message)
    row.save(force_insert=True)


def _digest(message: Message) -> str:
    """Of all but the time and the secret, which differ in a message sent again."""
    lines = [list(segment.parts) for segment in message]
    for number in _TIME_AND_SECRET:
        if number - 1 < len(lines[0]):
            lines[0][number - 1] = ""
    plain = "\r".join("\x1f".join(parts) for parts in lines)
    return digest(plain.encode("utf-8", "surrogatepass")).hex()


# --- taking it ----------------------------------------------------------------------


def _tried(row: Received, message: Message) -> Outcome:
    """A fault of ours is kept for a person to try again, and said without details.

    So is what no column can hold: sent again it would come to the same, for ever.
    """
    try:
        with transaction.atomic():
            return taking.take(row, message)
    except Exception as error:
        if isinstance(error, _NOT_OURS) and not isinstance(error, DataError):
            raise
        logger.error(
            "message %s: %s\n%s",
            row.id,
            type(error).__name__,
            "".join(traceback.format_tb(error.__traceback__)),
        )
        words = _("已收到，处理时出错，会由工作人员再办。")
        problem = Problem(
            Matter.CONTENT, Text(_("处理时出错，请重试或联系系统管理员。"))
        )
        complaint = Complaint(Fault.INTERNAL, words)
        reply = Reply(Ack.ACCEPTED, words, [complaint])
        return Outcome(State.DEAD, reply, [problem])


def _settle(row: Received, outcome: Outcome) -> None:
    row.state = outcome.state.value
    row.problems = [problem.as_json() for problem in outcome.problems]
    row.revision += 1
    if outcome.state not in (State.WAITING, State.BEHIND, State.DEAD):
        row.handled_at = timezone.now()
    row.save(update_fields=Received.CHANGES)
    record(
        feed_actor(row.feed),
        "exchange.receive",
        object_kind="message",
        object_id=row.id,
        person_id=row.person_id,
        detail={"kind": row.kind, "state": row.state, "channel": row.channel},
    )
    if outcome.state in (State.WAITING, State.DEAD):
        _tell_desks(row)


def _tell_desks(row: Received) -> None:
    """Once for each message: somebody must look."""
    houses = {row.feed.institution_id, row.to_institution_id} - {None}
    for house in houses:
        tell(
            topic=TOPIC,
            template=_("接口 {name} 有一条转诊消息待核对。"),
            values={"name": row.feed.name},
            link=reverse("exchange:message", args=[row.id]),
            cause=f"message:{row.id}:{house}",
            institution_id=house,
            roles=[Role.REFERRAL_DESK],
        )


def _hold_patient(row: Received) -> None:
    """Messages of one patient, or one referral, one after the other."""
    for name in (row.patient_index, row.foreign_number):
        if name:
            _alone("patient", f"{row.feed_id}|{name}")


def _alone(what: str, name: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, 26))",
            [f"exchange:{what}:{name}"],
        )


# --- answers ------------------------------------------------------------------------


def _answer(
    reply: Reply,
    header: Header,
    answer_id: UUID,
    codec: str,
    state: State | None = None,
) -> Answered:
    now: datetime = timezone.now()
    control_id = control_id_of(answer_id)
    text = acknowledgement(reply, header, control_id=control_id, now=now, codec=codec)
    return Answered(reply.ack, reply.words, text, state)


def control_id_of(row_id: UUID) -> str:
    """Twenty characters, as many as the oldest versions hold."""
    return base64.b32encode(row_id.bytes).decode()[:20]


def _too_large() -> str:
    return str(Text(_("消息太大，最多 {most} MB。"), {"most": LARGEST // 1_000_000}))


@dataclass(slots=True)
class _Quiet:
    """A peer that knocks all night fills no audit trail."""

    last: dict[tuple[str, str], float] = field(default_factory=dict)

    def may_write(self, origin: str, why: str) -> bool:
        now = time.monotonic()
        if len(self.last) > 1000:  # noqa: PLR2004
            self.last.clear()
        known = self.last.get((origin, why))
        if known is not None and now - known < _QUIET:
            return False
        self.last[origin, why] = now
        return True


_quiet = _Quiet()


def _note_refusal(arrival: Arrival, fault: Fault, header: Header) -> None:
    logger.info("message from %s refused: %s", arrival.origin, fault.name)
    if _quiet.may_write(arrival.origin, fault.name):
        detail = {"why": fault.name.lower(), "channel": arrival.channel.value}
        record_refusal(None, "exchange.refuse", origin=arrival.origin, detail=detail)
