"""Guards against skimming: counted over the pool's houses and the pool's year."""

from datetime import UTC, datetime, timedelta
from typing import Any

from yilian.care.referral.models import Episode, Referral
from yilian.insurance.budget.models import Pool
from yilian.insurance.budget.queries.guards import Guard, guards_of
from yilian.insurance.budget.tests import world as region
from yilian.insurance.budget.tests.world import World
from yilian.kernel.ids import new_id
from yilian.registry.population.models import Person
from yilian.registry.population.tests import world as people
from yilian.resources.reception.models import Encounter

MAY = datetime(region.YEAR, 5, 6, 2, tzinfo=UTC)


def _guard(pool: Pool, code: str) -> tuple[int, int]:
    found: Guard = next(one for one in guards_of(pool) if one.code == code)
    return int(found.found), int(found.of)


def _stay(
    world: World, person: Person, *, day: int = 0, days: int = 5, **told: Any
) -> None:
    begun = MAY + timedelta(days=day)
    facts = {"institution": world.county, "kind": "inpatient", "state": "finished"}
    Encounter.objects.create(
        person=person, started_at=begun, ended_at=begun + timedelta(days=days),
        **(facts | told),
    )  # fmt: skip


def _hop(world: World, person: Person, *, days: int = 0, **told: Any) -> None:
    at = MAY + timedelta(days=days)
    moments = dict.fromkeys(
        ("created_at", "submitted_at", "answered_at", "closed_at", "consented_at"), at
    )
    facts = {
        "state": "completed", "direction": "down", "urgency": "routine",
        "from_institution": world.county, "to_institution": world.township,
        "arrived_at": at, "specialty": "cardiology", "diagnosis_code": "I10.x00",
        "reason": "稳定", "consent_by": "self", "number": str(new_id())[:24],
    }  # fmt: skip
    episode = Episode.objects.create(
        person=person, specialty="cardiology", opened_at=at, closed_at=at
    )
    Referral.objects.create(person=person, episode=episode, **(facts | moments | told))


def test_a_stay_soon_after_another_is_a_readmission(world: World, pool: Pool) -> None:
    again, once, elsewhere = (people.person(name) for name in ("甲一", "乙二", "丙三"))
    _stay(world, again)
    _stay(world, again, day=20)
    _stay(world, once)
    _stay(world, once, day=40)
    _stay(world, elsewhere, institution=world.stranger)
    _stay(world, elsewhere, day=10, institution=world.stranger)
    assert _guard(pool, "readmission") == (1, 4)


def test_a_stay_entered_by_mistake_is_none(world: World, pool: Pool) -> None:
    person = people.person()
    _stay(world, person)
    _stay(world, person, day=10, state="entered-in-error")
    assert _guard(pool, "readmission") == (0, 1)


def test_a_stay_counts_in_the_year_in_which_it_ends(world: World, pool: Pool) -> None:
    _stay(world, people.person("甲一"), day=-150, days=40)  # over New Year
    _stay(world, people.person("乙二"), day=-150, days=10)
    _stay(world, people.person("丙三"), day=230, days=20)
    assert _guard(pool, "readmission") == (0, 1)


def test_who_was_turned_away_is_counted_by_who_was_asked(
    world: World, pool: Pool
) -> None:
    person = people.person()
    _hop(world, person)
    _hop(world, person, state="declined", arrived_at=None)
    _hop(world, person, days=-200, state="declined", arrived_at=None)  # the year before
    asked: dict[str, Any] = {
        "from_institution": world.township,
        "to_institution": world.stranger,
    }
    _hop(world, person, state="declined", arrived_at=None, **asked)
    assert _guard(pool, "refused") == (1, 2)


def test_who_comes_up_again_within_a_week_was_sent_down_too_soon(
    world: World, pool: Pool
) -> None:
    back, stayed = people.person("甲一"), people.person("乙二")
    _hop(world, back)
    up: dict[str, Any] = {
        "from_institution": world.township,
        "to_institution": world.county,
    }
    _hop(world, back, days=3, direction="up", **up)
    _hop(world, stayed)
    _hop(world, stayed, days=9, direction="up", **up)
    _hop(world, people.person("丙三"), days=-200)
    assert _guard(pool, "unstable") == (1, 2)
