"""From the wire to a referral, and every way it may not become one."""

from datetime import date, timedelta
from pathlib import Path

import pytest
from django.db import ProgrammingError, transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from django.utils import timezone
from pytest_django import Settings

from yilian.care.referral.models import Referral
from yilian.care.referral.rules.states import State as Hop
from yilian.care.referral.services import receiving as desk
from yilian.care.referral.tests.world import World
from yilian.foundation.audit.models import AuditEntry
from yilian.foundation.notify.models import Notice
from yilian.foundation.outbox.models import OutboxMessage
from yilian.interfaces.exchange.hl7v2.framing import LARGEST
from yilian.interfaces.exchange.intake.models import Feed, Received
from yilian.interfaces.exchange.intake.rules import State
from yilian.interfaces.exchange.intake.services import keeping, mending, taking
from yilian.interfaces.exchange.intake.services.receiving import Arrival, receive
from yilian.interfaces.exchange.intake.tests.world import (
    CONTENT,
    HERE,
    NUMBER,
    kept,
    letter,
    make_feed,
    read_answer,
    send,
    with_number,
)
from yilian.kernel.ids import new_id
from yilian.record.queries.reading import resources_of
from yilian.registry.directory.models import Department
from yilian.registry.population.queries import sight_of
from yilian.registry.population.rules import Scope
from yilian.registry.population.tests import world as people


def test_a_complete_message_is_a_submitted_referral_whose_clock_runs(
    world: World, feed: Feed
) -> None:
    answered = send(letter(world))

    referral = Referral.objects.get()
    answer = read_answer(answered)
    assert answer.first("MSA").value(1) == "AA"
    assert answer.first("MSA").value(2) == "M1"
    assert referral.number in answer.first("MSA").value(3)
    assert referral.state == Hop.SUBMITTED
    assert referral.answer_due_at is not None
    assert referral.person_id == world.resident.id
    assert referral.from_institution_id == world.township.id
    assert referral.to_institution_id == world.county.id
    assert referral.diagnosis_code == "I10.x00"
    assert referral.content["complaint"] == "胸闷 3 天"
    assert referral.specialty == "cardiology"
    assert kept().state == State.DONE
    assert kept().referral_id == referral.id


def test_it_goes_through_the_same_services_as_a_page(world: World, feed: Feed) -> None:
    send(letter(world))

    events = OutboxMessage.objects.values_list("kind", flat=True)
    actions = AuditEntry.objects.values_list("action", "account_id", "origin")
    assert "ReferralSubmitted" in events
    who = (feed.account_id, "feed:township-his")
    assert ("referral.submit", *who) in actions
    assert ("exchange.receive", *who) in actions
    types = {"ServiceRequest", "Task"}
    held = resources_of(world.township.doctor, world.resident.id, types)
    assert {one.type for one in held} == types


@pytest.mark.parametrize(
    ("said", "ward", "specialty"),
    [
        pytest.param("心血管内科", "心血管内科", "cardiology", id="its name"),
        pytest.param("心内科", "心血管内科", "cardiology", id="as it is called"),
        pytest.param("内科", "内科", "internal", id="one name within another"),
        pytest.param("心", "", "cardiology", id="too short for a name"),
        pytest.param("GI FACILITY", "", "cardiology", id="a name nobody here has"),
        pytest.param("", "", "cardiology", id="none"),
    ],
)
def test_the_ward_is_the_one_that_is_named_else_the_specialty_that_fits(
    world: World, feed: Feed, said: str, ward: str, specialty: str
) -> None:
    """Of those that treat this, the one of traditional medicine comes last."""
    Department.objects.filter(pk=world.county.ward.pk).update(name="心血管内科")
    for name, kind in (("中医科", "tcm"), ("内科", "internal")):
        Department.objects.create(
            institution=world.county.institution, name=name, specialty=kind,
            treats=["I1"] if kind == "tcm" else [],
        )  # fmt: skip
    send(letter(world).replace("PRD|RT|||^^^", f"PRD|RT|||{said}^^^"))

    referral = Referral.objects.get()
    assert referral.specialty == specialty
    chosen = referral.to_department
    assert (chosen.name if chosen else "") == ward


def test_the_receiver_answers_as_to_any_other(world: World, feed: Feed) -> None:
    send(letter(world))
    referral = Referral.objects.get()

    desk.accept(world.county.desk, referral.id)

    assert Referral.objects.get().state == Hop.ACCEPTED
    assert sight_of(world.county.doctor, world.resident.id).scope is Scope.FULL


def test_a_feed_opens_no_record_to_its_own_house(world: World, feed: Feed) -> None:
    """Nobody opens a record by their own act, and no computer either."""
    number = "34052419800101001X"
    born = date(1980, 1, 1)
    stranger = with_number(people.person("李建国", sex="1", born_on=born), number)

    send(
        letter(world, name="李建国", born="19800101", sex="M", ids=f"{number}^^^^NNCHN")
    )

    assert sight_of(world.township.doctor, stranger.id).scope is Scope.IDENTITY
    assert sight_of(world.county.desk, stranger.id).scope is Scope.SUMMARY
    desk.accept(world.county.desk, Referral.objects.get().id)
    assert sight_of(world.township.doctor, stranger.id).scope is Scope.FULL


def test_results_go_into_the_record_with_their_source(world: World, feed: Feed) -> None:
    more = [
        "OBR|1|||LIPID^血脂^L|||20260228093000",
        "OBX|1|NM|2823-3^血钾^LN||5.80|mmol/L|3.5-5.3|H|||F|||20260228093000",
        "NTE|1||溶血标本",
        "OBX|2|NM|8480-6^收缩压^LN||182|mmHg||||F",
        "AL1|1|DA|Z88.0^青霉素^I10|SV|皮疹",
        "PR1|1||88.72^心脏超声^I9||20260227",
    ]
    send(letter(world, more=more))

    types = {"Observation", "AllergyIntolerance", "Procedure"}
    held = resources_of(world.township.doctor, world.resident.id, types)
    bodies = {one.type: one.body for one in held if one.type != "Observation"}
    found = {one.body["code"]["text"]: one for one in held if one.type == "Observation"}
    assert str(found["血钾"].body["valueQuantity"]["value"]) == "5.80"
    assert "urn:yilian:feed:township-his#" in found["血钾"].body["meta"]["source"]
    assert found["血钾"].institution_id == world.township.id
    assert bodies["AllergyIntolerance"]["criticality"] == "high"
    assert bodies["Procedure"]["performedDateTime"] == "2026-02-27"
    content = Referral.objects.get().content
    assert "血钾 5.80 mmol/L（参考 3.5-5.3） H；溶血标本" in content["results"]
    assert "收缩压 182 mmHg" in content["exam"]
    assert "青霉素" in content["history"]


# --- once -----------------------------------------------------------


@pytest.mark.parametrize(
    "padded",
    [
        pytest.param({"to": "640121\0"}, id="in a code"),
        pytest.param({"number": "ZY\0-7"}, id="in a number"),
        pytest.param({"name": "马秀英\0"}, id="in a name"),
        pytest.param({"reason": "血压\0未达标"}, id="in words"),
        pytest.param({"diagnosis": "I10.x00\\X00\\^高血压病^I10"}, id="escaped"),
    ],
)
def test_nulls_that_old_systems_pad_with_are_left_out(
    world: World, feed: Feed, padded: dict[str, str]
) -> None:
    answer = read_answer(send(letter(world, **padded)))
    assert answer.first("MSA").value(1) == "AA"
    assert kept().state in {State.DONE, State.WAITING}


def test_a_fault_of_ours_is_kept_for_a_person_who_tries_again(
    world: World, feed: Feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as fault:
        fault.setattr(taking, "_ACTS", {})
        answer = read_answer(send(letter(world)))
    assert answer.first("MSA").value(1) == "AA", "sent again it would fail again"
    dead = kept()
    assert dead.state == State.DEAD
    assert Notice.objects.filter(cause__startswith=f"message:{dead.id}").exists()
    mending.replay(world.township.desk, dead.id, revision=dead.revision)
    assert kept().state == State.DONE
    assert Referral.objects.get().state == Hop.SUBMITTED


def test_the_same_message_again_gets_the_same_answer(world: World, feed: Feed) -> None:
    first = send(letter(world))
    again = send(letter(world, sent_at="20260301090000+0800"))

    assert again.text == first.text
    assert Referral.objects.count() == Received.objects.count() == 1


def test_the_same_id_with_other_content_is_refused(world: World, feed: Feed) -> None:
    send(letter(world))
    answer = read_answer(send(letter(world, reason="另一个原因")))

    assert answer.first("MSA").value(1) == "AR"
    assert answer.first("ERR").value(3) == "205"
    assert Referral.objects.count() == 1


def test_a_second_referral_of_the_same_illness_is_refused_in_words(
    world: World, feed: Feed
) -> None:
    send(letter(world))
    answer = read_answer(send(letter(world, control_id="M2", number="ZY-8")))

    assert answer.first("MSA").value(1) == "AE"
    assert "已有未办结的转诊" in answer.first("MSA").value(3)
    assert kept("M2").state == State.REFUSED


# --- change and cancel ----------------------------------------------


def test_a_change_before_the_answer_changes_the_content_and_not_the_clock(
    world: World, feed: Feed
) -> None:
    send(letter(world))
    before = Referral.objects.get()
    changed = [*CONTENT[:2], "已做处理：加用缬沙坦 80 mg"]
    answered = send(letter(world, kind="REF^I13", control_id="M2", notes=changed))

    after = Referral.objects.get()
    assert answered.ack == "AA"
    assert after.id == before.id
    assert after.content["treatment"] == "加用缬沙坦 80 mg"
    assert after.answer_due_at == before.answer_due_at


def test_a_change_of_urgency_is_a_new_referral(world: World, feed: Feed) -> None:
    send(letter(world))
    send(letter(world, kind="REF^I13", control_id="M2", priority="S"))

    old, new = Referral.objects.order_by("created_at")
    assert (old.state, new.state) == (Hop.WITHDRAWN, Hop.SUBMITTED)
    assert new.urgency == "stat"


def test_after_the_answer_nothing_is_changed(world: World, feed: Feed) -> None:
    send(letter(world))
    desk.accept(world.county.desk, Referral.objects.get().id)
    answer = read_answer(send(letter(world, kind="REF^I13", control_id="M2")))

    assert answer.first("MSA").value(1) == "AE"
    assert "接收方已经应答" in answer.first("MSA").value(3)


@pytest.mark.parametrize(
    ("is_accepted", "state"),
    [(False, Hop.WITHDRAWN), (True, Hop.CANCEL_REQUESTED)],
    ids=["before the answer", "after it"],
)
def test_a_cancellation(
    world: World, feed: Feed, is_accepted: bool, state: Hop
) -> None:
    send(letter(world))
    if is_accepted:
        desk.accept(world.county.desk, Referral.objects.get().id)
    answered = send(letter(world, kind="REF^I14", control_id="M2", reason="患者好转"))

    assert answered.ack == "AA"
    assert Referral.objects.get().state == state


def test_a_change_of_what_nobody_sent_is_refused(world: World, feed: Feed) -> None:
    answer = read_answer(send(letter(world, kind="REF^I13")))

    assert answer.first("MSA").value(1) == "AE"
    assert answer.first("ERR").value(3) == "204"


def test_another_houses_referral_is_not_cancelled(world: World, feed: Feed) -> None:
    make_feed(world.village, name="village-his", facility="HONGXING")
    send(letter(world))
    answer = read_answer(
        send(letter(world, kind="REF^I14", facility="HONGXING", control_id="M2"))
    )

    assert answer.first("MSA").value(1) == "AE"
    assert Referral.objects.get().state == Hop.SUBMITTED


@pytest.mark.parametrize(
    ("status", "state"), [("A", Hop.ACCEPTED), ("R", Hop.DECLINED)]
)
def test_the_receivers_system_answers(
    world: World, feed: Feed, status: str, state: Hop
) -> None:
    send(letter(world))
    make_feed(world.county, name="county-his", facility="XIAN")
    ours = Referral.objects.get().number
    answered = send(
        letter(world, kind="RRI^I12", facility="XIAN", number=ours, status=status)
    )

    assert answered.ack == "AA"
    assert Referral.objects.get().state == state


# --- refused at the door --------------------------------------------


@pytest.mark.parametrize(
    ("header", "ack", "fault"),
    [
        pytest.param({"facility": "NOBODY"}, "AR", "204", id="not registered"),
        pytest.param({"control_id": ""}, "AR", "101", id="no control id"),
        pytest.param({"version": "3.0"}, "AR", "203", id="another version"),
        pytest.param({"mode": "T"}, "AR", "202", id="a training message"),
        pytest.param({"kind": "ADT^A01"}, "AR", "200", id="another kind"),
        pytest.param({"kind": "REF^I15"}, "AR", "201", id="another event"),
        pytest.param({"charset": "EBCDIC"}, "AE", "102", id="unknown characters"),
    ],
)
def test_what_is_refused_says_why(
    world: World, feed: Feed, header: dict[str, str], ack: str, fault: str
) -> None:
    answer = read_answer(send(letter(world, **header)))

    assert answer.first("MSA").value(1) == ack
    assert answer.first("ERR").value(3) == fault
    assert answer.first("MSA").value(3)
    assert not Received.objects.exists()


def test_a_feed_speaks_only_from_its_addresses(world: World, feed: Feed) -> None:
    answer = read_answer(send(letter(world), Arrival("192.168.7.7")))
    assert answer.first("MSA").value(1) == "AR"
    assert not Received.objects.exists()


@pytest.mark.parametrize(
    ("given", "ack"), [("right", "AA"), ("wrong", "AR"), ("", "AR")]
)
def test_a_feed_with_a_secret_must_say_it(world: World, given: str, ack: str) -> None:
    make_feed(world.township, addresses=[], secret="right")  # noqa: S106
    assert send(letter(world, security=given), Arrival("8.8.8.8")).ack == ack


def test_a_feed_that_has_ended_is_not_heard(world: World) -> None:
    ended = DateRange(date(2020, 1, 1), date(2021, 1, 1))
    make_feed(world.township, period=ended)
    assert send(letter(world)).ack == "AR"


def test_a_refusal_at_the_door_is_written_down_once_a_minute(
    world: World, feed: Feed
) -> None:
    for _time in range(3):
        send(letter(world, facility="NOBODY"), Arrival("172.16.0.9"))

    rows = AuditEntry.objects.filter(action="exchange.refuse", origin="172.16.0.9")
    assert rows.count() == 1


@pytest.mark.parametrize("data", [b"", b"hello", b"PID|1", b"MSH|", b"MSH|^~\\&|\xff"])
def test_what_is_no_message_is_answered_all_the_same(db: None, data: bytes) -> None:
    assert receive(data, HERE).ack == "AR"


def test_ten_megabytes_are_the_most(world: World, feed: Feed) -> None:
    assert receive(b"MSH|^~\\&|" + b"A" * LARGEST, HERE).ack == "AR"


# --- characters -----------------------------------------------------


@pytest.mark.parametrize(
    ("charset", "codec"),
    [("UNICODE UTF-8", "utf-8"), ("GB 18030-2000", "gb18030"), ("", "utf-8")],
)
def test_chinese_arrives_whole(
    world: World, feed: Feed, charset: str, codec: str
) -> None:
    answered = send(letter(world, charset=charset), codec=codec)

    assert answered.ack == "AA"
    assert Referral.objects.get().content["complaint"] == "胸闷 3 天"
    assert read_answer(answered, codec).first("MSA").value(3).startswith("已受理")


def test_a_feed_may_have_other_characters_where_the_message_is_silent(
    world: World,
) -> None:
    make_feed(world.township, charset="gb18030")
    assert send(letter(world, charset=""), codec="gb18030").ack == "AA"


def test_bytes_that_are_not_what_was_declared_are_never_guessed(
    world: World, feed: Feed
) -> None:
    answer = read_answer(send(letter(world), codec="gb18030"))
    assert answer.first("MSA").value(1) == "AE"
    assert "MSH-18" in answer.first("MSA").value(3)
    assert send(letter(world, charset="ASCII")).ack == "AE"


# --- as it came -----------------------------------------------------


def test_the_original_lies_encrypted_beside_the_database(
    world: World, feed: Feed, settings: Settings
) -> None:
    text = letter(world)
    send(text)

    files = [path for path in settings.YILIAN_DATA.rglob("*") if path.is_file()]
    assert keeping.kept(kept().id) == text.encode()
    assert len(files) == 1
    assert NUMBER.encode() not in files[0].read_bytes()
    assert files[0].stat().st_mode & 0o077 == 0


def test_what_was_received_cannot_be_changed(world: World, feed: Feed) -> None:
    send(letter(world))
    with pytest.raises(ProgrammingError), transaction.atomic():
        Received.objects.update(control_id="other")
    with pytest.raises(ProgrammingError), transaction.atomic():
        Received.objects.all().delete()


# --- texts without a message ---------------------------------------------------------


def test_what_a_dead_process_left_on_the_disk_is_swept_after_a_day(
    world: World, feed: Feed
) -> None:
    send(letter(world))
    taken = Received.objects.get().id
    lost = new_id()
    for path in (keeping.keep(lost, b"MSH|"), Path(f"{keeping._path(new_id())}.part")):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    now = timezone.now()
    assert keeping.sweep(now) == 0
    assert keeping.sweep(now + timedelta(days=1, hours=1)) == 2
    assert keeping.kept(taken)
    with pytest.raises(FileNotFoundError):
        keeping.kept(lost)
