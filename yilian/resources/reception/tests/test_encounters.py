"""Coming, showing who one is, leaving: and what each opens."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from yilian.foundation.access.actor import Actor, Role
from yilian.foundation.access.database import acting_as
from yilian.foundation.outbox.models import OutboxMessage
from yilian.kernel.errors import Conflict, Invalid, NotFound, NotPermitted
from yilian.kernel.ids import new_id
from yilian.record.models import Resource
from yilian.registry.directory.models import Department, Institution
from yilian.registry.population.models import Grant, Person
from yilian.registry.population.ports import SimulatedCards
from yilian.registry.population.queries import sight_of
from yilian.registry.population.rules import Ground, Scope
from yilian.registry.population.services import phone_columns
from yilian.registry.population.tests import world
from yilian.resources.reception import queries, services
from yilian.resources.reception.models import Encounter
from yilian.resources.reception.rules import Disposition, EncounterKind, Presence
from yilian.resources.scheduling.models import Bed
from yilian.resources.scheduling.rules import FOR_REFERRAL
from yilian.resources.scheduling.services import hold_bed


def receive(actor: Actor, person: Person, **facts: Any) -> Encounter:
    given: dict[str, Any] = {
        "key": new_id(),
        "kind": EncounterKind.OUTPATIENT,
        "department_id": None,
        "presence": Presence.NONE,
    } | facts
    return services.open_encounter(actor, person_id=person.id, **given)


def scope(actor: Actor, person: Person) -> Scope:
    return sight_of(actor, person.id).scope


def proof_of(presence: Presence, actor: Actor, person: Person) -> dict[str, Any]:
    if presence is Presence.CARD:
        return {"proof": SimulatedCards().card_of(person.id)}
    if presence is Presence.CODE:
        return {"proof": services.ask_presence_code(actor, person.id)}
    return {"referral_id": new_id()} if presence is Presence.REFERRAL else {}


@pytest.mark.parametrize(
    ("presence", "opener", "others"),
    [
        (Presence.NONE, Scope.NONE, Scope.FULL),
        (Presence.CARD, Scope.FULL, Scope.FULL),
        (Presence.CODE, Scope.FULL, Scope.FULL),
        (Presence.REFERRAL, Scope.FULL, Scope.FULL),
    ],
)
def test_what_an_encounter_opens_and_for_whom(
    presence: Presence,
    opener: Scope,
    others: Scope,
    desk: Actor,
    doctor: Actor,
    stranger: Actor,
    resident: Person,
) -> None:
    Person.objects.filter(pk=resident.pk).update(**phone_columns("13800001234"))
    receive(desk, resident, presence=presence, **proof_of(presence, desk, resident))
    assert scope(desk, resident) is opener
    assert scope(doctor, resident) is others
    assert scope(stranger, resident) is Scope.NONE
    assert sight_of(doctor, resident.id).ground is Ground.ENCOUNTER


@pytest.mark.parametrize("presence", [Presence.CARD, Presence.CODE])
@pytest.mark.parametrize("proof", ["", "000000", "x' OR '1'='1", "00" * 24])
def test_a_wrong_card_or_code_opens_nothing(
    presence: Presence, proof: str, desk: Actor, doctor: Actor, resident: Person
) -> None:
    with pytest.raises(Invalid) as refusal:
        receive(desk, resident, presence=presence, proof=proof)
    assert list(refusal.value.fields) == ["proof"]
    assert Encounter.objects.count() == 0
    assert scope(doctor, resident) is Scope.NONE


def test_the_card_of_somebody_else_opens_nothing(desk: Actor, resident: Person) -> None:
    card = SimulatedCards().card_of(world.person("李建国").id)
    with pytest.raises(Invalid):
        receive(desk, resident, presence=Presence.CARD, proof=card)


@pytest.mark.django_db(transaction=True)
def test_wrong_codes_are_counted_though_nothing_is_opened() -> None:
    house = world.institution()
    desk = world.staff(house, Role.REFERRAL_DESK)
    resident = world.person(**phone_columns("13800001234"))
    code = services.ask_presence_code(desk, resident.id)
    wrong = "1" * 6 if code != "1" * 6 else "2" * 6
    for _try in range(5):
        with pytest.raises(Invalid):
            receive(desk, resident, presence=Presence.CODE, proof=wrong)
    with pytest.raises(Invalid):
        receive(desk, resident, presence=Presence.CODE, proof=code)


def test_proof_that_comes_later_opens_for_the_desk_too(
    desk: Actor, resident: Person
) -> None:
    encounter = receive(desk, resident)
    card = SimulatedCards().card_of(resident.id)
    services.prove_presence(desk, encounter.id, presence=Presence.CARD, proof=card)
    assert scope(desk, resident) is Scope.FULL
    for said in (Presence.NONE, Presence.REFERRAL):
        with pytest.raises(Invalid):
            services.prove_presence(desk, encounter.id, presence=said, proof="")


def test_a_code_goes_only_to_a_registered_phone(desk: Actor, resident: Person) -> None:
    with pytest.raises(Conflict, match="没有登记手机"):
        services.ask_presence_code(desk, resident.id)


def test_the_same_form_twice_is_one_encounter(desk: Actor, resident: Person) -> None:
    key = new_id()
    facts = {"presence": Presence.CARD, "proof": SimulatedCards().card_of(resident.id)}
    first = receive(desk, resident, key=key, **facts)
    assert receive(desk, resident, key=key, **facts) == first
    assert OutboxMessage.objects.filter(kind="EncounterOpened").count() == 1


def test_nobody_is_received_twice_or_in_two_beds(
    desk: Actor, stranger: Actor, resident: Person
) -> None:
    receive(desk, resident, kind=EncounterKind.INPATIENT)
    with pytest.raises(Conflict, match="已在本机构"):
        receive(desk, resident, kind=EncounterKind.INPATIENT)
    with pytest.raises(Conflict, match="另一家机构住院"):
        receive(stranger, resident, kind=EncounterKind.INPATIENT)
    assert receive(stranger, resident).kind == "outpatient"


def test_the_dead_are_not_received_and_strangers_departments_not_used(
    desk: Actor, county: Institution
) -> None:
    with pytest.raises(Conflict, match="死亡"):
        receive(desk, world.person(died_at=timezone.now()))
    other = world.department(county)
    with pytest.raises(Invalid) as refusal:
        receive(desk, world.person("李建国"), department_id=other.id)
    assert list(refusal.value.fields) == ["department"]


@pytest.mark.parametrize("role", list(Role))
def test_who_may_receive(role: Role, township: Institution, resident: Person) -> None:
    actor = world.staff(township, role)
    if role in {Role.PHYSICIAN, Role.NURSE, Role.REFERRAL_DESK}:
        assert receive(actor, resident)
        return
    with pytest.raises(NotPermitted):
        receive(actor, resident)


def test_leaving_frees_the_bed_and_keeps_sight_for_a_year(
    desk: Actor, doctor: Actor, resident: Person, township: Institution
) -> None:
    ward: Department = world.department(township)
    Bed.objects.create(institution=township, department=ward, label="1")
    hold = hold_bed(
        desk,
        ward.id,
        person_id=resident.id,
        purpose_kind="referral",
        purpose_id=new_id(),
        from_at=timezone.now(),
        expires_at=timezone.now() + timedelta(hours=1),
        quotas=FOR_REFERRAL,
    )
    encounter = receive(
        desk, resident, kind=EncounterKind.INPATIENT, hold_id=hold.id,
        department_id=ward.id,
    )  # fmt: skip
    closed = services.close_encounter(
        doctor, encounter.id, disposition=Disposition.HOME
    )
    assert (
        services.close_encounter(
            doctor, encounter.id, disposition=Disposition.OTHER
        ).disposition
        == "home"
    )
    hold.refresh_from_db()
    assert (closed.state, hold.state) == ("finished", "released")
    until = Grant.objects.get().period.upper - timezone.now()
    assert timedelta(days=364) < until < timedelta(days=366)
    assert scope(doctor, resident) is Scope.FULL
    assert OutboxMessage.objects.filter(kind="EncounterClosed").count() == 1
    with acting_as(doctor):
        kept = Resource.objects.get(type="Encounter", id=str(encounter.id))
    assert '"finished"' in kept.body
    assert '"exp"' not in kept.body


def test_a_death_is_written_down_by_a_physician_who_sees_the_person(
    desk: Actor, doctor: Actor, resident: Person
) -> None:
    encounter = receive(desk, resident)
    with pytest.raises(NotPermitted):
        services.close_encounter(desk, encounter.id, disposition=Disposition.DIED)
    services.close_encounter(doctor, encounter.id, disposition=Disposition.DIED)
    resident.refresh_from_db()
    assert resident.died_at is not None
    assert OutboxMessage.objects.filter(kind="PersonDied").count() == 1


def test_nobody_writes_dead_whom_they_received_on_their_own_word(
    doctor: Actor, resident: Person
) -> None:
    encounter = receive(doctor, resident)
    with pytest.raises(Conflict, match="核验"):
        services.close_encounter(doctor, encounter.id, disposition=Disposition.DIED)


def test_a_wrong_registration_ends_sight_at_once(
    desk: Actor, doctor: Actor, stranger: Actor, resident: Person
) -> None:
    encounter = receive(desk, resident)
    with pytest.raises(NotFound):
        services.enter_in_error(stranger, encounter.id)
    services.enter_in_error(desk, encounter.id)
    assert scope(doctor, resident) is Scope.NONE
    with pytest.raises(Conflict):
        services.close_encounter(desk, encounter.id, disposition=Disposition.HOME)


def test_who_is_here_takes_two_queries_however_many_there_are(
    desk: Actor, doctor: Actor, django_assert_num_queries: Any
) -> None:
    for name in ("马秀英", "李建国", "王小军"):
        receive(desk, world.person(name))
    with django_assert_num_queries(2):
        lines = queries.present(desk)
    assert [line.card.name for line in lines] == ["王*军", "李*国", "马*英"]
    assert all(line.rests_on_me_alone for line in lines)
    assert queries.present(doctor)[0].card.name == "王小军"


def test_a_clock_set_back_keeps_nobody_from_leaving(
    desk: Actor, resident: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    ahead = timezone.now() + timedelta(hours=1)
    with monkeypatch.context() as patch:
        patch.setattr(timezone, "now", lambda: ahead)
        left = receive(desk, resident)
        wrong = receive(desk, resident, kind=EncounterKind.EMERGENCY)
    services.enter_in_error(desk, wrong.id)
    closed = services.close_encounter(desk, left.id, disposition=Disposition.HOME)
    wrong.refresh_from_db()
    assert closed.ended_at == closed.started_at == ahead
    assert wrong.ended_at == ahead
