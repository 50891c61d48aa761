"""Who reads the trail, what they find in it, and that reading it leaves a row."""

import csv
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from yilian.foundation.access.actor import Actor, Reach, Role
from yilian.foundation.audit import policies, queries, services
from yilian.foundation.audit.models import AuditEntry
from yilian.foundation.audit.queries import Wanted
from yilian.foundation.audit.rules import action_words
from yilian.kernel.errors import NotPermitted
from yilian.kernel.ids import new_id

pytestmark = pytest.mark.django_db
Play = Callable[..., Actor]
Browse = Callable[[Actor], Client]


@pytest.fixture
def doctor(play: Play) -> Actor:
    return replace(play(Role.PHYSICIAN), origin="10.1.2.3")


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("reach", Reach)
def test_only_the_auditor_reads_the_trail(role: Role, reach: Reach) -> None:
    actor = Actor(new_id(), reach, frozenset({role}))
    expected = (role, reach) == (Role.AUDIT_ADMIN, Reach.AUDIT)
    assert policies.can_search(actor) is expected
    assert policies.can_export(actor) is expected
    assert policies.can_verify(actor) is expected


@pytest.mark.parametrize("reach", sorted(set(Reach) - {Reach.AUDIT, Reach.SELF}))
def test_others_see_no_row_even_of_their_own_doing(doctor: Actor, reach: Reach) -> None:
    services.record(doctor, "record.read", person_id=new_id())
    actor = replace(doctor, reach=reach, roles=frozenset(Role))
    assert not AuditEntry.objects.visible_to(actor).exists()


def test_each_field_narrows_the_search(doctor: Actor, auditor: Actor) -> None:
    person, shown = new_id(), new_id()
    services.record(doctor, "record.read", person_id=person, ground="contract")
    services.record(doctor, "person.search", person_ids=[person, shown])
    services.record(doctor, "record.read", person_id=shown, is_break_glass=True)
    services.record_refusal(doctor, "referral.accept", origin="10.1.2.3")

    def found(**fields: object) -> list[str]:
        page = queries.search(auditor, Wanted(**fields))  # type: ignore[arg-type]
        return sorted(line.entry.action for line in page.lines)

    tomorrow = timezone.localdate() + timedelta(days=1)
    assert len(found()) == 4
    assert found(person_id=person) == ["person.search", "record.read"]
    assert found(action="record") == ["record.read", "record.read"]
    assert found(action="rec") == []
    assert found(outcome="refused") == ["referral.accept"]
    assert found(only_break_glass=True) == ["record.read"]
    assert found(actor="马晓燕", action="person") == ["person.search"]
    assert found(actor=str(doctor.account_id), outcome="refused") == ["referral.accept"]
    assert found(institution_id=new_id()) == []
    assert found(since=tomorrow) == []
    assert len(found(since=timezone.localdate(), until=timezone.localdate())) == 4


def test_pages_neither_skip_nor_repeat(
    doctor: Actor, auditor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "SIZE", 3)
    for _n in range(8):
        services.record(replace(doctor, institution_id=None), "record.read")
    seen, cursor = [], None
    while True:
        page = queries.search(auditor, Wanted(), cursor=cursor)
        seen += [line.entry.id for line in page.lines]
        cursor = page.next
        if cursor is None:
            break
    assert len(seen) == len(set(seen)) == 8


@pytest.mark.parametrize("cursor", ["", "x", "%00", "MTA=", "9" * 400])
def test_a_spoilt_cursor_begins_at_the_beginning(auditor: Actor, cursor: str) -> None:
    assert queries.search(auditor, Wanted(), cursor=cursor).lines == []


def test_the_auditors_own_search_and_export_leave_rows(
    auditor: Actor, doctor: Actor, browse: Browse
) -> None:
    client = browse(auditor)
    services.record(doctor, "record.read", person_id=new_id(), ground="contract")
    page = client.get("/audit/", {"action": "record"})
    assert page.status_code == 200
    assert "家庭医生签约" in page.content.decode()
    answer = client.post("/audit/export", {"action": "record"})
    assert answer.status_code == 200
    actions = set(AuditEntry.objects.values_list("action", flat=True))
    assert {"audit.search", "audit.export"} <= actions


def test_the_export_says_that_the_demo_is_invented_and_holds_no_formula(
    auditor: Actor, doctor: Actor, browse: Browse, settings: Settings
) -> None:
    settings.YILIAN_DEMO = True
    services.record(replace(doctor, name="=1+1"), "record.read", person_id=new_id())
    answer = browse(auditor).post("/audit/export", {})
    rows = list(csv.reader(answer.content.decode("utf-8-sig").splitlines()))
    assert "虚构" in rows[0][0]
    assert len(rows[1]) == len(rows[2])
    assert "'=1+1" in rows[2]


@pytest.mark.parametrize(
    ("method", "address"),
    [
        ("get", "/audit/"),
        ("post", "/audit/export"),
        ("get", "/audit/verification"),
        ("post", "/audit/verification/run"),
    ],
)
def test_a_doctor_is_refused_in_words(
    doctor: Actor, browse: Browse, method: str, address: str
) -> None:
    answer = getattr(browse(doctor), method)(address)
    assert answer.status_code == 403
    assert "审计管理员" in answer.content.decode()


def test_a_wrong_date_is_shown_at_its_field(auditor: Actor, browse: Browse) -> None:
    answer = browse(auditor).get("/audit/", {"since": "2026-02-30"})
    assert answer.status_code == 422


def test_the_verification_page_says_how_the_chain_stands(
    auditor: Actor, browse: Browse
) -> None:
    client = browse(auditor)
    assert client.get("/audit/verification").status_code == 200
    assert "审计链完整" in client.post("/audit/verification/run").content.decode()


# --- who looked ---------------------------------------------------------------


def test_the_resident_sees_who_looked_for_whom_and_on_what_ground(
    resident: Actor, doctor: Actor, browse: Browse
) -> None:
    mine = next(iter(resident.person_ids))
    services.record(doctor, "record.read", person_id=mine, ground="contract")
    services.record(doctor, "record.read", person_id=mine, is_break_glass=True)
    services.record(doctor, "person.search", person_ids=[mine, new_id()])
    services.record(doctor, "record.read", person_id=new_id(), ground="referral")
    services.record(resident, "record.read", person_id=mine)

    said = browse(resident).get("/audit/who-looked").content.decode()
    assert said.count("西吉县人民医院") >= 3
    assert "家庭医生签约" in said
    assert "紧急调阅" in said
    assert "医师" in said
    assert "依据：转诊" not in said


def test_a_guardian_sees_who_looked_at_the_child(
    resident: Actor, doctor: Actor, browse: Browse
) -> None:
    child = new_id()
    services.record(doctor, "record.read", person_id=child, ground="encounter")
    guardian = replace(resident, person_ids=resident.person_ids | {child})
    assert "就诊" in browse(guardian).get("/audit/who-looked").content.decode()


def test_staff_are_told_that_the_page_is_for_residents(
    doctor: Actor, browse: Browse
) -> None:
    assert browse(doctor).get("/audit/who-looked").status_code == 403


def test_who_looked_is_answered_from_indexes(resident: Actor, doctor: Actor) -> None:
    AuditEntry.objects.bulk_create(
        (AuditEntry(action="record.read", person_id=new_id()) for _n in range(4000)),
        batch_size=1000,
    )
    persons = list(resident.person_ids)
    plans = [
        AuditEntry.objects.filter(person_id__in=persons).order_by("-at").explain(),
        AuditEntry.objects.filter(person_ids__overlap=persons)
        .exclude(person_ids=[])
        .order_by("-at")
        .explain(),
    ]
    assert all("Seq Scan" not in plan for plan in plans), plans


# --- refusals -----------------------------------------------------------------


def test_a_refusal_is_written_down_with_what_was_tried(
    doctor: Actor, browse: Browse
) -> None:
    browse(doctor).get("/audit/", REMOTE_ADDR="10.9.9.9")
    row = AuditEntry.objects.get(outcome="refused")
    assert (row.action, row.origin) == ("audit.list", "10.9.9.9")
    assert row.account_id == doctor.account_id
    assert row.detail == {"code": "not-permitted", "status": 403}


def test_only_the_auditor_may_ask_for_a_verification(doctor: Actor) -> None:
    with pytest.raises(NotPermitted):
        services.verify_for(doctor)


def test_an_unknown_action_is_shown_as_it_was_written() -> None:
    assert "frobnicate" in str(action_words("referral.frobnicate"))
