"""What waits for a person, who the person may be, and what happens then."""

from datetime import date
from typing import Any

import pytest
from django.utils import timezone

from yilian.care.referral.models import Referral
from yilian.care.referral.rules.states import State as Hop
from yilian.care.referral.tests.world import World
from yilian.foundation.audit.models import AuditEntry
from yilian.foundation.notify.models import Notice
from yilian.interfaces.exchange.intake.models import CodeMeaning, Feed
from yilian.interfaces.exchange.intake.rules import Meaning, State
from yilian.interfaces.exchange.intake.services import feeds, mending
from yilian.interfaces.exchange.intake.services.feeds import note_meaning
from yilian.interfaces.exchange.intake.tests.world import (
    CONTENT,
    kept,
    letter,
    make_feed,
    read_answer,
    send,
    with_number,
)
from yilian.kernel.errors import Conflict, Invalid, NotFound, NotPermitted
from yilian.kernel.identity_number import IdentityKind
from yilian.kernel.ids import new_id
from yilian.registry.population.models import Person
from yilian.registry.population.services.numbers import Given
from yilian.registry.population.tests import world as people


def fields(control_id: str = "M1") -> set[str]:
    return {problem["field"] for problem in kept(control_id).problems}


def test_an_unknown_house_waits_and_is_said_in_words(world: World, feed: Feed) -> None:
    answer = read_answer(send(letter(world, to="XIAN-01")))

    assert answer.first("MSA").value(1) == "AA"
    assert answer.first("ERR").value(4) == "W"
    assert "XIAN-01" in answer.first("ERR").value(8)
    assert kept().state == State.WAITING
    assert fields() == {"to_institution_id"}
    assert not Referral.objects.exists()


def test_the_desk_is_told_once(world: World, feed: Feed) -> None:
    send(letter(world, to="XIAN-01"))
    send(letter(world, to="XIAN-01"))

    assert Notice.objects.filter(institution_id=world.township.id).count() == 1


def test_everything_that_is_missing_is_named_at_once(world: World, feed: Feed) -> None:
    Feed.objects.update(consent_evidence="")
    send(
        letter(
            world, to="X", diagnosis="Z9Z9^什么^I10", reason="", priority="Q", notes=()
        )
    )

    assert fields() == {
        "to_institution_id", "diagnosis_code", "reason", "urgency", "consent_by",
        "complaint", "exam", "treatment",
    }  # fmt: skip


def test_choosing_the_house_is_remembered_for_the_next_message(
    world: World, feed: Feed
) -> None:
    send(letter(world, to="XIAN-01"))
    row = kept()
    mending.choose_receiver(world.township.desk, row.id, institution_id=world.county.id)

    assert kept().state == State.DONE
    assert Referral.objects.get().to_institution_id == world.county.id
    mapped = CodeMeaning.objects.get(feed=feed, code="XIAN-01")
    assert mapped.institution_id == world.county.id
    someone = with_number(
        people.person("李建国", sex="1", born_on=date(1980, 1, 1)), "34052419800101001X"
    )
    answered = send(
        letter(
            world, control_id="M2", number="ZY-8", to="XIAN-01", name="李建国",
            born="19800101", sex="M", ids="34052419800101001X^^^^NI",
        )
    )  # fmt: skip
    assert answered.state == State.DONE
    assert Referral.objects.filter(person=someone).exists()


def test_an_unknown_person_is_registered_out_of_the_message(
    world: World, feed: Feed
) -> None:
    send(
        letter(world, name="李建国", born="19800101", sex="M",
               ids="34052419800101001X^^^^NI~B77^^^HIS^MR")
    )  # fmt: skip
    assert fields() == {"person_id"}
    mending.register_person(
        world.township.desk,
        kept().id,
        key=new_id(),
        name="李建国",
        sex="1",
        born_on=date(1980, 1, 1),
        identifiers=[Given(IdentityKind.ID_CARD, "34052419800101001X")],
    )

    person = Person.objects.get(name="李建国")
    assert Referral.objects.get().person_id == person.id
    numbers = person.identifiers.filter(kind="medical_record_number")
    assert numbers.get().system == "urn:yilian:feed:township-his"


def test_the_senders_own_number_tells_who_it_is_the_next_time(
    world: World, feed: Feed
) -> None:
    only_own = {"ids": "B77^^^HIS^MR", "name": "马秀英"}
    send(letter(world, **only_own))
    assert kept().state == State.WAITING
    mending.choose_person(world.township.desk, kept().id, person_id=world.resident.id)
    Referral.objects.update(state=Hop.WITHDRAWN, closed_at=timezone.now())

    answered = send(letter(world, control_id="M2", number="ZY-8", **only_own))
    assert answered.state == State.DONE


@pytest.mark.parametrize(
    "facts",
    [
        pytest.param({"name": "王五"}, id="the number under another name"),
        pytest.param({"ids": "B1^^^HIS^MR"}, id="the same name and birth date"),
        pytest.param({"ids": "640121196003080021^^^^NI"}, id="a wrong check digit"),
    ],
)
def test_who_is_not_certain_is_never_guessed(
    world: World, feed: Feed, facts: dict[str, str]
) -> None:
    send(letter(world, **facts))

    assert kept().state == State.WAITING
    assert fields() == {"person_id"}
    assert not Referral.objects.exists()


def test_what_is_filled_in_goes_into_the_referral(world: World, feed: Feed) -> None:
    send(letter(world, notes=CONTENT[:1]))
    assert fields() == {"exam", "treatment"}
    mending.mend(
        world.township.desk,
        kept().id,
        content={"exam": "血压 180/110", "treatment": "已给硝苯地平"},
        reason="控制不佳",
        consent_by="self",
    )

    referral = Referral.objects.get()
    assert referral.content["exam"] == "血压 180/110"
    assert referral.content["complaint"] == "胸闷 3 天"
    assert referral.reason == "控制不佳"


def test_what_a_person_adds_lies_encrypted(world: World, feed: Feed) -> None:
    send(letter(world, notes=CONTENT[:1]))
    mending.mend(world.township.desk, kept().id, content={"exam": "血压 180/110"})

    assert "血压".encode() not in bytes(kept().mended_cipher or b"")


def test_outside_the_consortium_a_reason_is_asked_for(world: World, feed: Feed) -> None:
    ward = world.stranger.ward
    ward.treats = ["I1"]
    ward.save()
    send(letter(world, to=world.stranger.institution.code))

    assert fields() == {"outside_reason"}
    mending.mend(world.township.desk, kept().id, outside_reason="no_capability")
    assert Referral.objects.get().outside_reason == "no_capability"


# --- order -------------------------------------------------------------------------


def test_changes_and_cancellations_wait_for_their_referral(
    world: World, feed: Feed
) -> None:
    send(letter(world, to="XIAN-01"))
    changed = [*CONTENT[:2], "已做处理：加用缬沙坦"]
    send(letter(world, kind="REF^I13", control_id="M2", to="XIAN-01", notes=changed))
    send(letter(world, kind="REF^I14", control_id="M3", reason="好转"))
    assert kept("M2").state == kept("M3").state == State.BEHIND

    mending.choose_receiver(
        world.township.desk, kept().id, institution_id=world.county.id
    )

    referral = Referral.objects.get()
    assert [kept(one).state for one in ("M1", "M2", "M3")] == [State.DONE] * 3
    assert referral.content["treatment"] == "加用缬沙坦"
    assert referral.state == Hop.WITHDRAWN


def test_another_referral_does_not_wait(world: World, feed: Feed) -> None:
    send(letter(world, to="XIAN-01"))
    send(letter(world, kind="REF^I14", control_id="M2", number="OTHER"))

    assert kept("M2").state == State.REFUSED


def test_what_is_set_aside_lets_the_rest_go_on(world: World, feed: Feed) -> None:
    send(letter(world, to="XIAN-01"))
    send(letter(world, kind="REF^I14", control_id="M2"))
    mending.set_aside(world.township.desk, kept().id, note="对方已电话取消")

    assert kept().state == State.SET_ASIDE
    assert kept("M2").state == State.REFUSED
    with pytest.raises(Conflict):
        mending.replay(world.township.desk, kept().id)


def test_setting_aside_needs_a_reason(world: World, feed: Feed) -> None:
    send(letter(world, to="XIAN-01"))
    with pytest.raises(Invalid):
        mending.set_aside(world.township.desk, kept().id, note="  ")


def test_what_was_refused_can_be_tried_again(world: World, feed: Feed) -> None:
    send(letter(world))
    send(letter(world, control_id="M2", number="ZY-8"))
    assert kept("M2").state == State.REFUSED
    Referral.objects.update(state=Hop.WITHDRAWN, closed_at=timezone.now())
    mending.replay(world.township.desk, kept("M2").id)

    assert kept("M2").state == State.DONE


def test_a_message_becomes_one_referral_however_often_it_is_tried(
    world: World, feed: Feed
) -> None:
    send(letter(world, to="XIAN-01"))
    revision = kept().revision
    facts: dict[str, Any] = {"institution_id": world.county.id, "revision": revision}
    mending.choose_receiver(world.township.desk, kept().id, **facts)
    with pytest.raises(Conflict):
        mending.choose_receiver(world.township.desk, kept().id, **facts)
    assert Referral.objects.count() == 1


# --- who may -------------------------------------------------------------------------


def test_only_the_two_desks_see_the_patient(world: World, feed: Feed) -> None:
    make_feed(world.village, name="village-his", facility="HONGXING")
    send(letter(world, name="王五"))
    message = kept()
    assert message.to_institution_id == world.county.id

    for desk in (world.township.desk, world.county.desk):
        assert mending.open_message(desk, message.id).facts.patient.name == "王五"
    for other in (world.village.desk, world.tertiary.desk, world.stranger.desk):
        with pytest.raises(NotFound):
            mending.open_message(other, message.id)
    for clinician in (world.township.doctor, world.township.nurse):
        with pytest.raises(NotFound):
            mending.open_original(clinician, message.id)


def test_a_look_at_the_original_is_written_down(world: World, feed: Feed) -> None:
    send(letter(world, name="王五"))
    text = mending.open_original(world.township.desk, kept().id)

    assert "PID|1|" in text
    row = AuditEntry.objects.get(action="exchange.open_original")
    assert row.account_id == world.township.desk.account_id
    assert row.object_id == kept().id


def test_the_receiver_may_mend_but_not_set_aside(world: World, feed: Feed) -> None:
    send(letter(world, name="王五"))
    with pytest.raises(NotPermitted):
        mending.set_aside(world.county.desk, kept().id, note="不要")
    mending.choose_person(world.county.desk, kept().id, person_id=world.resident.id)
    assert kept().state == State.DONE
    assert Referral.objects.get().from_institution_id == world.township.id


def test_a_desk_of_another_house_maps_no_codes(world: World, feed: Feed) -> None:
    with pytest.raises(NotPermitted):
        note_meaning(
            world.county.desk,
            feed.id,
            meaning=Meaning.INSTITUTION,
            code="X",
            target=world.county.id,
        )
    row = note_meaning(
        world.township.desk,
        feed.id,
        meaning=Meaning.DIAGNOSIS,
        code="高血压",
        target="I10.x00",
    )
    assert feeds.forget_meaning(world.township.desk, row.id) == feed


def test_the_referring_doctor_is_found_by_code(world: World, feed: Feed) -> None:
    note_meaning(
        world.township.desk,
        feed.id,
        meaning=Meaning.DOCTOR,
        code="D001",
        target=str(world.township.doctor.post_id),
    )
    send(letter(world))
    assert Referral.objects.get().from_post_id == world.township.doctor.post_id
