"""Rungs fire by the clock, each once, and are told to those they concern."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import IntegrityError, transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.utils import timezone, translation

from yilian.care.referral.models import Breach, Referral, Reminder
from yilian.care.referral.queries.reminding import reminders
from yilian.care.referral.rules.reasons import Urgency
from yilian.care.referral.services import chasing, closing, receiving, sending
from yilian.care.referral.tests import world as region
from yilian.care.referral.tests.browsing import said
from yilian.care.referral.tests.world import Place, World
from yilian.foundation.access.actor import Role
from yilian.foundation.audit.models import AuditEntry
from yilian.foundation.notify.models import Notice, ShortMessage
from yilian.foundation.outbox.models import OutboxMessage
from yilian.foundation.parameters.models import ParameterValue
from yilian.foundation.parameters.queries import forget
from yilian.foundation.vault.services import decrypt
from yilian.kernel import calendar
from yilian.kernel.calendar import local
from yilian.kernel.errors import Conflict, NotFound, NotPermitted
from yilian.kernel.ids import new_id
from yilian.registry.directory.models import DutyShift, Practitioner, PractitionerRole
from yilian.registry.population.models import Person
from yilian.registry.population.tests import world as people

pytestmark = pytest.mark.django_db
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def emergency(township: Place, county: Place, resident: Person) -> Referral:
    """Ten minutes to answer."""
    return region.submitted(township, county, resident, urgency=Urgency.STAT)


class Killed(BaseException):
    """kill -9, as far as the database is concerned."""


@transaction.atomic
def _chase_and_die(referral_id: UUID, now: datetime) -> None:
    chasing.chase(referral_id, now)
    raise Killed


def after(referral: Referral, minutes: float) -> datetime:
    assert referral.submitted_at is not None
    return referral.submitted_at + minutes * MINUTE


def next_at(hour: int, moment: datetime) -> datetime:
    """The next time that the clocks in China show this hour."""
    here = local(moment)
    then = here.replace(hour=hour, minute=0, second=0, microsecond=0)
    return then if then >= here else then + DAY


def rungs(referral: Referral, *, told: bool | None = None) -> list[str]:
    rows = Reminder.objects.filter(referral=referral).order_by("fired_at", "pk")
    if told is not None:
        rows = rows.filter(is_skipped=not told)
    return list(rows.values_list("rung", flat=True))


def with_phone(
    place: Place, role: Role, phone: str = "13900000001"
) -> PractitionerRole:
    actor = {Role.PHYSICIAN: place.doctor, Role.REFERRAL_DESK: place.desk}[role]
    post = PractitionerRole.objects.get(account=actor.account_id)
    Practitioner.objects.filter(pk=post.practitioner_id).update(phone=phone)
    return post


def on_duty(place: Place) -> PractitionerRole:
    post = with_phone(place, Role.REFERRAL_DESK)
    now = timezone.now()
    DutyShift.objects.create(
        id=new_id(),
        institution=place.institution,
        post=post,
        kind="referral_office",
        period=DateTimeTZRange(now - HOUR, now + DAY),
        phone="139-0000-0002",
    )
    return post


def texts() -> list[tuple[str, str]]:
    rows = ShortMessage.objects.order_by("created_at", "pk")
    return [(decrypt(r.phone_cipher), decrypt(r.text_cipher)) for r in rows]


# --- each rung once ----------------------------------------------------------------


def test_an_emergency_climbs_its_ladder_minute_by_minute(emergency: Referral) -> None:
    climbed = []
    for minute in range(17):
        chasing.run_ladders(after(emergency, minute))
        climbed.append(len(rungs(emergency)))
    assert climbed == [0] * 5 + [1] * 3 + [2] * 2 + [3] * 2 + [4] * 3 + [5] * 2
    assert rungs(emergency, told=True) == ["half", "soon", "duty", "office", "next"]


def test_a_round_run_again_at_the_same_minute_tells_nobody_again(
    emergency: Referral,
) -> None:
    assert chasing.run_ladders(after(emergency, 5)) == 1
    told = Notice.objects.count()
    assert chasing.run_ladders(after(emergency, 5)) == 0
    assert chasing.chase(emergency.id, after(emergency, 5)) == 0
    assert Notice.objects.count() == told


def test_the_database_itself_refuses_the_same_rung_twice(emergency: Referral) -> None:
    chasing.run_ladders(after(emergency, 5))
    row = Reminder.objects.get()
    with pytest.raises(IntegrityError), transaction.atomic():
        Reminder.objects.create(
            referral=emergency, clock=row.clock, rung=row.rung,
            reached_at=row.reached_at, fired_at=row.fired_at,
        )  # fmt: skip


def test_after_a_standstill_only_the_highest_rung_is_told(emergency: Referral) -> None:
    chasing.run_ladders(after(emergency, 5))
    Notice.objects.all().delete()
    chasing.run_ladders(after(emergency, 60))
    assert rungs(emergency, told=True) == ["half", "next"]
    assert rungs(emergency, told=False) == ["soon", "duty", "office"]
    assert {n.template for n in Notice.objects.all()} == {
        "{owner}一直没有应答转诊 {number}，可以改请下一家医院。",
        "转诊 {number} 仍未应答，{waiting}已可改请其他医院。",
    }


def test_a_worker_killed_while_telling_leaves_nothing_and_the_next_round_does_it(
    emergency: Referral,
) -> None:
    with pytest.raises(Killed):
        _chase_and_die(emergency.id, after(emergency, 5))
    assert not Reminder.objects.exists()
    assert not Notice.objects.exists()
    assert chasing.run_ladders(after(emergency, 6)) == 1


def test_a_rung_that_is_written_is_left_alone_and_the_others_are_done(
    emergency: Referral, township: Place, county: Place, stranger: Place
) -> None:
    other = region.contracted(township, "马文")
    sent = region.submitted(township, stranger, other, urgency=Urgency.STAT,
                            outside_reason="no_bed")  # fmt: skip
    with transaction.atomic():
        Reminder.objects.create(
            id=new_id(), referral=emergency, clock="answer", rung="half",
            reached_at=after(emergency, 5), fired_at=after(emergency, 5), lap=1,
        )  # fmt: skip
    assert chasing.run_ladders(after(sent, 5)) == 1
    assert rungs(sent) == ["half"]


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(lambda w, r: receiving.accept(w.county.desk, r.id), id="接收"),
        pytest.param(
            lambda w, r: receiving.decline(w.county.desk, r.id, reason_code="no_bed"),
            id="退回",
        ),
        pytest.param(
            lambda w, r: sending.withdraw(
                w.township.doctor, r.id, reason_code="improved"
            ),
            id="撤回",
        ),
    ],
)
def test_once_answered_nobody_is_reminded(
    world: World, emergency: Referral, answer: Callable[[World, Referral], object]
) -> None:
    answer(world, emergency)
    assert chasing.run_ladders(after(emergency, 60)) == 0


def test_a_question_stops_the_ladder_and_reminds_the_one_who_was_asked(
    township: Place, county: Place, emergency: Referral
) -> None:
    receiving.request_info(county.desk, emergency.id, question="心电图？")
    chasing.run_ladders(after(emergency, 6))
    row = Reminder.objects.get()
    assert (row.clock, row.rung) == ("info", "half")
    houses = {one["house"] for one in row.told}
    assert houses == {township.institution.short_name}
    sending.answer_info(township.doctor, emergency.id, answer="见附件")
    receiving.request_info(county.desk, emergency.id, question="血压？")
    chasing.run_ladders(after(emergency, 6))
    assert [r.lap for r in Reminder.objects.filter(clock="info").order_by("lap")] == [
        1,
        2,
    ]


# --- who is told --------------------------------------------------------------------


def test_half_way_the_doctor_in_charge_and_the_desk_are_told(
    county: Place, emergency: Referral
) -> None:
    with_phone(county, Role.PHYSICIAN)
    receiving.assign(
        county.desk, emergency.id,
        department_id=county.ward.id, post_id=county.doctor.post_id,
    )  # fmt: skip
    chasing.run_ladders(after(emergency, 5))
    told = Notice.objects.order_by("account_id")
    assert {n.account_id for n in told} == {county.doctor.account_id, None}
    assert [n.roles for n in told if n.account_id is None] == ["referral_desk"]
    [(phone, words)] = texts()
    assert phone == "13900000001"
    assert emergency.number in words


def test_when_it_is_due_whoever_is_on_duty_gets_a_message_and_the_sender_hears(
    township: Place, county: Place, emergency: Referral
) -> None:
    duty = on_duty(county)
    chasing.run_ladders(after(emergency, 10))
    assert [phone for phone, _words in texts()] == ["13900000002"]
    told = {(n.account_id, n.institution_id) for n in Notice.objects.all()}
    assert told == {
        (duty.account_id, None),
        (None, county.id),
        (township.doctor.account_id, None),
        (None, township.id),
    }


def test_then_the_office_of_the_consortium_that_both_belong_to(
    county: Place, tertiary: Place, world: World, emergency: Referral
) -> None:
    people.staff(county.institution, Role.CONSORTIUM_OFFICE, name="赵科长")
    chasing.run_ladders(after(emergency, 12))
    office = Notice.objects.get(roles="consortium_office")
    assert office.institution_id == county.id
    assert office.link == "", "the office sees no persons"


def test_at_last_the_sender_is_offered_the_next_hospital(
    township: Place, emergency: Referral
) -> None:
    chasing.run_ladders(after(emergency, 15))
    mine = Notice.objects.get(account_id=township.doctor.account_id)
    assert mine.link.endswith(f"/{emergency.id}/next")


def test_for_a_hospital_without_a_desk_here_the_sender_reminds_itself(
    township: Place, resident: Person
) -> None:
    sent = region.submitted(
        township, None, resident, urgency=Urgency.STAT,
        outside_name="西安某医院", outside_reason="no_capability",
    )  # fmt: skip
    chasing.run_ladders(after(sent, 10))
    houses = {n.institution_id for n in Notice.objects.filter(account_id=None)}
    assert houses == {township.id}


def test_nobody_is_named_in_a_reminder(emergency: Referral, county: Place) -> None:
    on_duty(county)
    for minute in (5, 8, 10, 12, 15):
        chasing.run_ladders(after(emergency, minute))
    said = [f"{n.template} {n.values} {n.link}" for n in Notice.objects.all()]
    said += [words for _phone, words in texts()]
    said += [str(m.body) for m in OutboxMessage.objects.all()]
    assert said
    assert not [one for one in said if emergency.person.name in one]
    assert not [one for one in said if emergency.diagnosis_name in one]


def test_each_firing_is_audited_and_wakes_open_pages(emergency: Referral) -> None:
    chasing.run_ladders(after(emergency, 5))
    assert AuditEntry.objects.filter(action="referral.remind").count() == 1
    assert OutboxMessage.objects.filter(kind="ReferralChased").count() == 1


def test_the_history_says_who_was_told_when(emergency: Referral, county: Place) -> None:
    on_duty(county)
    chasing.run_ladders(after(emergency, 10))
    lines = reminders(emergency)
    assert [said(line.words) for line in lines] == [
        "催办：等候过半",
        "催办：即将超时",
        "催办：超时，报值班",
    ]
    assert said(lines[0].note) == "发现时已到更高一级，未再单独通知"
    assert "李主任（短信）" in said(lines[2].note)
    assert "望远镇卫生院 转诊办公室" in said(lines[2].note)


# --- calls, feedback, first visits ----------------------------------------------------


def test_a_patient_who_has_not_come_is_called_and_the_call_is_chased(
    county: Place, waiting: Referral
) -> None:
    receiving.accept(county.desk, waiting.id)
    waiting.refresh_from_db()
    region.push_back(waiting, 3 * DAY)
    closing.run_clocks()
    now = next_at(10, timezone.now())
    chasing.run_ladders(now)
    assert rungs(waiting) == ["call"]
    assert "nurse" in Notice.objects.get(template__contains="请今天电话联系").roles
    chasing.run_ladders(now + 2 * DAY)
    assert rungs(waiting) == ["call", "duty"]
    breach = Breach.objects.get(clock="arrival")
    assert breach.institution_id == county.id
    call = waiting.follow_ups.get(kind="not_arrived_call")
    closing.do_follow_up(county.nurse, call.id, outcome="家中有事，明日来")
    breach.refresh_from_db()
    assert breach.met_at is not None
    assert chasing.run_ladders(now + 5 * DAY) == 0


def test_overdue_feedback_is_chased_up_to_the_office(
    township: Place, county: Place, resident: Person
) -> None:
    here = region.arrived(township, county, resident)
    receiving.finish_care(county.desk, here.id)
    here.refresh_from_db()
    assert here.feedback_due_at is not None
    late = next_at(10, here.feedback_due_at)
    chasing.run_ladders(late)
    closing.run_clocks(here.feedback_due_at)
    assert rungs(here, told=True) == ["duty"]
    assert Breach.objects.filter(clock="feedback").exists()
    chasing.run_ladders(late + 20 * DAY)
    assert rungs(here, told=True) == ["duty", "office"]
    receiving.complete(county.doctor, here.id, feedback=dict(region.FEEDBACK))
    assert chasing.run_ladders(late + 30 * DAY) == 0


def test_a_first_visit_after_coming_down_is_chased(
    county: Place, township: Place, resident: Person
) -> None:
    region.seen_by(county, resident)
    down = region.arrived(county, township, resident, content=dict(region.DOWN_CONTENT))
    visit = down.follow_ups.get(kind="first_visit")
    midday = calendar.start_of_day(visit.due_on) + 12 * HOUR
    chasing.run_ladders(midday)
    assert rungs(down) == []
    chasing.run_ladders(midday + 6 * DAY)
    assert rungs(down) == ["soon"]
    chasing.run_ladders(midday + 9 * DAY)
    assert rungs(down) == ["soon", "duty"]


# --- by night ------------------------------------------------------------------------


def test_nobody_is_woken_for_what_can_wait_for_the_morning(
    township: Place, county: Place, resident: Person
) -> None:
    hops = {
        urgency: region.submitted(
            township, county, region.contracted(township, name), urgency=urgency
        )
        for urgency, name in (
            (Urgency.STAT, "马文"), (Urgency.URGENT, "丁兰"), (Urgency.ROUTINE, "李梅")
        )
    }  # fmt: skip
    night = next_at(3, timezone.now() + 20 * DAY)
    assert chasing.run_ladders(night) > 0
    assert [bool(rungs(hop)) for hop in hops.values()] == [True, True, False]
    chasing.run_ladders(night + 4 * HOUR)
    assert rungs(hops[Urgency.ROUTINE], told=True) == ["next"]


def test_a_region_may_have_other_hours(county: Place, waiting: Referral) -> None:
    receiving.accept(county.desk, waiting.id)
    region.push_back(Referral.objects.get(pk=waiting.id), 3 * DAY)
    closing.run_clocks()
    night = next_at(3, timezone.now() + DAY)
    assert chasing.run_ladders(night) == 0
    ParameterValue.objects.create(
        key="referral.ladder.day_begins",
        area_code="64",
        starts_on=date(2017, 1, 1),
        value=0,
        state="released",
        proposed_by=people.account(),
        decided_by=people.account(),
    )
    forget()
    assert chasing.run_ladders(night) == 1


# --- by hand -------------------------------------------------------------------


def test_the_sender_reminds_the_receiver_and_it_stands_in_the_history(
    township: Place, county: Place, waiting: Referral
) -> None:
    chasing.nudge(township.doctor, waiting.id)
    notice = Notice.objects.get()
    assert notice.institution_id == county.id
    [line] = reminders(waiting)
    assert said(line.words) == "催办：人工催办"
    assert line.who.startswith("望远镇卫生院")


def test_reminding_again_at_once_is_refused(township: Place, waiting: Referral) -> None:
    chasing.nudge(township.doctor, waiting.id)
    with pytest.raises(Conflict, match="10 分钟内已经催办过"):
        chasing.nudge(township.desk, waiting.id)


def test_the_own_desk_reminds_the_doctor_once_there_is_one(
    county: Place, waiting: Referral
) -> None:
    with pytest.raises(Conflict, match="还没有分派"):
        chasing.nudge(county.desk, waiting.id)
    receiving.assign(
        county.desk, waiting.id,
        department_id=county.ward.id, post_id=county.doctor.post_id,
    )  # fmt: skip
    chasing.nudge(county.desk, waiting.id)
    assert Notice.objects.get().account_id == county.doctor.account_id


def test_nobody_is_reminded_of_what_is_not_their_turn(
    township: Place, county: Place, waiting: Referral
) -> None:
    receiving.accept(county.desk, waiting.id)
    with pytest.raises(Conflict, match="不需要催办"):
        chasing.nudge(township.doctor, waiting.id)


def test_a_message_is_in_chinese_whatever_language_its_sender_reads(
    township: Place, county: Place, waiting: Referral
) -> None:
    post = with_phone(county, Role.PHYSICIAN)
    Referral.objects.filter(pk=waiting.id).update(assigned_to=post)
    with translation.override("en"):
        chasing.nudge(township.doctor, waiting.id)
    [(_number, words)] = texts()
    assert words == f"望远镇卫生院催办：请应答转诊 {waiting.number}。"


@pytest.mark.parametrize(
    ("who", "refused"),
    [
        (lambda w: w.township.doctor, None),
        (lambda w: w.township.desk, None),
        (lambda w: w.township.nurse, NotPermitted),
        (lambda w: w.stranger.desk, NotFound),
        (lambda w: w.village.doctor, NotFound),
    ],
    ids=["医师", "转诊办", "护士", "无关机构", "另一机构的医师"],
)
def test_who_may_remind(
    world: World,
    waiting: Referral,
    who: Callable[[World], object],
    refused: type[Exception] | None,
) -> None:
    actor = who(world)
    if refused is None:
        chasing.nudge(actor, waiting.id)  # type: ignore[arg-type]
        return
    with pytest.raises(refused):
        chasing.nudge(actor, waiting.id)  # type: ignore[arg-type]


def test_a_round_over_many_asks_the_same_few_questions(
    township: Place, county: Place, django_assert_max_num_queries: Any
) -> None:
    for name in ("马文", "丁兰", "李梅", "王强"):
        person = region.contracted(township, name)
        region.submitted(township, county, person, urgency=Urgency.STAT)
    chasing.run_ladders()
    with django_assert_max_num_queries(7):
        assert chasing.run_ladders() == 0
