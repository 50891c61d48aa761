"""Referrals, beds, appointments, encounters."""

from datetime import timedelta
from functools import partial
from uuid import UUID

from django.utils import timezone

from bench.faults.contests.fight import Contests, Fight, Wins
from bench.faults.contests.players import (
    SYSTEM,
    cast,
    county,
    other_house,
    person,
    ward,
)
from yilian.care.referral.models import (
    Breach,
    FollowUp,
    Referral,
    ReferralStep,
    Reminder,
)
from yilian.care.referral.rules.clocks import ClockKind
from yilian.care.referral.rules.reasons import Urgency
from yilian.care.referral.services import (
    chasing,
    closing,
    drafting,
    duties,
    receiving,
    sending,
)
from yilian.care.referral.services.drafting import Sheet
from yilian.kernel.ids import new_id
from yilian.resources.reception.rules import Disposition, EncounterKind, Presence
from yilian.resources.reception.services import close_encounter, open_encounter
from yilian.resources.scheduling.models import Bed, Hold, Slot
from yilian.resources.scheduling.rules import FOR_ALL, LIVE, HoldState
from yilian.resources.scheduling.services import (
    hold_bed,
    hold_slot,
    load_many,
    open_beds,
    release_hold,
    use_hold,
)

CARE = Contests()
FEEDBACK = {
    "diagnosis": "高血压 3 级", "course": "平稳", "advice": "两周后复查",
}  # fmt: skip


def _sheet() -> Sheet:
    return Sheet(
        urgency=Urgency.ROUTINE,
        specialty="cardiology",
        diagnosis_code="I10.x00",
        reason="血压两次随访未达标",
        to_institution_id=county().pk,
        content={
            "complaint": "头晕 3 天",
            "exam": "血压 182/112 mmHg",
            "treatment": "氨氯地平 5 mg",
        },
    )


def _draft(patient: UUID | None = None) -> Referral:
    return drafting.draft(
        cast("township_gp"),
        key=new_id(),
        person_id=patient or person(),
        sheet=_sheet(),
    )


def _submitted() -> UUID:
    row = _draft()
    sending.submit(cast("township_gp"), row.pk, consent_by="self")
    return row.pk


def _accepted() -> UUID:
    row = _submitted()
    receiving.accept(cast("county_desk"), row)
    return row


def _arrived() -> UUID:
    row = _accepted()
    receiving.arrive(cast("county_desk"), row)
    return row


def _took_once(row: UUID, step: str) -> bool:
    return ReferralStep.objects.filter(referral_id=row, step=step).count() == 1


@CARE.add("two desks accept one referral")
def accept_twice() -> Fight:
    row = _submitted()
    accept = partial(receiving.accept, cast("county_desk"), row)
    return Fight([accept, accept], lambda: _took_once(row, "accept"))


@CARE.add("one desk accepts, another declines")
def accept_or_decline() -> Fight:
    row, desk = _submitted(), cast("county_desk")
    return Fight(
        [
            partial(receiving.accept, desk, row),
            partial(receiving.decline, desk, row, reason_code="no_bed"),
        ]
    )


@CARE.add("the desk accepts while the sender withdraws")
def accept_or_withdraw() -> Fight:
    row = _submitted()
    withdraw = partial(
        sending.withdraw, cast("township_gp"), row, reason_code="improved"
    )
    return Fight([partial(receiving.accept, cast("county_desk"), row), withdraw])


@CARE.add("a referral is sent on twice (one live hop per episode)")
def redirect_twice() -> Fight:
    row, desk = _submitted(), cast("county_desk")
    acts = [
        partial(
            receiving.redirect, desk, row,
            to_institution_id=other_house(n).pk, reason_code="no_bed",
        )
        for n in range(2)
    ]  # fmt: skip

    def one_is_live() -> bool:
        episode = Referral.objects.get(pk=row).episode_id
        return Referral.objects.live().filter(episode_id=episode).count() == 1

    return Fight(acts, one_is_live)


@CARE.add("a patient is registered as arrived twice")
def arrive_twice() -> Fight:
    row = _accepted()
    arrive = partial(receiving.arrive, cast("county_desk"), row)
    return Fight([arrive, arrive], lambda: _took_once(row, "arrive"))


@CARE.add("a referral is completed twice")
def complete_twice() -> Fight:
    row = _arrived()
    doctor = cast("county_clinician")
    complete = partial(receiving.complete, doctor, row, feedback=FEEDBACK)
    return Fight([complete, complete], lambda: _took_once(row, "complete"))


@CARE.add("two referrals for one illness (one open episode)")
def one_open_episode() -> Fight:
    patient = person()
    rows = [_draft(patient).pk for _ in range(2)]
    gp = cast("township_gp")
    return Fight([partial(sending.submit, gp, row, consent_by="self") for row in rows])


@CARE.add("one form sent four times (idempotency key)", Wins.SAME)
def same_key() -> Fight:
    key, patient = new_id(), person()
    draft = partial(
        drafting.draft, cast("township_gp"), key=key, person_id=patient, sheet=_sheet()
    )
    return Fight(
        [draft] * 4, lambda: Referral.objects.filter(person=patient).count() == 1
    )


@CARE.add("a clock is seen to have run out by two (one breach)", Wins.ALL)
def breach_once() -> Fight:
    row = Referral.objects.get(pk=_submitted())
    note = partial(duties.note_if_late, row, ClockKind.ANSWER, timezone.now())
    one = Breach.objects.filter(referral=row)
    return Fight([note] * 3, lambda: one.count() == 1)


@CARE.add("a follow-up is planned by two (one of each kind)", Wins.ALL)
def follow_up_once() -> Fight:
    row = Referral.objects.get(pk=_submitted())
    plan = partial(duties.plan_call, row, timezone.localdate())
    return Fight([plan] * 3, lambda: FollowUp.objects.filter(referral=row).count() == 1)


@CARE.add("a follow-up is done by two")
def follow_up_done_once() -> Fight:
    row = Referral.objects.get(pk=_submitted())
    duties.plan_call(row, timezone.localdate())
    planned = FollowUp.objects.get(referral=row, kind=duties.CALL)
    do = partial(
        closing.do_follow_up, cast("county_clinician"), planned.pk, outcome="已联系"
    )
    return Fight([do, do])


@CARE.add("two remind the desk of one referral")
def nudged_once() -> Fight:
    again = partial(chasing.nudge, cast("township_gp"), _submitted())
    return Fight([again] * 2)


@CARE.add("three clocks climb one ladder (a rung once)", Wins.ALL)
def rung_once() -> Fight:
    row = _submitted()
    late = timezone.now() + timedelta(days=30)
    climb = partial(chasing.chase, row, late)

    def each_rung_once() -> bool:
        told = Reminder.objects.filter(referral_id=row).values_list("clock", "rung")
        return len(told) == len(set(told))

    return Fight([climb] * 3, each_rung_once)


# --- places -------------------------------------------------------------------


def _free_the_ward() -> None:
    for hold in Hold.objects.filter(bed__department=ward(), state__in=list(LIVE)):
        release_hold(SYSTEM, hold.pk)


@CARE.add("four want the last bed")
def last_bed() -> Fight:
    if not Bed.objects.filter(department=ward()).exists():
        bed = Bed(institution=county(), department=ward(), label="1")
        load_many(SYSTEM, beds=[bed])
    _free_the_ward()
    now = timezone.now()
    acts = [
        partial(
            hold_bed, SYSTEM, ward().pk, person_id=person(), purpose_kind="referral",
            purpose_id=new_id(), from_at=now, expires_at=now + timedelta(hours=1),
            quotas=FOR_ALL,
        )
        for _ in range(4)
    ]  # fmt: skip
    return Fight(acts)


def _slot() -> UUID:
    begins = timezone.now() + timedelta(days=1)
    slot = Slot(
        institution=county(), department=ward(), starts_at=begins,
        ends_at=begins + timedelta(minutes=15),
    )  # fmt: skip
    load_many(SYSTEM, slots=[slot])
    return slot.pk


def _claim(slot: UUID, purpose: UUID, patient: UUID) -> "partial[Hold]":
    later = timezone.now() + timedelta(hours=1)
    return partial(
        hold_slot, SYSTEM, slot, person_id=patient, purpose_kind="referral",
        purpose_id=purpose, expires_at=later,
    )  # fmt: skip


@CARE.add("four want the last appointment")
def last_slot() -> Fight:
    slot = _slot()
    return Fight([_claim(slot, new_id(), person()) for _ in range(4)])


@CARE.add("one purpose asks for one appointment four times", Wins.SAME)
def same_claim() -> Fight:
    return Fight([_claim(_slot(), new_id(), person())] * 4)


@CARE.add("a hold is used and released at once (never both alive)", Wins.ALL)
def use_or_release() -> Fight:
    hold = _claim(_slot(), new_id(), person())()

    def use() -> None:
        try:
            use_hold(SYSTEM, hold.pk)
        except Exception as error:
            if type(error).__name__ != "Conflict":
                raise

    def ended() -> bool:
        return Hold.objects.get(pk=hold.pk).state == HoldState.RELEASED

    return Fight([use, partial(release_hold, SYSTEM, hold.pk)], ended)


@CARE.add("one bed label is opened twice")
def same_label() -> Fight:
    label = f"R{Bed.objects.count()}"
    desk = cast("county_desk")
    acts = [
        partial(
            open_beds, desk, key=new_id(), department_id=ward().pk, labels=[label]
        )
        for _ in range(2)
    ]  # fmt: skip

    def close() -> bool:
        made = Bed.objects.filter(department=ward(), label=label)
        count = made.count()
        made.update(closed_at=timezone.now())  # the last bed stays the only one
        return count == 1

    return Fight(acts, close)


# --- reception ----------------------------------------------------------------


@CARE.add("two hospitals admit one person (one bed at a time)")
def admitted_twice() -> Fight:
    patient = person()
    acts = [
        partial(
            open_encounter, cast(desk), key=new_id(), person_id=patient,
            kind=EncounterKind.INPATIENT, department_id=None, presence=Presence.NONE,
        )
        for desk in ("county_desk", "tertiary_desk")
    ]  # fmt: skip
    return Fight(acts)


@CARE.add("one desk receives one person twice")
def received_twice() -> Fight:
    patient = person()
    acts = [
        partial(
            open_encounter, cast("county_desk"), key=new_id(), person_id=patient,
            kind=EncounterKind.OUTPATIENT, department_id=None, presence=Presence.NONE,
        )
        for _ in range(2)
    ]  # fmt: skip
    return Fight(acts)


@CARE.add("one stay is closed twice", Wins.SAME)
def closed_twice() -> Fight:
    stay = open_encounter(
        cast("county_desk"), key=new_id(), person_id=person(),
        kind=EncounterKind.OUTPATIENT, department_id=None, presence=Presence.NONE,
    )  # fmt: skip
    close = partial(
        close_encounter, cast("county_desk"), stay.pk, disposition=Disposition.HOME
    )
    return Fight([close, close])
