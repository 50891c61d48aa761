"""Who is told of what, and what a referral does when something happens elsewhere.

Every handler may run twice: a notice is written once per cause, a hop that is
closed stays closed.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext

from yilian.care.referral import events
from yilian.care.referral.models import Referral
from yilian.care.referral.queries.readers import desk_roles
from yilian.care.referral.queries.rows import WITH_PARTIES
from yilian.care.referral.rules.reasons import ELSEWHERE
from yilian.care.referral.rules.states import Side
from yilian.care.referral.services import closing, displays, placing, steps
from yilian.foundation.access.actor import Role
from yilian.foundation.notify.services import tell, text_message
from yilian.foundation.outbox.queries import delivered_with, once
from yilian.foundation.outbox.rules import LiveNotice
from yilian.kernel.calendar import local
from yilian.kernel.text import _
from yilian.registry.directory.events import PostLeft
from yilian.registry.population.events import PersonDied
from yilian.resources.reception.events import EncounterOpened
from yilian.resources.reception.models import Encounter
from yilian.resources.reception.rules import EncounterKind, EncounterState
from yilian.resources.scheduling.events import HoldExpired, SlotCancelled

TOPIC: Final = "referral"
_DESK: Final = (Role.REFERRAL_DESK,)
# Below the county nobody sits at a desk of their own: whoever treats, answers.
_CLINIC: Final = (Role.REFERRAL_DESK, Role.PHYSICIAN)


@dataclass(frozen=True, slots=True)
class Words:
    """What one side is told; `{number}` and `{other}` (the other side's name)."""

    side: Side
    template: str


_SENDER, _RECEIVER = Side.SENDER, Side.RECEIVER
NOTICES: Final[Mapping[type[events.ReferralEvent], tuple[Words, ...]]] = {
    events.ReferralSubmitted: (
        Words(_RECEIVER, _("{other}发来转诊 {number}，请应答。")),
    ),
    events.InformationRequested: (
        Words(_SENDER, _("{other}请您补充转诊 {number} 的资料。")),
    ),
    events.InformationSupplied: (
        Words(_RECEIVER, _("{other}已补充转诊 {number} 的资料，请应答。")),
    ),
    events.ReferralAccepted: (Words(_SENDER, _("{other}已接收转诊 {number}。")),),
    events.ReferralDeclined: (
        Words(_SENDER, _("{other}退回了转诊 {number}，请查看原因。")),
    ),
    events.ReferralRedirected: (
        Words(_SENDER, _("{other}已将转诊 {number} 转荐给另一家机构，请查看。")),
    ),
    events.ReferralScheduled: (
        Words(_SENDER, _("{other}已为转诊 {number} 安排就诊。")),
    ),
    events.PatientDeparted: (
        Words(_RECEIVER, _("转诊 {number} 的患者已从{other}出发。")),
    ),
    events.PatientArrived: (
        Words(_SENDER, _("转诊 {number} 的患者已到{other}就诊。")),
    ),
    events.PatientDidNotShow: (
        Words(_SENDER, _("转诊 {number} 的患者没有到{other}，请联系患者。")),
    ),
    events.CareBegan: (),
    events.CareEnded: (),
    events.ReferralCompleted: (
        Words(_SENDER, _("{other}对转诊 {number} 的反馈已到，请查看。")),
    ),
    events.ReferralWithdrawn: (Words(_RECEIVER, _("{other}撤回了转诊 {number}。")),),
    events.CancellationRequested: (
        Words(_RECEIVER, _("{other}申请取消转诊 {number}，请确认。")),
    ),
    events.CancellationRefused: (
        Words(_SENDER, _("{other}不同意取消转诊 {number}，请查看原因。")),
    ),
    events.ReferralCancelled: (Words(_SENDER, _("转诊 {number} 已取消。")),),
    events.ReferralExpired: (
        Words(_SENDER, _("转诊 {number} 已过有效期，未能完成。")),
        Words(_RECEIVER, _("{other}的转诊 {number} 已过有效期，自动关闭。")),
    ),
    events.ReferralClosedByDeath: (
        Words(_SENDER, _("转诊 {number} 因患者死亡关闭。")),
        Words(_RECEIVER, _("转诊 {number} 因患者死亡关闭。")),
    ),
    events.ReferralEnteredInError: (
        Words(_RECEIVER, _("{other}将转诊 {number} 标为登记有误。")),
    ),
    # The ladder tells those it concerns, in the transaction of its rung.
    events.AnswerOverdue: (),
    events.ReferralChased: (),
}
_ELSEWHERE: Final = (
    Words(_SENDER, _("转诊 {number} 的患者已在他处住院，转诊自动关闭。")),
    Words(_RECEIVER, _("{other}的转诊 {number} 因患者在他处住院自动关闭。")),
)
SHORT_MESSAGES: Final[Mapping[type[events.ReferralEvent], str]] = {
    events.ReferralAccepted: _(
        "{place}已接收您的转诊，转诊单号 {number}。就诊时间另行通知。"
    ),
    events.ReferralScheduled: _(
        "{place}已为您安排就诊，时间 {at}，转诊单号 {number}。请携带身份证件。"
    ),
}


# --- its own events -------------------------------------------------------------


def tell_people(event: events.ReferralEvent) -> None:
    """A line in the inbox of each side that must know."""
    referral = _hop(event)
    if referral.submitted_at is None:
        return
    for words in _words_for(event, referral):
        if words.side is Side.SENDER:
            _tell_sender(event, referral, words.template)
        else:
            _tell_receiver(event, referral, words.template)


def tell_patient(event: events.ReferralEvent) -> None:
    """A short message, where a phone is known; no diagnosis in it."""
    referral = _hop(event)
    phone, place = referral.person.phone_cipher, referral.to_institution
    is_told_later = (
        isinstance(event, events.ReferralAccepted) and referral.visit_at is not None
    )
    if phone is None or place is None or is_told_later:
        return
    at = f"{local(referral.visit_at):%m-%d %H:%M}" if referral.visit_at else ""
    words = gettext(SHORT_MESSAGES[type(event)])
    text_message(
        phone_cipher=bytes(phone),
        text=words.format(place=place.short_name, number=referral.number, at=at),
        cause=f"referral:{event.step_id}",
    )


def live(event: events.ReferralEvent) -> Iterator[LiveNotice]:
    """Open pages of both sides look again."""
    for place in (event.from_institution_id, event.to_institution_id):
        if place is not None:
            yield LiveNotice(
                TOPIC,
                institution_id=place,
                urgency=event.urgency,
                cause=str(event.step_id),
            )


# --- what happens elsewhere -------------------------------------------------------


def close_for_death(event: PersonDied) -> None:
    closing.close_for_death(event.person_id)


def close_for_admission(event: EncounterOpened) -> None:
    """Only a bed counts: who sees a doctor elsewhere may still come."""
    if event.kind != EncounterKind.INPATIENT:
        return
    stay = Encounter.objects.filter(pk=event.encounter_id).first()
    if stay is not None and stay.state == EncounterState.IN_PROGRESS:
        closing.close_for_admission(
            event.person_id, event.institution_id, stay.started_at
        )


def give_back_work(event: PostLeft) -> None:
    """What the leaver had in hand goes back to the desk, which is told; the walls
    that the leaver lit go out."""
    displays.end_with_post(event.post_id)
    for referral in closing.free_work_of(event.post_id):
        tell(
            topic=TOPIC,
            template=_("转诊 {number} 的经办人已离岗，请重新分派。"),
            values={"number": referral.number},
            link=_link(referral),
            cause=f"left:{event.post_id}:{referral.id}",
            institution_id=event.institution_id,
            roles=_CLINIC,
            urgency=referral.urgency,
        )


def note_hold_expired(event: HoldExpired) -> None:
    words = _("转诊 {number} 预留的床位或号源已过期，请重新安排或登记未到。")
    _place_lost(event.purpose_kind, event.purpose_id, event.hold_id, words)


def note_slot_cancelled(event: SlotCancelled) -> None:
    """The patient is told by scheduling; the desk finds another time."""
    words = _("转诊 {number} 的号已停诊，请重新安排就诊时间。")
    _place_lost(event.purpose_kind, event.purpose_id, event.hold_id, words)


def _place_lost(kind: str, referral_id: UUID, hold_id: UUID, words: str) -> None:
    if kind != steps.EVIDENCE:
        return
    referral = placing.lose_place(referral_id, hold_id)
    if referral is None or referral.to_institution is None:
        return
    tell(
        topic=TOPIC,
        template=words,
        values={"number": referral.number},
        link=_link(referral),
        cause=f"hold:{hold_id}",
        institution_id=referral.to_institution_id,
        roles=desk_roles(referral.to_institution),
        urgency=referral.urgency,
    )


# --- helpers ----------------------------------------------------------------------


def _hop(event: events.ReferralEvent) -> Referral:
    """Of all referrals that events are delivered about together, with one question."""
    return once(_hop, lambda: _hops(delivered_with(event, events.ReferralEvent)))[
        event.referral_id
    ]


def _hops(told: Iterable[events.ReferralEvent]) -> Mapping[UUID, Referral]:
    keys = list({event.referral_id for event in told})
    return {hop.id: hop for hop in WITH_PARTIES.ask(keys=keys)}


def _words_for(event: events.ReferralEvent, referral: Referral) -> Iterable[Words]:
    is_elsewhere = referral.close_reason == ELSEWHERE
    if isinstance(event, events.ReferralCancelled) and is_elsewhere:
        return _ELSEWHERE
    return NOTICES[type(event)]


def _tell_sender(
    event: events.ReferralEvent, referral: Referral, template: str
) -> None:
    target = referral.to_institution
    other = target.short_name if target else referral.outside_name
    post = referral.from_post
    facts = _facts(event, referral, template, other)
    is_at_desk = post is not None and Role.REFERRAL_DESK.value in post.roles
    if post is not None and post.account_id and not is_at_desk and not post.left_at:
        tell(**facts, account_id=post.account_id)
    tell(**facts, institution_id=referral.from_institution_id, roles=_DESK)


def _tell_receiver(
    event: events.ReferralEvent, referral: Referral, template: str
) -> None:
    target = referral.to_institution
    if target is None:
        return
    facts = _facts(event, referral, template, referral.from_institution.short_name)
    tell(**facts, institution_id=target.id, roles=desk_roles(target))
    doctor = referral.assigned_to
    if doctor is not None and doctor.account_id and not doctor.left_at:
        tell(**facts, account_id=doctor.account_id)


def _facts(
    event: events.ReferralEvent, referral: Referral, template: str, other: str
) -> dict[str, Any]:
    return {
        "topic": TOPIC,
        "template": template,
        "values": {"number": referral.number, "other": other},
        "link": _link(referral),
        "cause": f"referral:{event.step_id}",
        "urgency": referral.urgency,
    }


def _link(referral: Referral) -> str:
    return reverse("referral:detail", args=[referral.id])
