"""Consent, contract, emergency: what opens, for whom, how long, and who looks after."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.utils import timezone

from yilian.foundation.access.actor import Actor, Role
from yilian.foundation.audit.models import AuditEntry
from yilian.foundation.notify.models import Notice
from yilian.kernel.errors import Conflict, Invalid, NotFound, NotPermitted
from yilian.kernel.identity_number import IdentityKind
from yilian.kernel.ids import new_id
from yilian.kernel.tier import Tier
from yilian.registry.directory.models import Institution
from yilian.registry.population import queries, services
from yilian.registry.population.models import Grant, Person
from yilian.registry.population.rules import Ground, GroupTag, Relation, Scope
from yilian.registry.population.tests import world
from yilian.registry.population.tests.sink import Sink


def scope(actor: Actor, person: Person) -> Scope:
    return queries.sight_of(actor, person.id).scope


def emergency(actor: Actor, person: Person, **facts: Any) -> Any:
    given: dict[str, Any] = {
        "reason_code": "unconscious",
        "reason": "车祸送入，昏迷",
    } | facts
    return services.break_glass(actor, person.id, **given)


@pytest.fixture
def auditor(township: Institution) -> Actor:
    return world.staff(township, Role.AUDIT_ADMIN, name="审计员")


def test_an_emergency_opens_all_for_that_account_only_for_a_day(
    doctor: Actor, desk: Actor, resident: Person
) -> None:
    opened = emergency(doctor, resident)
    assert emergency(doctor, resident).id == opened.id
    seen = queries.sight_of(doctor, resident.id)
    assert (seen.scope, seen.ground) == (Scope.FULL, Ground.EMERGENCY)
    assert scope(desk, resident) is Scope.NONE
    until = Grant.objects.get().period.upper - timezone.now()
    assert timedelta(hours=23) < until <= timedelta(hours=24)
    row = AuditEntry.objects.get(action="person.break_glass")
    assert row.is_break_glass
    assert row.grant_id == seen.grant_id
    assert Notice.objects.count() == 1


@pytest.mark.parametrize(
    "facts",
    [
        {"reason": " "},
        {"reason": "\u3000\u200b"},
        {"reason": "急" * 513},
        {"reason": "急\x00"},
        {"reason_code": "curious"},
    ],
)
def test_an_emergency_needs_its_reason(
    facts: dict[str, str], doctor: Actor, resident: Person
) -> None:
    with pytest.raises(Invalid):
        emergency(doctor, resident, **facts)
    assert scope(doctor, resident) is Scope.NONE


@pytest.mark.parametrize("role", list(Role))
def test_who_may_open_in_an_emergency(
    role: Role, township: Institution, resident: Person
) -> None:
    actor = world.staff(township, role)
    if role in {Role.PHYSICIAN, Role.NURSE}:
        assert emergency(actor, resident)
        return
    with pytest.raises(NotPermitted):
        emergency(actor, resident)


def test_an_emergency_is_reviewed_once_and_by_another(
    doctor: Actor, auditor: Actor, resident: Person, county: Institution
) -> None:
    opened = emergency(doctor, resident)
    assert [line.id for line in queries.openings(auditor).lines] == [opened.id]
    assert queries.openings(auditor).lines[0].card.is_masked
    elsewhere = world.staff(county, Role.AUDIT_ADMIN)
    facts: dict[str, Any] = {"is_justified": False, "note": "无抢救记录"}
    for actor, refusal in [(doctor, NotPermitted), (elsewhere, NotFound)]:
        with pytest.raises(refusal):
            services.review_break_glass(actor, opened.id, **facts)
    services.review_break_glass(auditor, opened.id, **facts)
    assert scope(doctor, resident) is Scope.NONE
    assert queries.count_waiting(auditor) == 0
    with pytest.raises(Conflict):
        services.review_break_glass(auditor, opened.id, **facts)


def test_nobody_reviews_their_own_opening(
    township: Institution, resident: Person
) -> None:
    both = world.staff(township, Role.PHYSICIAN, Role.AUDIT_ADMIN)
    opened = emergency(both, resident)
    with pytest.raises(NotPermitted, match="自己"):
        services.review_break_glass(both, opened.id, is_justified=True, note="合理")


def consent(actor: Actor, person: Person, house: Institution, **facts: Any) -> Any:
    given: dict[str, Any] = {"until": timezone.now() + timedelta(days=30)} | facts
    return services.consent(
        actor, key=new_id(), person_id=person.id, institution_id=house.id, **given
    )


def test_a_residents_own_consent_opens_for_all_there_until_taken_back(
    resident: Person, township: Institution, desk: Actor, doctor: Actor, sink: Sink
) -> None:
    own = world.resident_actor(resident.id)
    given = consent(own, resident, township)
    assert scope(desk, resident) is scope(doctor, resident) is Scope.FULL
    assert sink.last("Consent")["status"] == "active"
    with pytest.raises(NotFound):
        services.withdraw_consent(world.resident_actor(new_id()), given)
    services.withdraw_consent(own, given)
    assert scope(doctor, resident) is Scope.NONE
    assert sink.last("Consent")["status"] == "inactive"


def test_a_paper_consent_does_not_open_for_who_took_it(
    resident: Person, township: Institution, desk: Actor, doctor: Actor, county: Any
) -> None:
    with pytest.raises(Invalid):
        consent(desk, resident, township, evidence=" ")
    with pytest.raises(NotPermitted):
        consent(desk, resident, county, evidence="授权书")
    consent(desk, resident, township, evidence="授权书第 12 号")
    assert scope(desk, resident) is Scope.NONE
    assert scope(doctor, resident) is Scope.FULL


@pytest.mark.parametrize("days", [-1, 4000])
def test_a_consent_has_an_end_in_sight(
    days: int, resident: Person, township: Institution
) -> None:
    with pytest.raises(Invalid):
        consent(
            world.resident_actor(resident.id),
            resident,
            township,
            until=timezone.now() + timedelta(days=days),
        )


def test_a_contract_names_three_houses_and_opens_the_signing_one(
    resident: Person, township: Institution, county: Institution, doctor: Actor,
    desk: Actor, stranger: Actor,
) -> None:  # fmt: skip
    today = timezone.localdate()
    contract = new_id()
    facts: dict[str, Any] = {
        "person_id": resident.id,
        "chosen": {Tier.PRIMARY: township.id, Tier.SECONDARY: county.id},
        "doctor_post_id": doctor.post_id,
        "period": (today, today + timedelta(days=365)),
    }
    services.note_contract(doctor, **facts, contract_id=contract, is_witnessed=False)
    assert queries.chosen_institutions(resident.id, today) == facts["chosen"]
    assert [scope(a, resident) for a in (doctor, desk, stranger)] == [0, 3, 0]
    with pytest.raises(Conflict, match="已与其他机构签约"):
        services.note_contract(doctor, **facts, contract_id=new_id(), is_witnessed=True)
    services.end_contract(doctor, contract_id=contract, on=today)
    assert scope(desk, resident) is Scope.NONE
    assert queries.chosen_institutions(resident.id, today) == {}


def open_to(person: Person, house: Institution) -> None:
    Grant.objects.create(
        person=person, institution=house, ground="encounter", scope=3,
        evidence_kind="test", evidence_id=new_id(),
        period=(timezone.now() - timedelta(hours=1), None),
    )  # fmt: skip


def test_a_death_is_written_once(
    resident: Person, township: Institution, doctor: Actor, desk: Actor, sink: Sink
) -> None:
    now = timezone.now()
    with pytest.raises(NotFound):
        services.record_death(doctor, resident.id, died_at=now)
    open_to(resident, township)
    with pytest.raises(NotPermitted):
        services.record_death(desk, resident.id, died_at=now)
    for wrong in (now + timedelta(days=1), now - timedelta(days=40_000)):
        with pytest.raises(Invalid):
            services.record_death(doctor, resident.id, died_at=wrong)
    services.record_death(doctor, resident.id, died_at=now)
    services.record_death(doctor, resident.id, died_at=now - timedelta(days=1))
    assert queries.has_died(resident.id)
    assert sink.last("Patient")["deceasedDateTime"] == now.isoformat()


def test_tags_and_proxies_are_written_once(
    resident: Person, township: Institution, doctor: Actor
) -> None:
    son = world.person("马小军", born_on=date(1985, 1, 1))
    for person in (resident, son):
        open_to(person, township)
    for _again in range(2):
        services.tag(doctor, resident.id, group=GroupTag.HYPERTENSION)
    assert queries.tags(resident.id, timezone.localdate()) == {GroupTag.HYPERTENSION}
    facts: dict[str, Any] = {"relation": Relation.CHILD, "evidence": "户口簿"}
    services.appoint_proxy(doctor, resident.id, proxy_id=son.id, **facts)
    with pytest.raises(Conflict):
        services.appoint_proxy(doctor, resident.id, proxy_id=son.id, **facts)
    with pytest.raises(Invalid):
        services.appoint_proxy(doctor, resident.id, proxy_id=resident.id, **facts)


def test_placeholders_are_filled_for_who_sees_all_and_masked_for_others(
    township: Institution, doctor: Actor, stranger: Actor
) -> None:
    person = world.person(**services.phone_columns("13800001234"))
    number = services.new_identifier(person.id, IdentityKind.PASSPORT, "E12345678")
    number.save()
    open_to(person, township)
    body = f"{{{{identity:{number.id}}}}} {{{{phone:{person.id}}}}}"
    assert queries.fill_placeholders(body, doctor) == "E12345678 13800001234"
    masked = queries.fill_placeholders(body, stranger)
    assert masked == f"{number.value_masked} 138****1234"
    assert queries.fill_placeholders("{{other}}", stranger) == "{{other}}"
