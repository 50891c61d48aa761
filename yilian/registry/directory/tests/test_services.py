"""Institutions, posts and duty: what may be written, and what follows from it."""

import time
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from yilian.foundation.access.actor import Actor, Role, system_actor
from yilian.foundation.audit.models import AuditEntry
from yilian.foundation.outbox.models import OutboxMessage
from yilian.kernel.canonical import dump_json
from yilian.kernel.errors import Conflict, Invalid, NotPermitted
from yilian.kernel.ids import new_id
from yilian.kernel.names import NameWrong
from yilian.registry.directory import services
from yilian.registry.directory.models import (
    Department,
    DutyShift,
    Equipment,
    Institution,
    Practitioner,
    PractitionerRole,
)
from yilian.registry.directory.queries import (
    actor_of_staff,
    duty_now,
    institution_lines,
    lines,
)
from yilian.registry.directory.rules import DutyKind, InstitutionKind, Level
from yilian.registry.directory.tests.cast import (
    SINCE,
    actor_at,
    days_ago,
    make_account,
    make_authority,
    make_institution,
    make_post,
)
from yilian.registry.directory.tests.sink import ListSink

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sink")]


@pytest.fixture
def city() -> Institution:
    return make_authority()


@pytest.fixture
def county() -> Institution:
    return make_institution()


@pytest.fixture
def admin(city: Institution) -> Actor:
    return actor_at(city, Role.SYSTEM_ADMIN)


@pytest.fixture
def watch(city: Institution) -> Actor:
    return actor_at(city, Role.SECURITY_ADMIN)


def open_one(actor: Actor, **facts: Any) -> Institution:
    given = {
        "key": new_id(),
        "code": "640121-A9",
        "legal_name": "永宁县望洪中心卫生院",
        "kind": InstitutionKind.TOWNSHIP_CENTER,
        "area_code": "640121101",
        **facts,
    }
    return services.open_institution(actor, **given)


# --- institutions -------------------------------------------------------------


def test_what_pages_say_of_a_house_changes_with_it(
    admin: Actor, django_assert_num_queries: Any
) -> None:
    house = open_one(admin, phone="0951-8011111")
    assert institution_lines([house.pk])[house.pk].phone == "0951-8011111"
    with django_assert_num_queries(0):  # read a moment ago
        assert institution_lines([house.pk])[house.pk].name == house.short_name
    services.change_contact(
        admin, house.pk, address="", phone="0951-8022222", referral_phone="",
        services=[],
    )  # fmt: skip
    assert institution_lines([house.pk])[house.pk].phone == "0951-8022222"


def test_what_another_process_changed_is_seen_soon(
    admin: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert lines.SECONDS <= 1
    monkeypatch.setattr(lines, "SECONDS", 0.05)
    house = open_one(admin)
    assert institution_lines([house.pk])[house.pk].name == house.short_name
    Institution.objects.filter(pk=house.pk).update(short_name="改了名的卫生院")
    time.sleep(lines.SECONDS)
    assert institution_lines([house.pk])[house.pk].name == "改了名的卫生院"


def test_opening_says_its_tier_reading_and_place_in_the_record(
    admin: Actor, sink: ListSink
) -> None:
    made = open_one(admin, level=Level.TERTIARY, address="望洪镇", longitude="106.2")
    assert made.tier == "primary"
    assert made.pinyin == "yongningxianwanghongzhongxinweishengyuan"
    assert [one["name"] for one in sink.of("Organization")] == [made.legal_name]
    assert sink.of("Location")[0]["id"] == str(made.pk)
    assert "null" not in dump_json(sink.resources)
    entry = AuditEntry.objects.get(action="institution.open")
    assert entry.object_id == made.pk


def test_the_same_form_twice_opens_once(admin: Actor) -> None:
    key = new_id()
    assert open_one(admin, key=key).pk == open_one(admin, key=key).pk
    assert Institution.objects.filter(code="640121-A9").count() == 1


def test_a_code_is_taken_once(admin: Actor) -> None:
    open_one(admin)
    with pytest.raises(Invalid) as refused:
        open_one(admin)
    assert set(refused.value.fields) == {"code"}


def test_a_wrong_credit_code_is_refused(admin: Actor) -> None:
    with pytest.raises(Invalid) as refused:
        open_one(admin, uscc="12640000455001237X")
    assert set(refused.value.fields) == {"uscc"}
    assert open_one(admin, uscc="12640000455001237K").uscc


@pytest.mark.parametrize(
    ("role", "area", "may"),
    [
        (Role.SYSTEM_ADMIN, "6401", True),
        (Role.SYSTEM_ADMIN, "64", True),
        (Role.SYSTEM_ADMIN, "6402", False),
        (Role.SECURITY_ADMIN, "6401", False),
        (Role.OFFICER, "6401", False),
        (Role.AUDIT_ADMIN, "6401", False),
    ],
)
def test_who_may_open_an_institution(role: Role, area: str, may: bool) -> None:
    actor = actor_at(make_authority(area_code=area), role)
    if may:
        assert open_one(actor).pk
        return
    with pytest.raises(NotPermitted):
        open_one(actor)


def test_a_hospitals_own_administrator_opens_departments_not_institutions(
    county: Institution,
) -> None:
    own = actor_at(county, Role.SYSTEM_ADMIN)
    with pytest.raises(NotPermitted):
        open_one(own, area_code="640121")
    made = services.open_department(
        own,
        key=new_id(),
        institution_id=county.pk,
        name="心内科",
        specialty="cardiology",
    )
    assert made.institution == county
    with pytest.raises(Invalid):
        services.open_department(
            own, key=new_id(), institution_id=county.pk, name="心内科", specialty="ent"
        )
    elsewhere = make_institution("贺兰县人民医院", area_code="640122")
    with pytest.raises(NotPermitted):
        services.open_department(
            own, key=new_id(), institution_id=elsewhere.pk, name="x", specialty="ent"
        )


def test_closing_is_once_and_after_the_opening(admin: Actor, sink: ListSink) -> None:
    made = open_one(admin, opened_on=date(2020, 1, 1))
    with pytest.raises(Invalid):
        services.close_institution(admin, made.pk, closed_on=date(2020, 1, 1))
    services.close_institution(admin, made.pk, closed_on=date(2026, 1, 1))
    assert sink.of("Organization")[-1]["active"] is False
    with pytest.raises(Conflict):
        services.close_institution(admin, made.pk, closed_on=date(2026, 2, 1))
    with pytest.raises(Conflict):
        services.open_department(
            admin, key=new_id(), institution_id=made.pk, name="x", specialty="ent"
        )


# --- posts --------------------------------------------------------------------


def somebody(admin: Actor, at: Institution, name: str = "马晓燕") -> Practitioner:
    return services.add_practitioner(
        admin, key=new_id(), institution_id=at.pk, name=name
    )


def appoint(
    actor: Actor, at: Institution, *roles: Role, **facts: Any
) -> PractitionerRole:
    person = facts.pop("person", None) or Practitioner.objects.create(name="马晓燕")
    given = {
        "practitioner_id": person.pk,
        "institution_id": at.pk,
        "department_id": None,
        "roles": roles,
        "period": (SINCE, None),
        "account_id": None,
        **facts,
    }
    return services.appoint(actor, **given)


def test_somebody_is_added_appointed_and_acts(
    admin: Actor, county: Institution, sink: ListSink
) -> None:
    person = somebody(admin, county)
    account = make_account()
    post = appoint(admin, county, Role.PHYSICIAN, person=person, account_id=account.pk)
    actor = actor_of_staff(account, None)
    assert actor is not None
    assert (actor.post_id, actor.name) == (post.pk, "马晓燕")
    role = sink.of("PractitionerRole")[0]
    assert role["practitioner"] == {"reference": f"Practitioner/{person.pk}"}
    assert role["period"] == {"start": "2020-01-01"}
    assert AuditEntry.objects.filter(action="post.appoint").count() == 1


def test_no_nonsense_for_a_name(admin: Actor, county: Institution) -> None:
    with pytest.raises(NameWrong):
        somebody(admin, county, "<script>")


@pytest.mark.parametrize(
    "roles",
    [
        pytest.param({Role.OFFICER}, id="officer in a hospital"),
        pytest.param({Role.PRICING}, id="price officer in a hospital"),
        pytest.param({Role.RESIDENT}, id="resident as a post"),
        pytest.param(set(), id="no role"),
    ],
)
def test_roles_that_cannot_stand_there(
    admin: Actor, county: Institution, roles: set[Role]
) -> None:
    with pytest.raises(Invalid) as refused:
        appoint(admin, county, *roles)
    assert set(refused.value.fields) == {"roles"}


def test_separate_powers_never_meet(watch: Actor, city: Institution) -> None:
    person = Practitioner.objects.create(name="孙立平")
    with pytest.raises(Invalid):
        appoint(watch, city, Role.AUDIT_ADMIN, Role.SYSTEM_ADMIN, person=person)
    account = make_account()
    appoint(watch, city, Role.AUDIT_ADMIN, person=person, account_id=account.pk)
    with pytest.raises(Invalid):  # the same person elsewhere, without the account
        appoint(watch, make_authority("宁夏"), Role.SYSTEM_ADMIN, person=person)
    with pytest.raises(Invalid):  # the same account under another name
        appoint(watch, city, Role.SYSTEM_ADMIN, account_id=account.pk)


def test_whoever_keeps_the_system_does_not_choose_who_watches_it(
    admin: Actor, watch: Actor, city: Institution, county: Institution
) -> None:
    for power in (Role.AUDIT_ADMIN, Role.SECURITY_ADMIN, Role.SYSTEM_ADMIN):
        with pytest.raises(NotPermitted):
            appoint(admin, city, power)
        assert appoint(watch, city, power).pk
    with pytest.raises(NotPermitted):
        appoint(watch, county, Role.PHYSICIAN)


def test_an_account_belongs_to_one_person(admin: Actor, county: Institution) -> None:
    account = make_account()
    appoint(admin, county, Role.NURSE, account_id=account.pk)
    with pytest.raises(Invalid) as refused:
        appoint(admin, county, Role.NURSE, account_id=account.pk)
    assert set(refused.value.fields) == {"account_id"}


def test_one_post_of_a_kind_at_a_time(admin: Actor, county: Institution) -> None:
    person = Practitioner.objects.create(name="马晓燕")
    ward = Department.objects.create(institution=county, name="内科", specialty="ent")
    appoint(admin, county, Role.NURSE, person=person, department_id=ward.pk)
    with pytest.raises(Conflict):
        appoint(admin, county, Role.NURSE, person=person, department_id=ward.pk)
    with pytest.raises(IntegrityError), transaction.atomic():
        make_post(county, Role.NURSE, practitioner=person, department=ward)


def test_leaving_locks_at_once_ends_duty_and_tells(
    admin: Actor, county: Institution, sink: ListSink
) -> None:
    account = make_account()
    post = make_post(county, Role.REFERRAL_DESK, account=account)
    now = timezone.now()
    for start in (now - timedelta(hours=1), now + timedelta(days=1)):
        DutyShift.objects.create(
            institution=county,
            post=post,
            kind=DutyKind.REFERRAL_OFFICE,
            period=(start, start + timedelta(hours=8)),
        )
    assert duty_now(county.pk, DutyKind.REFERRAL_OFFICE) is not None
    services.leave_post(admin, post.pk)
    assert actor_of_staff(account, post.pk) is None
    assert duty_now(county.pk, DutyKind.REFERRAL_OFFICE) is None
    assert DutyShift.objects.count() == 1
    assert OutboxMessage.objects.get().kind == "PostLeft"
    assert sink.of("PractitionerRole")[-1]["active"] is False
    with pytest.raises(Conflict):
        services.leave_post(admin, post.pk)


def test_somebody_else_cannot_end_a_post(county: Institution) -> None:
    post = make_post(county, Role.NURSE)
    with pytest.raises(NotPermitted):
        services.leave_post(actor_at(county, Role.PHYSICIAN), post.pk)


# --- duty ---------------------------------------------------------------------


def test_the_desk_plans_its_duty_and_cancels_what_is_to_come(
    county: Institution,
) -> None:
    desk = actor_at(county, Role.REFERRAL_DESK)
    post_id = desk.post_id
    assert post_id is not None
    start = timezone.now() + timedelta(hours=1)

    def plan(hours: int = 8, begins: datetime = start) -> DutyShift:
        return services.plan_duty(
            desk,
            key=new_id(),
            institution_id=county.pk,
            post_id=post_id,
            kind=DutyKind.REFERRAL_OFFICE,
            start=begins,
            end=begins + timedelta(hours=hours),
            phone="0951-8011234",
        )

    shift = plan()
    with pytest.raises(Conflict):
        plan()
    for wrong in (0, 24 * 8):
        with pytest.raises(Invalid):
            plan(wrong)
    with pytest.raises(Invalid):
        plan(begins=start - timedelta(days=2))
    services.cancel_duty(desk, shift.pk)
    assert not DutyShift.objects.exists()
    other = actor_at(make_institution("别家医院"), Role.REFERRAL_DESK)
    with pytest.raises(NotPermitted):
        services.plan_duty(
            other,
            key=new_id(),
            institution_id=county.pk,
            post_id=post_id,
            kind=DutyKind.GENERAL,
            start=start,
            end=start + timedelta(hours=1),
        )


# --- many at once -------------------------------------------------------------


def test_a_batch_comes_in_by_copy_with_one_audit_row(sink: ListSink) -> None:
    parent = Institution(
        code="64-HC", legal_name="宁夏卫健委", short_name="宁夏卫健委",
        kind=InstitutionKind.AUTHORITY, area_code="64",
    )  # fmt: skip
    child = Institution(
        code="640121-A1", legal_name="永宁县人民医院", short_name="永宁医院",
        kind=InstitutionKind.GENERAL_HOSPITAL, tier="secondary", area_code="640121",
        administrative_parent=parent, services=["ct", "icu"], longitude="106.251234",
    )  # fmt: skip
    ward = Department(institution=child, name="心内科", specialty="cardiology")
    person = Practitioner(name="马晓燕", specialties=["cardiology"])
    post = PractitionerRole(
        practitioner=person, institution=child, department=ward,
        roles=["physician"], period=(SINCE, date(2030, 1, 1)),
    )  # fmt: skip
    now = timezone.now()
    services.load_many(
        system_actor("demo"),
        institutions=[parent, child],
        departments=[ward],
        practitioners=[person],
        posts=[post],
        equipment=[Equipment(institution=child, kind="ct", name="CT", count=2)],
        shifts=[
            DutyShift(
                institution=child,
                post=post,
                kind=DutyKind.GENERAL,
                period=(now, now + timedelta(hours=8)),
            )
        ],
    )
    kept = Institution.objects.get(code="640121-A1")
    assert (kept.administrative_parent, kept.services) == (parent, ["ct", "icu"])
    assert (kept.pinyin, kept.initials) == ("yongningxianrenminyiyuan", "ynyy")
    assert PractitionerRole.objects.held_on(days_ago(0)).count() == 1
    entry = AuditEntry.objects.get()
    assert entry.detail["institution"] == 2
    assert sink.of("PractitionerRole")[0]["period"]["end"] == "2029-12-31"
    assert len(sink.resources) == 2 * 2 + 1 + 1 + 1


def test_only_the_system_loads(admin: Actor) -> None:
    with pytest.raises(NotPermitted):
        services.load_many(admin)
