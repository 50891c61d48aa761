"""What other systems are told, in which order, and until when it is tried."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone
from hl7apy.parser import parse_message

from yilian.care.referral.events import ReferralEvent
from yilian.care.referral.models import Referral
from yilian.care.referral.services import receiving, sending
from yilian.care.referral.tests import world as region
from yilian.care.referral.tests.browsing import as_actor, as_authority, plain, words
from yilian.care.referral.tests.world import FEEDBACK, World
from yilian.config.wiring import SUBSCRIPTIONS
from yilian.foundation.access.actor import Role
from yilian.foundation.audit.models import AuditEntry
from yilian.foundation.notify.models import Notice
from yilian.foundation.outbox.models import OutboxMessage
from yilian.foundation.outbox.ports import kind_named
from yilian.foundation.outbox.rules import from_body
from yilian.foundation.vault.services import encrypt
from yilian.interfaces.exchange.hl7v2 import message as hl7
from yilian.interfaces.exchange.hl7v2.content import sections_of
from yilian.interfaces.exchange.hl7v2.referral import read_referral
from yilian.interfaces.exchange.intake.models import Feed
from yilian.interfaces.exchange.intake.tests.world import NUMBER, letter, send
from yilian.interfaces.exchange.outgoing.handlers import tell_peers
from yilian.interfaces.exchange.outgoing.models import Letter, Peer
from yilian.interfaces.exchange.outgoing.rules import (
    MOST_TRIES,
    TO_RECEIVER,
    TO_SENDER,
    Fault,
    State,
    pause_after,
)
from yilian.interfaces.exchange.outgoing.services import sending as out
from yilian.interfaces.exchange.outgoing.tests.conftest import Hospital, Store
from yilian.interfaces.fhir_api.checks import problems_of
from yilian.kernel.errors import Conflict, NotFound
from yilian.kernel.ids import new_id
from yilian.kernel.tier import Direction
from yilian.registry.population.services.registering import put_patient

PeerOf = Callable[..., Peer]


def deliver() -> None:
    """What the deliverer and the worker would do, twice over: handlers may repeat."""
    for row in OutboxMessage.objects.order_by("created_at", "id"):
        kind = kind_named(row.kind)
        if tell_peers in SUBSCRIPTIONS[kind]:
            event = from_body(kind, row.body)
            assert isinstance(event, ReferralEvent)
            tell_peers(event)
            tell_peers(event)
    OutboxMessage.objects.update(dispatched_at=timezone.now())


def send_all() -> None:
    """Until nothing that is due is left."""
    for _round in range(5):
        for peer in Peer.objects.all():
            out.send_to(peer.id)


def facts_in(text: str) -> Any:
    return read_referral(hl7.parse(text))


# --- to the receiver's system ---------------------------------------


def test_a_referral_leaves_for_the_receivers_system(
    world: World, peer_of: PeerOf, hospital: Hospital
) -> None:
    peer_of(world.county)
    peer_of(world.tertiary)
    sent = region.submitted(world.township, world.county, world.resident)
    deliver()
    send_all()

    (text,) = hospital.got
    facts = facts_in(text)
    assert hl7.parse(text).header.kind == "REF^I12"
    assert facts.number == sent.number
    assert facts.patient.name == "马秀英"
    assert facts.patient.born_on == date(1960, 3, 8)
    assert facts.priority == "R"
    assert facts.diagnoses[0].code.code == "I10.x00"
    assert sections_of(facts, Direction.UP)["complaint"] == "胸闷 3 天"
    assert Letter.objects.get().state == State.DONE
    assert AuditEntry.objects.filter(action="exchange.send").count() == 1


def test_another_library_finds_our_message_valid(
    world: World, peer_of: PeerOf, hospital: Hospital
) -> None:
    """hl7apy knows the structure of every message of version 2.5.1."""
    peer_of(world.county)
    send_away_and_back(world)
    texts = {hl7.parse(text).header.kind: text for text in hospital.got}
    for text in texts.values():
        assert parse_message(text, find_groups=True).validate()
    assert set(texts) == {"REF^I12", "REF^I13", "REF^I14"}


def send_away_and_back(world: World) -> Referral:
    sent = region.submitted(world.township, world.county, world.resident)
    receiving.accept(world.county.desk, sent.id)
    sending.request_cancel(world.township.doctor, sent.id, reason_code="improved")
    deliver()
    send_all()
    return sent


def test_numbers_and_phone_leave_only_after_acceptance(
    world: World, peer_of: PeerOf, hospital: Hospital
) -> None:
    """A peer is told what its house may read, and at that moment."""
    peer_of(world.county)
    sent = region.submitted(world.township, world.county, world.resident)
    deliver()
    send_all()
    receiving.accept(world.county.desk, sent.id)
    deliver()
    send_all()

    before, after = hospital.got
    assert NUMBER not in before
    assert NUMBER in after
    assert hl7.parse(after).header.kind == "REF^I13"


def test_a_withdrawn_referral_is_cancelled_without_its_content(
    world: World, peer_of: PeerOf, hospital: Hospital
) -> None:
    peer_of(world.county)
    sent = region.submitted(world.township, world.county, world.resident)
    deliver()
    send_all()
    sending.withdraw(world.township.doctor, sent.id, reason_code="improved")
    deliver()
    send_all()

    last = hospital.got[-1]
    assert hl7.parse(last).header.kind == "REF^I14"
    assert "胸闷" not in last
    assert "马秀英" not in last
    assert parse_message(last, find_groups=True).validate()


def test_a_peer_that_only_wants_answers_gets_no_referral(
    world: World, peer_of: PeerOf
) -> None:
    peer_of(world.county, takes_referrals=False)
    peer_of(world.county, is_active=False)
    region.submitted(world.township, world.county, world.resident)
    deliver()
    assert not Letter.objects.exists()


# --- back to the sender's system ------------------------------------


def test_the_answer_goes_back_to_the_system_that_asked(
    world: World, feed: Feed, peer_of: PeerOf, hospital: Hospital
) -> None:
    peer_of(world.township, facility="WANGYUAN")
    send(letter(world))
    referral = Referral.objects.get()
    receiving.accept(world.county.desk, referral.id)
    deliver()
    send_all()

    (text,) = hospital.got
    message, facts = hl7.parse(text), facts_in(text)
    assert message.header.kind == "RRI^I12"
    assert message.first("MSA").value(2) == "M1"
    assert (facts.number, facts.other_number) == ("ZY-7", referral.number)
    assert facts.status == "A"
    assert parse_message(text, find_groups=True).validate()


@pytest.mark.parametrize(
    ("act", "status"),
    [
        (lambda w, r: receiving.decline(w.county.desk, r, reason_code="no_bed"), "R"),
        (lambda w, r: receiving.request_info(w.county.desk, r, question="哪天？"), "P"),
    ],
    ids=["sent back", "asked"],
)
def test_why_it_was_sent_back_stands_in_the_answer(
    world: World,
    feed: Feed,
    peer_of: PeerOf,
    hospital: Hospital,
    act: Callable[[World, Any], Any],
    status: str,
) -> None:
    peer_of(world.township)
    send(letter(world))
    act(world, Referral.objects.get().id)
    deliver()
    send_all()

    facts = facts_in(hospital.got[-1])
    assert facts.status == status
    assert facts.notes in (["暂无床位或号源"], ["哪天？"])


def test_the_feedback_comes_home(
    world: World, feed: Feed, peer_of: PeerOf, hospital: Hospital
) -> None:
    peer_of(world.township)
    send(letter(world))
    referral = Referral.objects.get()
    receiving.accept(world.county.desk, referral.id)
    receiving.arrive(world.county.desk, referral.id)
    receiving.complete(world.county.doctor, referral.id, feedback=dict(FEEDBACK))
    deliver()
    send_all()

    assert "高血压 3 级" in hospital.got[-1]
    assert parse_message(hospital.got[-1], find_groups=True).validate()


def test_a_referral_made_on_a_page_is_answered_on_the_page(
    world: World, feed: Feed, peer_of: PeerOf
) -> None:
    peer_of(world.township)
    region.accepted(world.township, world.county, world.resident)
    deliver()
    assert not Letter.objects.exists()


# --- until it arrives -----------------------------------------------


def test_a_peer_that_is_away_is_tried_again_later(
    world: World, peer_of: PeerOf, hospital: Hospital
) -> None:
    peer = peer_of(world.county, address="127.0.0.1:1")
    region.submitted(world.township, world.county, world.resident)
    deliver()
    send_all()

    waiting = Letter.objects.get()
    assert (waiting.state, waiting.tries) == (State.WAITING, 1)
    assert waiting.fault == Fault.NOT_REACHED
    assert waiting.due_at > timezone.now()
    Peer.objects.update(address=f"127.0.0.1:{hospital.port}", not_before=None)
    assert out.send_to(peer.id) == 0
    Letter.objects.update(due_at=timezone.now())
    out.send_to(peer.id)
    assert Letter.objects.get().state == State.DONE


def test_after_the_last_try_it_lies_before_a_person(
    world: World, peer_of: PeerOf, hospital: Hospital
) -> None:
    peer = peer_of(world.county, address="127.0.0.1:1")
    region.submitted(world.township, world.county, world.resident)
    deliver()
    for _try in range(MOST_TRIES):
        Letter.objects.update(due_at=timezone.now())
        Peer.objects.update(not_before=None)
        out.send_to(peer.id)

    dead = Letter.objects.get()
    assert dead.state == State.DEAD
    Peer.objects.update(address=f"127.0.0.1:{hospital.port}")
    client = as_actor(world.county.desk)
    listed = client.get(reverse("exchange:list")).content.decode()
    assert f'href="{reverse("exchange:outgoing")}"' in listed
    assert "连不上对方系统" in plain(client.get(reverse("exchange:outgoing")))
    client.post(reverse("exchange:resend", args=[dead.id]))
    send_all()
    assert Letter.objects.get().state == State.DONE
    assert AuditEntry.objects.filter(action="exchange.resend").count() == 1


def test_who_keeps_the_peer_is_told_once_a_day_what_did_not_arrive(
    world: World, peer_of: PeerOf, hospital: Hospital
) -> None:
    peer = peer_of(world.county)
    hospital.says = "AR"
    for name in ("李建国", "马文"):
        patient = region.contracted(world.township, name)
        region.submitted(world.township, world.county, patient)
    deliver()
    send_all()
    assert Letter.objects.filter(state=State.DEAD).count() == 2
    told = Notice.objects.get(cause__startswith="peer:")
    assert told.institution_id == world.county.id
    assert set(told.roles.split(",")) == {"referral_desk", "system_admin"}
    assert (told.values, told.link.endswith("?show=dead")) == (
        {"name": peer.name},
        True,
    )


def test_letters_that_lie_before_a_person_hold_up_no_other_referral(
    world: World, peer_of: PeerOf, monkeypatch: pytest.MonkeyPatch, hospital: Hospital
) -> None:
    monkeypatch.setattr(out, "_BATCH", 1)
    peer_of(world.county)
    hospital.says = "AR"
    region.submitted(world.township, world.county, world.resident)
    deliver()
    send_all()
    hospital.says = "AA"
    other = region.contracted(world.township, "李建国")
    region.submitted(world.township, world.county, other)
    deliver()
    send_all()
    states = Letter.objects.order_by("created_at", "id").values_list("state", flat=True)
    assert list(states) == [State.DEAD, State.DONE]


def test_the_pauses_grow_to_a_day_and_a_half() -> None:
    pauses = [pause_after(tries) for tries in range(1, MOST_TRIES)]
    known = [pause for pause in pauses if pause is not None]
    assert known == sorted(known)
    assert timedelta(days=1) < sum(known, timedelta()) < timedelta(days=2)
    assert pause_after(MOST_TRIES) is None


@pytest.mark.parametrize(
    ("says", "state", "fault"),
    [
        ("AE", State.WAITING, Fault.ERROR),
        ("AR", State.DEAD, Fault.REFUSED),
        ("??", State.WAITING, Fault.ERROR),
    ],
)
def test_what_the_peer_says_decides(
    world: World,
    peer_of: PeerOf,
    hospital: Hospital,
    says: str,
    state: State,
    fault: Fault,
) -> None:
    hospital.says = says
    peer_of(world.county)
    region.submitted(world.township, world.county, world.resident)
    deliver()
    send_all()

    made = Letter.objects.get()
    assert (made.state, made.fault) == (state, fault)


def test_nothing_of_one_referral_overtakes_and_nothing_else_waits(
    world: World, peer_of: PeerOf, hospital: Hospital
) -> None:
    peer = peer_of(world.county)
    hospital.says = "AR"
    first = region.submitted(world.township, world.county, world.resident)
    deliver()
    send_all()
    hospital.says = "AA"
    sending.withdraw(world.township.doctor, first.id, reason_code="improved")
    other = region.contracted(world.township, "李建国")
    region.submitted(world.township, world.county, other)
    deliver()
    send_all()

    rows = list(Letter.objects.order_by("created_at", "id"))
    assert [row.state for row in rows] == [State.DEAD, State.WAITING, State.DONE]
    out.set_aside(world.county.desk, rows[0].id, note="对方已知")
    send_all()
    assert Letter.objects.get(pk=rows[1].id).state == State.DONE
    assert peer.letters.exclude(state=State.DONE).get().state == State.SET_ASIDE


def test_a_letter_is_written_once_however_often_its_event_is_heard(
    world: World, peer_of: PeerOf
) -> None:
    peer_of(world.county)
    region.submitted(world.township, world.county, world.resident)
    deliver()
    deliver()
    assert Letter.objects.count() == 1
    assert len(Letter.objects.get().control_id) == 20


# --- FHIR -----------------------------------------------------------


def test_a_referral_leaves_as_a_fhir_bundle(
    world: World, peer_of: PeerOf, store: Store
) -> None:
    address = f"http://127.0.0.1:{store.server_port}/fhir"
    peer_of(
        world.county, protocol="fhir", address=address, secret_cipher=encrypt("t0ken")
    )
    put_patient(region.SYSTEM, world.resident)
    sent = region.submitted(world.township, world.county, world.resident)
    deliver()
    send_all()

    (bundle,) = store.got
    resources = [entry["resource"] for entry in bundle["entry"]]
    by_type = {one["resourceType"]: one for one in resources}
    assert bundle["type"] == "transaction"
    assert not [problem for one in resources for problem in problems_of(one)]
    assert by_type["Patient"]["name"][0]["text"] == "马秀英"
    assert "identifier" not in by_type["Patient"]
    assert by_type["ServiceRequest"]["id"] == str(sent.id)
    assert by_type["Task"]["status"] == "requested"
    assert any("胸闷" in note["text"] for note in by_type["ServiceRequest"]["note"])
    assert store.tokens == ["Bearer t0ken"]
    names = [entry["request"]["url"] for entry in bundle["entry"]]
    assert len(names) == len(set(names))


def test_the_senders_fhir_system_hears_how_it_stands(
    world: World, peer_of: PeerOf, store: Store
) -> None:
    address = f"http://127.0.0.1:{store.server_port}/fhir"
    peer_of(world.township, protocol="fhir", address=address)
    sent = region.submitted(world.township, world.county, world.resident)
    receiving.decline(world.county.desk, sent.id, reason_code="no_bed")
    deliver()
    send_all()

    (bundle,) = store.got
    tasks = [
        entry["resource"]
        for entry in bundle["entry"]
        if entry["resource"]["resourceType"] == "Task"
    ]
    assert tasks[0]["status"] == "rejected"
    assert tasks[0]["statusReason"]["text"] == "暂无床位或号源"


@pytest.mark.parametrize(
    ("status", "fault"),
    [(422, Fault.REFUSED), (503, Fault.ERROR), (302, Fault.ERROR)],
    ids=["refused", "busy", "sent elsewhere"],
)
def test_what_a_fhir_server_says_decides_and_no_redirect_is_followed(
    world: World, peer_of: PeerOf, store: Store, status: int, fault: Fault
) -> None:
    store.status = status
    address = f"http://127.0.0.1:{store.server_port}/fhir"
    peer_of(world.county, protocol="fhir", address=address)
    region.submitted(world.township, world.county, world.resident)
    deliver()
    send_all()

    made = Letter.objects.get()
    assert (made.fault, made.ack) == (fault, str(status))
    assert len(store.got) == made.tries == 1


# --- pages ----------------------------------------------------------


@pytest.mark.parametrize(
    ("who", "letters", "peers"),
    [
        (lambda w: as_actor(w.county.desk), 200, 403),
        (lambda w: as_actor(w.stranger.desk), 200, 403),
        (lambda w: as_actor(w.county.doctor), 403, 403),
        (lambda w: as_authority(Role.SYSTEM_ADMIN), 200, 200),
        (lambda w: as_authority(Role.AUDIT_ADMIN), 403, 403),
        (lambda w: as_authority(Role.OFFICER), 403, 403),
    ],
    ids=["desk", "another desk", "doctor", "administrator", "auditor", "officer"],
)
def test_who_sees_the_pages(
    world: World,
    peer_of: PeerOf,
    who: Callable[[World], Any],
    letters: int,
    peers: int,
) -> None:
    peer = peer_of(world.county)
    client = who(world)
    assert client.get(reverse("exchange:outgoing")).status_code == letters
    for name in ("peers", "open_peer"):
        assert client.get(reverse(f"exchange:{name}")).status_code == peers
    seen = client.get(reverse("exchange:peer", args=[peer.id])).status_code
    assert seen == (200 if peers == 200 else 404)


def test_another_desk_sends_nothing_again(
    world: World, peer_of: PeerOf, hospital: Hospital
) -> None:
    hospital.says = "AR"
    peer_of(world.county)
    region.submitted(world.township, world.county, world.resident)
    deliver()
    send_all()
    dead = Letter.objects.get()
    with pytest.raises(NotFound):
        out.resend(world.stranger.desk, dead.id)
    assert dead.referral.number not in words(
        as_actor(world.stranger.desk).get(reverse("exchange:outgoing"))
    )
    out.resend(world.township.desk, dead.id)
    with pytest.raises(Conflict):
        out.resend(world.township.desk, dead.id)


def _peer_facts(world: World) -> dict[str, str]:
    return {
        "idempotency_key": str(new_id()),
        "name": "county-fhir",
        "institution_id": world.county.institution.code,
        "protocol": "fhir",
        "address": "https://fhir.example/r4",
        "is_secured": "on",
        "secret": "s3cret-token",
        "takes_referrals": "on",
    }


def test_a_peer_is_registered_and_its_secret_never_shown(world: World) -> None:
    client = as_authority(Role.SYSTEM_ADMIN)
    client.post(reverse("exchange:open_peer"), _peer_facts(world))
    peer = Peer.objects.get()
    url = reverse("exchange:peer", args=[peer.id])

    assert b"s3cret-token" not in bytes(peer.secret_cipher or b"")
    assert "s3cret-token" not in words(client.get(url))
    client.post(url, {"address": "https://fhir.example/r4b", "is_secured": "on"})
    changed = Peer.objects.get()
    assert changed.secret_cipher == peer.secret_cipher
    assert changed.address.endswith("r4b")
    assert not changed.is_active


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"address": "ftp://x"}, "https://"),
        ({"address": "https://user@host/x"}, "不能带用户名"),
        ({"address": "http://host/x"}, "https://"),
        ({"protocol": "hl7v2", "address": "nowhere"}, "主机:端口"),
        ({"institution_id": "?"}, "请从列表中选择机构"),
    ],
)
def test_an_address_that_cannot_be_is_refused_at_its_field(
    world: World, change: dict[str, str], said: str
) -> None:
    client = as_authority(Role.SYSTEM_ADMIN)
    answer = client.post(reverse("exchange:open_peer"), _peer_facts(world) | change)
    assert answer.status_code == 422
    assert said in plain(answer)
    assert not Peer.objects.exists()


def test_every_event_that_is_written_about_is_listened_to() -> None:
    for kind in {*TO_RECEIVER, *TO_SENDER}:
        assert tell_peers in SUBSCRIPTIONS[kind]
