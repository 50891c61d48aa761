"""One matrix over every way the database is asked who may see whom (decisions 1)."""

from dataclasses import replace
from datetime import timedelta
from itertools import product
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.utils import timezone

from yilian.foundation.access.actor import Actor, Reach, Role, system_actor
from yilian.foundation.access.database import acting_as
from yilian.foundation.tests.plans import copies
from yilian.kernel.ids import NIL, new_id
from yilian.registry.directory.models import Institution
from yilian.registry.population import queries, services
from yilian.registry.population.models import Grant, Person, sight_arguments
from yilian.registry.population.rules import Ground, Scope
from yilian.registry.population.services import grants
from yilian.registry.population.tests import world

PERIODS = {"now": (-1, 1), "over": (-2, -1), "not yet": (1, 2), "open end": (-1, None)}
GRANTED = [Ground.CONTRACT, Ground.REFERRAL, Ground.ENCOUNTER, Ground.EMERGENCY]


def by_function(actor: Actor, person_id: UUID) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT population_sight(%s, %s, %s, %s, %s)",
            [person_id, *sight_arguments(actor)],
        )
        return int(cursor.fetchone()[0])


def by_row_security(actor: Actor, person_id: UUID) -> int:
    """What a policy asks: the same, of whoever the connection acts as."""
    with acting_as(actor), connection.cursor() as cursor:
        cursor.execute("SELECT population_sight_here(%s)", [person_id])
        return int(cursor.fetchone()[0])


def by_queryset(actor: Actor, person_id: UUID) -> int:
    seen = [
        scope
        for scope in (Scope.IDENTITY, Scope.SUMMARY, Scope.FULL)
        if Person.objects.visible_to(actor, scope).filter(pk=person_id).exists()
    ]
    return max(seen, default=Scope.NONE)


def by_ground(actor: Actor, person_id: UUID) -> int:
    return queries.sight_of(actor, person_id).scope


def by_card(actor: Actor, person_id: UUID) -> int:
    return queries.card(actor, person_id).scope


WAYS = [by_function, by_row_security, by_queryset, by_ground, by_card]


def grant(person: Person, house: Institution, **facts: object) -> Grant:
    now = timezone.now()
    first, last = PERIODS[str(facts.pop("period", "now"))]
    end = None if last is None else now + timedelta(hours=last)
    facts.setdefault("ground", Ground.REFERRAL.value)
    facts.setdefault("scope", 3)
    return Grant.objects.create(
        person=person,
        institution=house,
        evidence_kind="test",
        evidence_id=new_id(),
        period=(now + timedelta(hours=first), end),
        **facts,
    )


@pytest.mark.parametrize(
    ("ground", "scope", "account", "period"),
    list(product(GRANTED, [1, 2, 3], ["any", "sole", "only"], PERIODS)),
)
def test_a_grant_opens_alike_whichever_way_it_is_asked(
    ground: Ground,
    scope: int,
    account: str,
    period: str,
    township: Institution,
    resident: Person,
    doctor: Actor,
    desk: Actor,
    stranger: Actor,
) -> None:
    tied = {} if account == "any" else {f"{account}_account_id": doctor.account_id}
    grant(resident, township, ground=ground, scope=scope, period=period, **tied)
    is_open = period in {"now", "open end"}
    expected = {
        doctor: scope if is_open and account != "sole" else 0,
        desk: scope if is_open and account != "only" else 0,
        stranger: 0,
    }
    for actor, seen in expected.items():
        assert [way(actor, resident.id) for way in WAYS] == [seen] * len(WAYS)


@pytest.mark.parametrize(
    ("reach", "expected"),
    [
        (Reach.INSTITUTION, 3),
        (Reach.DEPARTMENT, 3),
        (Reach.CONSORTIUM, 0),
        (Reach.AREA, 0),
        (Reach.AUDIT, 0),
        (Reach.SELF, 0),
        (Reach.SYSTEM, 3),
    ],
)
def test_a_grant_serves_those_who_work_there_and_nobody_above(
    reach: Reach,
    expected: int,
    township: Institution,
    resident: Person,
    doctor: Actor,
) -> None:
    grant(resident, township)
    actor = replace(doctor, reach=reach)
    assert [way(actor, resident.id) for way in WAYS] == [expected] * len(WAYS)


def test_residents_see_themselves_and_those_they_stand_for(resident: Person) -> None:
    child, other = world.person("马小军"), world.person("李强")
    actor = world.resident_actor(resident.id, child.id)
    Person.objects.filter(pk=resident.pk).update(account=actor.account_id)
    for person, seen in [(resident, 3), (child, 3), (other, 0)]:
        assert [way(actor, person.id) for way in WAYS] == [seen] * len(WAYS)
    assert queries.sight_of(actor, resident.id).ground is Ground.SELF
    assert queries.sight_of(actor, child.id).ground is Ground.PROXY


def test_resources_of_no_person_are_open_and_the_system_sees_all(
    resident: Person, stranger: Actor
) -> None:
    assert by_function(stranger, NIL) == by_row_security(stranger, NIL) == 3
    assert queries.sight_of(stranger, NIL).ground is Ground.PUBLIC
    clock = system_actor("expire_holds")
    assert queries.sight_of(clock, resident.id).ground is Ground.SYSTEM


def test_somebody_signed_out_sees_nobody(resident: Person) -> None:
    nobody = Actor(account_id=None, reach=Reach.INSTITUTION)
    assert [way(nobody, resident.id) for way in WAYS] == [0] * len(WAYS)


def test_the_widest_grant_counts_and_the_calmest_ground_is_named(
    township: Institution, resident: Person, doctor: Actor
) -> None:
    grant(resident, township, ground=Ground.REGISTRATION, scope=1)
    grant(resident, township, ground=Ground.EMERGENCY, scope=3)
    kept = grant(resident, township, ground=Ground.ENCOUNTER, scope=3)
    seen = queries.sight_of(doctor, resident.id)
    assert (seen.scope, seen.ground) == (Scope.FULL, Ground.ENCOUNTER)
    assert seen.grant_id == kept.id


def give(actor: Actor, person: Person, evidence: UUID, **facts: object) -> None:
    given: dict[str, Any] = {"ground": Ground.ENCOUNTER, "scope": Scope.FULL} | facts
    assert actor.institution_id
    services.give_grant(
        actor,
        person_id=person.id,
        institution_id=actor.institution_id,
        evidence_kind="encounter",
        evidence_id=evidence,
        **given,
    )


def test_nobody_opens_a_record_by_their_own_act(
    resident: Person, doctor: Actor, desk: Actor
) -> None:
    evidence = new_id()
    give(desk, resident, evidence, is_sole=True)
    assert queries.sight_of(desk, resident.id).scope is Scope.NONE
    assert queries.sight_of(doctor, resident.id).scope is Scope.FULL
    give(desk, resident, evidence, is_sole=True)
    assert queries.sight_of(desk, resident.id).scope is Scope.NONE


@pytest.mark.parametrize("proof", ["another account", "proof came in"])
def test_a_second_act_takes_away_that_it_rests_on_one_alone(
    proof: str, resident: Person, doctor: Actor, desk: Actor
) -> None:
    evidence = new_id()
    give(desk, resident, evidence, is_sole=True)
    if proof == "another account":
        give(doctor, resident, evidence, is_sole=True)
    else:
        give(desk, resident, evidence)
    for actor in (desk, doctor):
        assert queries.sight_of(actor, resident.id).scope is Scope.FULL
    assert Grant.objects.count() == 1
    give(desk, resident, evidence, is_sole=True)
    assert queries.sight_of(desk, resident.id).scope is Scope.FULL


def test_a_later_act_widens_and_never_narrows(resident: Person, doctor: Actor) -> None:
    evidence = new_id()
    for scope, seen in [(2, 2), (3, 3), (1, 3)]:
        give(doctor, resident, evidence, scope=Scope(scope))
        assert queries.sight_of(doctor, resident.id).scope == seen


def test_grants_end_at_once_or_at_a_day_and_can_be_given_again(
    resident: Person, doctor: Actor
) -> None:
    evidence = new_id()
    give(doctor, resident, evidence)
    facts: dict[str, Any] = {"evidence_kind": "encounter", "evidence_id": evidence}
    assert services.limit_grants(**facts, until=timezone.now() + timedelta(days=1)) == 1
    assert queries.sight_of(doctor, resident.id).scope is Scope.FULL
    assert services.end_grants(**facts, institution_id=new_id()) == 0
    assert services.end_grants(**facts, institution_id=doctor.institution_id) == 1
    assert queries.sight_of(doctor, resident.id).scope is Scope.NONE
    assert services.end_grants(**facts) == 0
    give(doctor, resident, evidence)
    assert queries.sight_of(doctor, resident.id).scope is Scope.FULL


def test_what_rests_on_an_evidence_is_found_without_walking_through_all_grants(
    resident: Person, doctor: Actor
) -> None:
    evidence = new_id()
    give(doctor, resident, evidence)
    kept = Grant.objects.get(evidence_id=evidence)
    other = "gen_random_uuid()"
    copies(Grant, kept.pk, range(3000), id=other, evidence_id=other)
    facts: dict[str, Any] = {
        "kind": "encounter", "evidence": evidence, "institution": None,
        "until": timezone.now(),
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {grants._LIMIT}", facts)
        plan = " ".join(line for (line,) in cursor.fetchall())
    assert "grant_by_evidence" in plan


def test_cards_are_masked_without_a_ground_and_come_in_one_query(
    township: Institution, doctor: Actor, django_assert_num_queries: object
) -> None:
    known, unknown = (
        world.person("马秀英"),
        world.person("李建国", phone_masked="138****0000"),
    )
    grant(known, township, scope=1, ground=Ground.REGISTRATION)
    with django_assert_num_queries(1):  # type: ignore[operator]
        found = queries.cards(doctor, [known.id, unknown.id])
    assert found[known.id].name == "马秀英"
    assert found[unknown.id].name == "李*国"
    assert found[unknown.id].is_masked
    assert found[unknown.id].born_on is None
    assert found[unknown.id].phone == "138****0000"
    assert found[unknown.id].place == "永宁县"


def test_roles_alone_open_nothing(resident: Person, township: Institution) -> None:
    for role in Role:
        assert by_function(world.staff(township, role), resident.id) == 0
