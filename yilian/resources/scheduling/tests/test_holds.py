"""Two people can never take the last place."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.utils import timezone

from yilian.foundation.access.actor import Actor, Role
from yilian.foundation.outbox.models import OutboxMessage
from yilian.kernel.errors import Conflict, DomainError, Invalid, NotFound
from yilian.kernel.ids import new_id
from yilian.registry.directory.models import Department, Institution
from yilian.registry.population.models import Person
from yilian.registry.population.tests import world
from yilian.resources.scheduling import queries, services
from yilian.resources.scheduling.models import Bed, Hold, Slot
from yilian.resources.scheduling.rules import FOR_ALL, FOR_CONTRACT, FOR_REFERRAL, Quota


@pytest.fixture
def ward(township: Institution) -> Department:
    return world.department(township)


def bed(ward: Department, label: str = "1", quota: Quota = Quota.OPEN) -> Bed:
    return Bed.objects.create(
        institution_id=ward.institution_id, department=ward, label=label, quota=quota
    )


def slot(ward: Department, hours: float = 24, quota: Quota = Quota.OPEN) -> Slot:
    start = timezone.now() + timedelta(hours=hours)
    return Slot.objects.create(
        institution_id=ward.institution_id,
        department=ward,
        quota=quota,
        starts_at=start,
        ends_at=start + timedelta(minutes=15),
    )


def soon(minutes: float = 30) -> datetime:
    return timezone.now() + timedelta(minutes=minutes)


def take_bed(actor: Actor, ward: Department, person: Person, **facts: object) -> Hold:
    given: dict[str, Any] = {
        "purpose_id": new_id(),
        "from_at": timezone.now(),
        "expires_at": soon(),
        "quotas": FOR_REFERRAL,
    } | facts
    return services.hold_bed(
        actor, ward.id, person_id=person.id, purpose_kind="referral", **given
    )


def take_slot(actor: Actor, slot_id: UUID, person: Person, **facts: object) -> Hold:
    given: dict[str, Any] = {"purpose_id": new_id(), "expires_at": soon()} | facts
    return services.hold_slot(
        actor, slot_id, person_id=person.id, purpose_kind="referral", **given
    )


def make_stale(hold: Hold) -> None:
    Hold.objects.filter(pk=hold.pk).update(
        expires_at=timezone.now() - timedelta(seconds=1)
    )


def free(ward: Department) -> queries.FreePlaces:
    return queries.free_places([ward.id], timezone.now())[ward.id]


def test_a_bed_is_held_used_and_given_back(
    ward: Department, desk: Actor, resident: Person
) -> None:
    bed(ward)
    hold = take_bed(desk, ward, resident)
    assert free(ward).beds == 0
    services.use_hold(desk, hold.id)
    assert services.use_hold(desk, hold.id).expires_at is None
    services.release_hold(desk, hold.id)
    services.release_hold(desk, hold.id)
    assert free(ward).beds == 1
    assert take_bed(desk, ward, resident).bed_id == hold.bed_id


def test_the_same_purpose_asking_again_gets_the_same_place(
    ward: Department, desk: Actor, resident: Person
) -> None:
    bed(ward, "1")
    bed(ward, "2")
    purpose = new_id()
    first = take_bed(desk, ward, resident, purpose_id=purpose)
    assert take_bed(desk, ward, resident, purpose_id=purpose).id == first.id
    one = slot(ward)
    held = take_slot(desk, one.id, resident, purpose_id=purpose)
    assert take_slot(desk, one.id, resident, purpose_id=purpose).id == held.id


def test_a_hold_that_ran_out_frees_its_place_for_the_next(
    ward: Department, desk: Actor, resident: Person
) -> None:
    bed(ward)
    one = slot(ward)
    stale = [take_bed(desk, ward, resident), take_slot(desk, one.id, resident)]
    for hold in stale:
        make_stale(hold)
    assert free(ward) == queries.FreePlaces(1, 0, one.starts_at, 1)
    take_bed(desk, ward, resident)
    take_slot(desk, one.id, resident)
    states = Hold.objects.filter(pk__in=[hold.pk for hold in stale])
    assert set(states.values_list("state", flat=True)) == {"expired"}
    assert OutboxMessage.objects.filter(kind="HoldExpired").count() == 2
    with pytest.raises(Conflict, match="释放或过期"):
        services.use_hold(desk, stale[0].id)


def test_the_clock_frees_what_ran_out_and_nothing_else(
    ward: Department, desk: Actor, resident: Person
) -> None:
    bed(ward, "1")
    bed(ward, "2")
    stale, _fresh = take_bed(desk, ward, resident), take_bed(desk, ward, resident)
    make_stale(stale)
    assert services.expire_holds() == 1
    assert services.expire_holds() == 0
    assert free(ward).beds == 1


@pytest.mark.parametrize(
    ("kept_for", "quotas", "may"),
    [
        (Quota.OPEN, FOR_ALL, True),
        (Quota.OPEN, FOR_REFERRAL, True),
        (Quota.REFERRAL, FOR_ALL, False),
        (Quota.REFERRAL, FOR_REFERRAL, True),
        (Quota.CONTRACT, FOR_REFERRAL, False),
        (Quota.CONTRACT, FOR_CONTRACT, True),
    ],
)
def test_reserved_places_go_to_whom_they_are_kept_for(
    kept_for: Quota,
    quotas: tuple[Quota, ...],
    may: bool,
    ward: Department,
    desk: Actor,
    resident: Person,
) -> None:
    bed(ward, quota=kept_for)
    one = slot(ward, quota=kept_for)
    assert len(queries.free_slots(ward.id, quotas, timezone.now(), 5)) == may
    if may:
        take_bed(desk, ward, resident, quotas=quotas)
        take_slot(desk, one.id, resident, quotas=quotas)
        return
    with pytest.raises(Conflict):
        take_bed(desk, ward, resident, quotas=quotas)
    with pytest.raises(Conflict, match="另有预留"):
        take_slot(desk, one.id, resident, quotas=quotas)


def test_a_referral_takes_what_is_kept_for_it_first(
    ward: Department, desk: Actor, resident: Person
) -> None:
    bed(ward, "1")
    kept = bed(ward, "2", Quota.REFERRAL)
    assert take_bed(desk, ward, resident).bed_id == kept.id


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda one: {"starts_at": timezone.now() - timedelta(minutes=1)}, "已经过去"),
        (lambda one: {"cancelled_at": timezone.now()}, "停诊"),
    ],
)
def test_a_slot_in_the_past_or_cancelled_is_refused_in_words(
    spoil: Callable[[Slot], dict[str, object]],
    words: str,
    ward: Department,
    desk: Actor,
    resident: Person,
) -> None:
    one = slot(ward)
    Slot.objects.filter(pk=one.pk).update(**spoil(one))
    with pytest.raises(Conflict, match=words):
        take_slot(desk, one.id, resident)
    assert queries.free_slots(ward.id, FOR_ALL, timezone.now(), 5) == []


def test_nothing_is_held_for_the_dead_or_until_yesterday(
    ward: Department, desk: Actor
) -> None:
    bed(ward)
    gone = world.person("李建国", died_at=timezone.now())
    with pytest.raises(Conflict, match="死亡"):
        take_bed(desk, ward, gone)
    with pytest.raises(Invalid):
        take_bed(desk, ward, world.person(), expires_at=soon(-1))


def test_an_unknown_place_is_not_found(desk: Actor, resident: Person) -> None:
    with pytest.raises(NotFound):
        take_slot(desk, new_id(), resident)
    with pytest.raises(NotFound):
        services.release_hold(desk, new_id())


def desk_of(house: Institution) -> Actor:
    return world.staff(house, Role.REFERRAL_DESK)


def race(tries: int, take: Callable[[], object]) -> list[str]:
    """What each of so many threads got: "won", or the code of its refusal."""

    def one(_number: int) -> str:
        try:
            take()
        except DomainError as refusal:
            return refusal.code
        else:
            return "won"
        finally:
            connection.close()

    with ThreadPoolExecutor(tries) as pool:
        return list(pool.map(one, range(tries)))


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("beds", "tries"), [(1, 20), (5, 20)])
def test_twenty_desks_and_few_beds(beds: int, tries: int) -> None:
    house = world.institution()
    ward, desk, person = world.department(house), desk_of(house), world.person()
    for label in range(beds):
        bed(ward, str(label))
    got = race(tries, lambda: take_bed(desk, ward, person))
    assert got.count("won") == Hold.objects.count() == beds
    assert got.count("place-taken") == tries - beds


@pytest.mark.django_db(transaction=True)
def test_twenty_desks_and_one_appointment() -> None:
    house = world.institution()
    ward, desk, person = world.department(house), desk_of(house), world.person()
    one = slot(ward)
    got = race(20, lambda: take_slot(desk, one.id, person))
    assert sorted(got) == ["place-taken"] * 19 + ["won"]
