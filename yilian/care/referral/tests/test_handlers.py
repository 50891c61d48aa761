"""Who is told of what, and what a referral does about things elsewhere."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from yilian.care.referral import events, handlers
from yilian.care.referral.models import Referral
from yilian.care.referral.rules.reasons import Urgency
from yilian.care.referral.rules.states import State
from yilian.care.referral.services import chasing, closing, receiving, sending
from yilian.care.referral.services.receiving import Place as Where
from yilian.care.referral.tests import world as region
from yilian.care.referral.tests.world import Place
from yilian.foundation.notify.models import Notice, ShortMessage
from yilian.foundation.outbox import services
from yilian.foundation.outbox.models import Delivery, OutboxMessage
from yilian.foundation.outbox.rules import from_body
from yilian.foundation.tests.stage import let_others_finish
from yilian.foundation.vault.services import decrypt, encrypt
from yilian.kernel.ids import new_id
from yilian.kernel.tier import Tier
from yilian.registry.directory.events import PostLeft
from yilian.registry.population.events import PersonDied
from yilian.registry.population.models import Person
from yilian.resources.reception.events import EncounterOpened
from yilian.resources.reception.rules import EncounterKind, Presence
from yilian.resources.reception.services import open_encounter
from yilian.resources.scheduling.events import HoldExpired


def _last(kind: type[events.ReferralEvent]) -> Any:
    row = OutboxMessage.objects.filter(kind=kind.__name__).order_by("id").last()
    assert row is not None
    return from_body(kind, row.body)


def _tell(kind: type[events.ReferralEvent]) -> list[Notice]:
    """Handled twice, as it may happen; what was written."""
    before = set(Notice.objects.values_list("pk", flat=True))
    event = _last(kind)
    for _time in range(2):
        handlers.tell_people(event)
    return list(Notice.objects.exclude(pk__in=before).order_by("created_at"))


@pytest.mark.django_db(transaction=True)
def test_of_many_answers_the_sender_hears_by_few_statements(
    township: Place, county: Place
) -> None:
    names = ("丁桂兰", "马小军", "马小军")
    people = [region.contracted(township, name) for name in names]
    for person in people:
        hop = region.submitted(township, county, person)
        receiving.accept(county.desk, hop.id)
    let_others_finish()
    services.dispatch()
    waiting = list(Delivery.objects.order_by("id").values_list("pk", flat=True))
    Notice.objects.all().delete()
    with CaptureQueriesContext(connection) as seen:
        services.attempt_together(waiting, is_first=True)
    said = [query["sql"] for query in seen.captured_queries]
    assert sum("INSERT INTO notify_notice" in one for one in said) == 1
    assert sum('FROM "referral_referral"' in one for one in said) == 1
    accepted = Notice.objects.filter(template__contains="已接收转诊")
    told = accepted.filter(account_id=township.doctor.account_id)
    assert {notice.values["number"] for notice in told} == set(
        Referral.objects.values_list("number", flat=True)
    )
    posted = OutboxMessage.objects.filter(kind="NoticePosted", dispatched_at=None)
    assert {row.body["notice_id"] for row in posted} == {
        str(pk) for pk in Notice.objects.values_list("pk", flat=True)
    }


def test_the_county_desk_hears_of_an_emergency_as_one(
    township: Place, county: Place, resident: Person
) -> None:
    sent = region.submitted(township, county, resident, urgency=Urgency.STAT)
    [notice] = _tell(events.ReferralSubmitted)
    assert (notice.institution_id, notice.roles) == (county.id, "referral_desk")
    assert notice.urgency == "stat"
    assert notice.link == f"/referrals/{sent.id}"
    assert notice.values == {"number": sent.number, "other": "望远镇卫生院"}


def test_a_township_has_no_desk_of_its_own_and_its_doctors_hear_too(
    village: Place, township: Place, resident: Person
) -> None:
    sent = region.submitted(
        village, township, region.seen_by(village, resident), specialty="general"
    )
    [notice] = _tell(events.ReferralSubmitted)
    assert notice.institution_id == township.id == sent.to_institution_id
    assert "physician" in notice.roles


@pytest.mark.parametrize("answer", ["accept", "decline", "request_info"])
def test_the_doctor_who_wrote_and_the_desk_there_hear_the_answer(
    answer: str, township: Place, county: Place, waiting: Referral
) -> None:
    facts: dict[str, dict[str, Any]] = {
        "accept": {},
        "decline": {"reason_code": "no_bed"},
        "request_info": {"question": "心电图？"},
    }
    getattr(receiving, answer)(county.desk, waiting.id, **facts[answer])
    kinds = {
        "accept": events.ReferralAccepted,
        "decline": events.ReferralDeclined,
        "request_info": events.InformationRequested,
    }
    told = _tell(kinds[answer])
    assert {notice.account_id for notice in told} == {township.doctor.account_id, None}
    assert {notice.institution_id for notice in told} == {township.id, None}


def test_nothing_in_a_notice_names_the_patient(
    township: Place, county: Place, waiting: Referral
) -> None:
    _tell(events.ReferralSubmitted)
    receiving.redirect(
        county.desk,
        waiting.id,
        to_institution_id=region.make_place("二院", Tier.SECONDARY).id,
        reason_code="no_bed",
    )
    _tell(events.ReferralRedirected)
    for notice in Notice.objects.all():
        said = f"{notice.template} {notice.values} {notice.link}"
        assert waiting.person.name not in said
        assert waiting.diagnosis_name not in said


def test_an_overdue_answer_is_told_by_its_ladder_and_not_a_second_time(
    township: Place, county: Place, resident: Person
) -> None:
    sent = region.submitted(township, county, resident, urgency=Urgency.STAT)
    region.push_back(sent, timedelta(minutes=11))
    closing.run_clocks()
    chasing.run_ladders()
    told = {notice.institution_id for notice in Notice.objects.all()}
    assert told == {county.id, township.id, None}
    assert _tell(events.AnswerOverdue) == []


def test_a_withdrawn_draft_is_told_to_nobody(
    township: Place, county: Place, resident: Person
) -> None:
    draft = region.drafted(township, county, resident)
    sending.withdraw(township.doctor, draft.id, reason_code="improved")
    assert _tell(events.ReferralWithdrawn) == []


def test_the_patient_gets_one_message_with_the_time(
    county: Place, waiting: Referral
) -> None:
    waiting.person.phone_cipher = encrypt("13800138000")
    waiting.person.save()
    slot = region.slot(county, region.in_days(2))
    receiving.accept(county.desk, waiting.id, place=Where(slot_id=slot.id))
    for _time in range(2):
        handlers.tell_patient(_last(events.ReferralAccepted))
        handlers.tell_patient(_last(events.ReferralScheduled))
    message = ShortMessage.objects.get()
    said = decrypt(message.text_cipher)
    assert waiting.number in said
    assert f"{timezone.localtime(slot.starts_at):%m-%d %H:%M}" in said
    assert waiting.diagnosis_name not in said


def test_without_a_phone_no_message_is_written(
    county: Place, waiting: Referral
) -> None:
    receiving.accept(county.desk, waiting.id)
    handlers.tell_patient(_last(events.ReferralAccepted))
    assert not ShortMessage.objects.exists()


def test_open_pages_of_both_sides_look_again(
    township: Place, county: Place, waiting: Referral
) -> None:
    woken = list(handlers.live(_last(events.ReferralSubmitted)))
    assert {notice.institution_id for notice in woken} == {township.id, county.id}


def test_death_elsewhere_closes_the_hop(waiting: Referral) -> None:
    handlers.close_for_death(PersonDied(waiting.person_id, timezone.now()))
    waiting.refresh_from_db()
    assert waiting.state == State.DECEASED


@pytest.mark.parametrize(
    ("kind", "state"),
    [
        (EncounterKind.INPATIENT, State.CANCELLED),
        (EncounterKind.OUTPATIENT, State.SUBMITTED),
    ],
)
def test_a_bed_elsewhere_closes_the_hop_and_a_visit_does_not(
    kind: EncounterKind, state: State, stranger: Place, waiting: Referral
) -> None:
    stay = open_encounter(
        stranger.desk,
        key=new_id(),
        person_id=waiting.person_id,
        kind=kind,
        department_id=None,
        presence=Presence.NONE,
    )
    opened = EncounterOpened(
        encounter_id=stay.id,
        person_id=waiting.person_id,
        institution_id=stranger.id,
        department_id=None,
        kind=kind,
        presence="none",
        referral_id=None,
    )
    for _time in range(2):
        handlers.close_for_admission(opened)
    waiting.refresh_from_db()
    assert waiting.state == state
    if state is State.CANCELLED:
        assert len(_tell(events.ReferralCancelled)) == 3  # doctor, desk, receiver


def test_work_of_somebody_who_left_goes_back_to_the_desk(
    county: Place, waiting: Referral
) -> None:
    post = county.doctor.post_id
    assert post is not None
    receiving.assign(
        county.desk, waiting.id, department_id=county.ward.id, post_id=post
    )
    left = PostLeft(post, new_id(), county.id)
    for _time in range(2):
        handlers.give_back_work(left)
    waiting.refresh_from_db()
    assert waiting.assigned_to is None
    assert Notice.objects.get().institution_id == county.id


def test_a_hold_that_ran_out_leaves_the_hop_and_tells_the_desk(
    county: Place, waiting: Referral
) -> None:
    slot = region.slot(county, region.in_days(2))
    kept = receiving.accept(county.desk, waiting.id, place=Where(slot_id=slot.id))
    assert kept.hold_id is not None
    expired = HoldExpired(
        hold_id=kept.hold_id,
        person_id=kept.person_id,
        institution_id=county.id,
        purpose_kind="referral",
        purpose_id=kept.id,
    )
    for _time in range(2):
        handlers.note_hold_expired(expired)
    waiting.refresh_from_db()
    assert waiting.hold_id is None
    assert Notice.objects.get().institution_id == county.id


def test_every_notice_says_which_referral() -> None:
    for kind, words in handlers.NOTICES.items():
        assert all("{number}" in one.template for one in words), kind
