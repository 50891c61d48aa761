"""No page reads more because a house has a longer history."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, Final

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from yilian.care.referral.models import Breach, Episode, Referral, ReferralStep
from yilian.care.referral.services import receiving
from yilian.care.referral.tests import world as region
from yilian.care.referral.tests.browsing import as_actor, as_authority
from yilian.care.referral.tests.world import World
from yilian.foundation.access.actor import Role
from yilian.foundation.notify.models import Notice
from yilian.foundation.tests.plans import (
    Plan,
    analyse,
    copies,
    rows_read,
    stay_bounded,
)
from yilian.registry.population.models import Grant, Person

N: Final = 700
WAITING: Final = 60  # two pages of the desk
MOST: Final = 300  # rows that one statement may read: ten times a page
GROWING: Final = (Person, Grant, Episode, Referral, ReferralStep, Breach, Notice)
MOMENTS: Final = (
    "created_at", "submitted_at", "answered_at", "arrived_at", "care_ended_at",
    "closed_at",
)  # fmt: skip
OLDER: Final = "now() - g * interval '12 hours'"
LATELY: Final = "now() - g * interval '5 minutes'"  # of a busier house elsewhere
Pages = Mapping[str, Callable[[], Any]]


@pytest.fixture
def world(transactional_db: None) -> World:
    """Committed, so that the server can count it."""
    return region.make_world()


def test_pages_read_no_more_when_the_history_is_four_times_as_long(
    world: World,
) -> None:
    past, waiting = _past(world), _waiting(world)
    _lengthen(world, past, range(1, N))
    pages = _pages(world, past, waiting)
    before = _measured(pages)
    _lengthen(world, past, range(N, 4 * N))
    after = _measured(pages)
    found = [
        f"{name} {words}"
        for name in pages
        for words in stay_bounded(before[name], after[name], most=MOST)
    ]
    assert not found, "\n".join(found)


def _past(world: World) -> Referral:
    """A hop that went well, with all that it leaves behind."""
    hop = region.arrived(world.township, world.county, world.resident)
    receiving.complete(world.county.doctor, hop.id, feedback=dict(region.FEEDBACK))
    Breach.objects.create(
        referral=hop,
        institution=world.county.institution,
        clock="answer",
        due_at=timezone.now() - timedelta(days=2),
    )
    hop.refresh_from_db()
    return hop


def _waiting(world: World) -> Referral:
    first = region.submitted(
        world.township, world.county, region.contracted(world.township, "马文")
    )
    keys = {name: f"md5('{name}' || -g)::uuid" for name in ("hop", "person", "episode")}
    _of_persons(first, range(1, WAITING), keys)
    copies(
        Referral, first.id, range(1, WAITING),
        id=keys["hop"], person_id=keys["person"], episode_id=keys["episode"],
        number="'W' || g",
    )  # fmt: skip
    return first


def _lengthen(world: World, past: Referral, numbers: range) -> None:
    keys = {name: f"md5('{name}' || g)::uuid" for name in ("hop", "person", "episode")}
    _of_persons(past, numbers, keys)
    moments = dict.fromkeys(MOMENTS, OLDER)
    copies(
        Referral, past.id, numbers,
        id=keys["hop"], person_id=keys["person"], episode_id=keys["episode"],
        number="'P' || g",
        state="(ARRAY['completed', 'declined', 'withdrawn'])[1 + mod(g, 3)]",
        **moments,
    )  # fmt: skip
    copies(
        Referral, past.id, numbers,
        id="md5('other' || g)::uuid", number="'O' || g",
        person_id=keys["person"], episode_id=keys["episode"],
        from_institution_id=f"'{world.stranger.id}'",
        to_institution_id=f"'{world.tertiary.id}'",
        **dict.fromkeys(MOMENTS, LATELY),
    )  # fmt: skip
    for step in past.steps.all():
        copies(
            ReferralStep, step.id, numbers, referral_id=keys["hop"], taken_at=OLDER,
            id="gen_random_uuid()",
        )  # fmt: skip
    copies(
        Breach, past.breaches.get().id, numbers,
        id="gen_random_uuid()", referral_id=keys["hop"], due_at=OLDER,
    )  # fmt: skip
    _notices(world, numbers)


def _of_persons(hop: Referral, numbers: range, keys: Mapping[str, str]) -> None:
    copies(Person, hop.person_id, numbers, id=keys["person"])
    copies(
        Episode, hop.episode_id, numbers, id=keys["episode"], person_id=keys["person"]
    )
    for grant in Grant.objects.filter(person=hop.person_id):
        copies(
            Grant, grant.id, numbers, id="gen_random_uuid()", person_id=keys["person"]
        )


def _notices(world: World, numbers: range) -> None:
    """For the office of the house, and for the account at its desk."""
    facts: dict[str, Any] = {"topic": "referral", "template": "新的转诊"}
    house, _new = Notice.objects.get_or_create(
        institution_id=world.county.id, roles="referral_desk", cause="0", **facts
    )
    mine, _new = Notice.objects.get_or_create(
        account_id=world.county.desk.account_id, cause="0", **facts
    )
    for one in (house, mine):
        copies(
            Notice, one.id, numbers,
            id="gen_random_uuid()", cause="'c' || g", created_at=OLDER,
        )  # fmt: skip


def _pages(world: World, past: Referral, waiting: Referral) -> Pages:
    desk, doctor = as_actor(world.county.desk), as_actor(world.township.doctor)
    quiet = as_actor(world.village.doctor)
    insurer = as_authority(Role.INSURER, "640121")
    Person.objects.update(insured_area="640121")
    return {
        **{
            f"desk {tab}": _page(desk, "referral:desk", tab=tab)
            for tab in ("waiting", "coming", "done")
        },
        **{
            f"sent {tab}": _page(doctor, "referral:sent", tab=tab)
            for tab in ("waiting", "returned", "done")
        },
        "a quiet desk": _page(quiet, "referral:desk", tab="done"),
        "a quiet house, sent": _page(quiet, "referral:sent", tab="done"),
        "a quiet inbox": _page(quiet, "notify:inbox"),
        "desk count": _page(desk, "referral:desk_count"),
        "sent count": _page(doctor, "referral:sent_count"),
        "wall": _page(desk, "referral:wall_board"),
        "a referral": _page(desk, "referral:detail", waiting.id),
        "a closed one": _page(desk, "referral:detail", past.id),
        "of a person": _page(desk, "referral:of_person", past.person_id),
        "breaches": _page(desk, "referral:breaches"),
        "compliance": _page(insurer, "referral:compliance"),
        "inbox": _page(desk, "notify:inbox"),
        "unread": _page(desk, "notify:count"),
        "patient": _page(desk, "population:person", past.person_id),
    }


def _page(client: Client, name: str, *args: object, **asked: str) -> Callable[[], None]:
    address = reverse(name, args=args)

    def ask() -> None:
        assert client.get(address, asked).status_code == 200

    return ask


def _measured(pages: Pages) -> dict[str, list[Plan]]:
    analyse(*(model._meta.db_table for model in GROWING))
    return {name: rows_read(ask) for name, ask in pages.items()}
