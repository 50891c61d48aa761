"""What time and fate do to a hop: overdue, expiry, no-show, death, cancellation."""

from datetime import date, datetime, timedelta

import pytest
from django.utils import timezone

from yilian.care.referral.models import Breach, Episode, FollowUp, Referral
from yilian.care.referral.rules.reasons import CareKind, Urgency
from yilian.care.referral.rules.states import State
from yilian.care.referral.services import closing, duties, receiving, sending
from yilian.care.referral.services.receiving import Place as Where
from yilian.care.referral.tests import world as region
from yilian.care.referral.tests.world import Place, World
from yilian.foundation.outbox.models import OutboxMessage
from yilian.foundation.parameters.models import ParameterValue
from yilian.foundation.parameters.queries import forget
from yilian.kernel import calendar
from yilian.kernel.errors import Conflict, Invalid, NotFound
from yilian.kernel.ids import new_id
from yilian.registry.population.models import Person
from yilian.registry.population.queries import sight_of
from yilian.registry.population.rules import Scope
from yilian.registry.population.tests import world as people
from yilian.resources.reception.models import Encounter
from yilian.resources.reception.rules import Disposition, EncounterKind, Presence
from yilian.resources.reception.services import open_encounter
from yilian.resources.scheduling.models import Hold
from yilian.resources.scheduling.rules import HoldState, Quota
from yilian.resources.scheduling.services.holds import PlaceTaken, release_hold

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def _state(referral: Referral) -> State:
    referral.refresh_from_db()
    return State(referral.state)


def _announced(kind: str) -> int:
    return OutboxMessage.objects.filter(kind=kind).count()


@pytest.fixture
def late(township: Place, county: Place, resident: Person) -> Referral:
    """An emergency that has waited for eleven minutes."""
    sent = region.submitted(township, county, resident, urgency=Urgency.STAT)
    return region.push_back(sent, timedelta(minutes=11))


# --- answers ------------------------------------------------------------------


def test_an_overdue_answer_is_noted_and_told_once(
    county: Place, late: Referral
) -> None:
    assert closing.run_clocks() == 1
    assert closing.run_clocks() == 0
    breach = Breach.objects.get()
    assert (breach.referral, breach.institution_id) == (late, county.id)
    assert _announced("AnswerOverdue") == 1
    assert _state(late) is State.SUBMITTED


def test_a_late_answer_is_noted_also_where_no_clock_had_looked(
    county: Place, late: Referral
) -> None:
    receiving.accept(county.desk, late.id)
    breach = Breach.objects.get()
    assert breach.met_at is not None
    assert closing.run_clocks() == 0


def test_a_question_stops_the_clock(
    township: Place, county: Place, resident: Person
) -> None:
    sent = region.submitted(township, county, resident, urgency=Urgency.URGENT)
    receiving.request_info(county.desk, sent.id, question="心电图？")
    in_two_days = timezone.now() + 2 * DAY
    assert closing.run_clocks(in_two_days) == 0
    sent.refresh_from_db()
    before = sent.answer_due_at
    region.push_back(sent, 2 * DAY)
    sending.answer_info(township.doctor, sent.id, answer="见附件")
    sent.refresh_from_db()
    assert sent.paused_at is None
    assert before is not None
    assert sent.answer_due_at is not None
    assert abs(sent.answer_due_at - before) < HOUR


def test_days_off_that_are_released_as_data_move_the_deadline(
    township: Place, county: Place, resident: Person
) -> None:
    today = timezone.localdate()
    off = {str(today + timedelta(days=n)): False for n in range(1, 31)}
    ParameterValue.objects.create(
        key="referral.working_days",
        area_code="64",
        starts_on=date(2017, 1, 1),
        value=off,
        state="released",
        proposed_by=people.account(),
        decided_by=people.account(),
    )
    forget()
    sent = region.submitted(township, county, resident)
    assert sent.answer_due_at is not None
    assert sent.answer_due_at > timezone.now() + 30 * DAY


def test_only_the_house_whose_clock_ran_out_says_why(
    county: Place, township: Place, late: Referral
) -> None:
    closing.run_clocks()
    breach = Breach.objects.get()
    with pytest.raises(NotFound):
        closing.explain_breach(township.desk, breach.id, reason_code="not_seen")
    with pytest.raises(Invalid):
        closing.explain_breach(county.desk, breach.id, reason_code="other")
    told = closing.explain_breach(
        county.desk, breach.id, reason_code="other", note="夜班交接遗漏"
    )
    assert told.explained_by_id == county.desk.account_id


# --- expiry, no-show -----------------------------------------------------------


def test_what_nobody_came_for_expires_and_closes_the_episode(
    county: Place, waiting: Referral
) -> None:
    region.push_back(waiting, 15 * DAY)
    closing.run_clocks()
    assert _state(waiting) is State.EXPIRED
    assert Episode.objects.get().closed_at is not None
    assert sight_of(county.desk, waiting.person_id).scope is Scope.NONE
    assert closing.run_clocks() == 0


def test_who_waits_for_a_visit_the_receiver_has_set_does_not_expire(
    county: Place, waiting: Referral
) -> None:
    slot = region.slot(county, region.in_days(5))
    receiving.accept(county.desk, waiting.id, place=Where(slot_id=slot.id))
    Referral.objects.update(valid_until=timezone.now() - HOUR)
    closing.run_clocks()
    assert _state(waiting) is State.SCHEDULED


def test_a_patient_who_has_not_come_in_three_days_is_called(
    county: Place, waiting: Referral
) -> None:
    receiving.accept(county.desk, waiting.id)
    waiting.refresh_from_db()
    region.push_back(waiting, 3 * DAY)
    closing.run_clocks()
    closing.run_clocks()
    call = FollowUp.objects.get(kind=duties.CALL)
    assert call.institution_id == county.id
    assert call.due_on == timezone.localdate()
    receiving.arrive(county.desk, waiting.id)
    call.refresh_from_db()
    assert call.done_at is not None


def test_a_no_show_frees_the_place_and_can_come_another_day(
    county: Place, waiting: Referral
) -> None:
    slot = region.slot(county, region.in_days(1))
    receiving.accept(county.desk, waiting.id, place=Where(slot_id=slot.id))
    missed = receiving.mark_no_show(county.desk, waiting.id, note="电话无人接听")
    assert missed.hold_id is None
    assert Hold.objects.get().state == HoldState.RELEASED
    assert FollowUp.objects.get().kind == duties.CALL
    again = receiving.schedule(county.desk, waiting.id, place=Where(slot_id=slot.id))
    assert again.state == State.SCHEDULED
    assert Hold.objects.filter(state=HoldState.HELD).count() == 1


# --- cancelling ----------------------------------------------------------------


def test_after_acceptance_the_receiver_confirms_a_cancellation(
    township: Place, county: Place, waiting: Referral
) -> None:
    region.beds(county, Quota.REFERRAL)
    bed = Where(department_id=county.ward.id, wants_bed=True)
    receiving.accept(county.desk, waiting.id, place=bed)
    with pytest.raises(Conflict):
        sending.withdraw(township.doctor, waiting.id, reason_code="improved")
    sending.request_cancel(township.doctor, waiting.id, reason_code="improved")
    receiving.confirm_cancel(county.desk, waiting.id)
    assert _state(waiting) is State.CANCELLED
    assert Hold.objects.get().state == HoldState.RELEASED
    assert sight_of(county.desk, waiting.person_id).scope is Scope.NONE
    assert Episode.objects.get().closed_at is not None


def test_the_receiver_may_refuse_and_the_place_is_kept(
    township: Place, county: Place, waiting: Referral
) -> None:
    region.beds(county, Quota.REFERRAL)
    bed = Where(department_id=county.ward.id, wants_bed=True)
    receiving.accept(county.desk, waiting.id, place=bed)
    sending.request_cancel(township.doctor, waiting.id, reason_code="improved")
    receiving.refuse_cancel(county.desk, waiting.id, reason_code="needs_care")
    assert _state(waiting) is State.SCHEDULED
    assert Hold.objects.get().state == HoldState.HELD


def test_a_patient_under_way_stays_under_way_when_the_receiver_refuses(
    township: Place, county: Place, waiting: Referral
) -> None:
    receiving.accept(county.desk, waiting.id)
    sending.depart(township.doctor, waiting.id)
    sending.request_cancel(township.doctor, waiting.id, reason_code="improved")
    receiving.refuse_cancel(county.desk, waiting.id, reason_code="needs_care")
    assert _state(waiting) is State.DEPARTED


def test_the_clock_of_the_answer_stops_at_acceptance(
    township: Place, county: Place, waiting: Referral
) -> None:
    receiving.accept(county.desk, waiting.id)
    assert not Breach.objects.exists()
    later = timezone.now() + 5 * DAY
    closing.run_clocks(later)
    assert not Breach.objects.exists()


# --- feedback and follow-up ------------------------------------------------------


def test_feedback_that_does_not_come_is_a_breach_that_ends_when_it_comes(
    township: Place, county: Place, resident: Person
) -> None:
    here = region.arrived(township, county, resident)
    receiving.finish_care(county.desk, here.id)
    here.refresh_from_db()
    assert here.feedback_due_at is not None
    closing.run_clocks(here.feedback_due_at + HOUR)
    assert Breach.objects.get().clock == "feedback"
    region.push_back(here, 10 * DAY)
    receiving.complete(county.doctor, here.id, feedback=dict(region.FEEDBACK))
    assert Breach.objects.get().met_at is not None


def test_a_first_visit_is_due_in_a_week_and_late_after_two(
    county: Place, township: Place, resident: Person
) -> None:
    content = dict(region.DOWN_CONTENT)
    down = region.submitted(
        county, township, region.seen_by(county, resident), content=content
    )
    receiving.accept(township.doctor, down.id)
    receiving.arrive(township.doctor, down.id)
    visit = FollowUp.objects.get()
    assert (visit.due_on - timezone.localdate()).days == 7
    on_day_14 = _noon(timezone.localdate() + timedelta(days=14))
    closing.run_clocks(on_day_14)
    assert not Breach.objects.filter(clock="follow_up").exists()
    closing.run_clocks(on_day_14 + DAY)
    assert Breach.objects.filter(clock="follow_up").count() == 1
    with pytest.raises(NotFound):
        closing.do_follow_up(county.doctor, visit.id, outcome="好")
    closing.do_follow_up(township.nurse, visit.id, outcome="血压 126/76")
    with pytest.raises(Conflict):
        closing.do_follow_up(township.nurse, visit.id, outcome="又一次")


def test_a_rule_with_a_check_date_gives_the_sender_something_to_do(
    township: Place, county: Place, resident: Person
) -> None:
    sent = region.submitted(township, county, resident, rule_ids=("HTN-U1",))
    check = FollowUp.objects.get(kind=duties.CHECK_RESULT)
    assert check.institution_id == township.id
    assert (check.due_on - timezone.localdate()).days == 14
    sending.withdraw(township.doctor, sent.id, reason_code="improved")
    check.refresh_from_db()
    assert check.done_at is not None


# --- death and admission elsewhere ------------------------------------------------


def test_death_closes_this_hop_and_by_its_event_every_other(
    world: World, waiting: Referral, resident: Person
) -> None:
    other = region.submitted(
        world.township, world.county, resident, specialty="orthopaedics"
    )
    draft = region.drafted(
        world.township, world.county, resident, specialty="neurology"
    )
    closing.record_death(
        world.county.doctor, waiting.id, died_at=timezone.now(), note="抢救无效"
    )
    assert _announced("PersonDied") == 1
    closing.close_for_death(resident.id)
    closing.close_for_death(resident.id)
    for hop in (waiting, other, draft):
        assert _state(hop) is State.DECEASED
    assert not Episode.objects.filter(closed_at=None).exists()
    assert _announced("ReferralClosedByDeath") == 3


def test_death_in_the_house_ends_the_stay_and_frees_the_bed(
    township: Place, county: Place, resident: Person
) -> None:
    region.beds(county, Quota.REFERRAL)
    sent = region.submitted(township, county, resident)
    bed = Where(department_id=county.ward.id, wants_bed=True)
    receiving.accept(county.desk, sent.id, place=bed)
    receiving.arrive(county.desk, sent.id)
    closing.record_death(
        county.doctor, sent.id, died_at=timezone.now(), note="抢救无效"
    )
    stay = Encounter.objects.get()
    assert stay.disposition == Disposition.DIED
    assert Hold.objects.get().state == HoldState.RELEASED


def test_who_lies_in_another_hospital_no_longer_waits_for_this_one(
    waiting: Referral, stranger: Place, resident: Person
) -> None:
    stay = open_encounter(
        stranger.desk,
        key=new_id(),
        person_id=resident.id,
        kind=EncounterKind.INPATIENT,
        department_id=None,
        presence=Presence.NONE,
    )
    closing.close_for_admission(resident.id, stranger.id, stay.started_at)
    assert _state(waiting) is State.CANCELLED
    assert waiting.close_reason == "admitted_elsewhere"


@pytest.mark.parametrize("where", ["township", "county"])
def test_a_bed_at_either_end_of_the_way_closes_nothing(
    where: str, world: World, waiting: Referral
) -> None:
    place: Place = getattr(world, where)
    closing.close_for_admission(waiting.person_id, place.id, timezone.now())
    assert _state(waiting) is State.SUBMITTED


def test_a_hop_written_after_the_admission_stands(
    waiting: Referral, stranger: Place
) -> None:
    yesterday = timezone.now() - DAY
    closing.close_for_admission(waiting.person_id, stranger.id, yesterday)
    assert _state(waiting) is State.SUBMITTED


# --- places ---------------------------------------------------------------------


def test_a_place_that_is_kept_for_contracts_is_not_for_everybody(
    township: Place, county: Place
) -> None:
    region.beds(county, Quota.CONTRACT)
    bed = Where(department_id=county.ward.id, wants_bed=True)
    person = region.seen_by(township, people.person("王建国"))
    sent = region.submitted(township, county, person)
    with pytest.raises(PlaceTaken):
        receiving.accept(county.desk, sent.id, place=bed)
    assert _state(sent) is State.SUBMITTED


def test_a_contracted_resident_may_have_it(county: Place, waiting: Referral) -> None:
    region.beds(county, Quota.CONTRACT)
    bed = Where(department_id=county.ward.id, wants_bed=True)
    accepted = receiving.accept(county.desk, waiting.id, place=bed)
    assert accepted.state == State.SCHEDULED
    assert accepted.care_kind == CareKind.INPATIENT


def test_nobody_takes_a_place_of_another_house(
    county: Place, tertiary: Place, waiting: Referral
) -> None:
    theirs = region.slot(tertiary, region.in_days(1))
    for place in (
        Where(slot_id=theirs.id),
        Where(department_id=tertiary.ward.id, wants_bed=True),
        Where(visit_at=timezone.now() - DAY),
        Where(wants_bed=True),
    ):
        with pytest.raises(Invalid):
            receiving.accept(county.desk, waiting.id, place=place)
    assert _state(waiting) is State.SUBMITTED


def test_a_claim_that_ran_out_does_not_keep_the_patient_out(
    county: Place, waiting: Referral
) -> None:
    slot = region.slot(county, region.in_days(1))
    coming = receiving.accept(county.desk, waiting.id, place=Where(slot_id=slot.id))
    assert coming.hold_id is not None
    release_hold(region.SYSTEM, coming.hold_id)
    assert receiving.arrive(county.desk, waiting.id).state == State.ARRIVED


def test_a_walk_in_is_linked_to_what_was_waiting(
    township: Place, county: Place
) -> None:
    resident = region.contracted(township, born_on=date(1986, 3, 8))
    waiting = region.submitted(township, county, resident)
    walk_in = open_encounter(
        county.desk,
        key=new_id(),
        person_id=resident.id,
        kind=EncounterKind.OUTPATIENT,
        department_id=None,
        presence=Presence.NONE,
    )
    receiving.accept(county.desk, waiting.id)
    here = receiving.arrive(county.desk, waiting.id)
    assert here.encounter_id == walk_in.id
    # Here before the acceptance: a routine referral then does not count as one.
    assert here.verdict["verdict"] == "non_compliant"


def _noon(day: date) -> datetime:
    return calendar.start_of_day(day) + 12 * HOUR
