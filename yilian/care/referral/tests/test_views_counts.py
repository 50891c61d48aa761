"""Counts: numbers for their own area or consortium, few hidden, persons never."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone
from pytest_django.fixtures import DjangoAssertNumQueries

from yilian.care.referral.models import Referral
from yilian.care.referral.queries.counts import counts
from yilian.care.referral.rules.counting import Share, UpAndDown, few
from yilian.care.referral.services import receiving, sending
from yilian.care.referral.tests import world as region
from yilian.care.referral.tests.browsing import (
    EVIL,
    as_actor,
    as_authority,
    as_consortium_office,
    as_resident,
    plain,
    words,
)
from yilian.care.referral.tests.test_views_insurer import cells
from yilian.care.referral.tests.world import DOWN_CONTENT, Place, World
from yilian.foundation.access.actor import Actor, Reach, Role
from yilian.registry.population.models import Person

pytestmark = pytest.mark.django_db
PAGE = "referral:counts"


@pytest.fixture
def busy(township: Place, county: Place) -> None:
    """Six up (five accepted, one declined), one down."""
    for n in range(6):
        hop = region.submitted(township, county, region.contracted(township, f"甲{n}"))
        if n:
            receiving.accept(county.desk, hop.id)
        else:
            receiving.decline(county.desk, hop.id, reason_code="no_bed")
    person = region.contracted(county, "丁桂兰")
    region.submitted(county, township, person, content=dict(DOWN_CONTENT))


def officer(area: str = "6401") -> Actor:
    return Actor(None, Reach.AREA, frozenset({Role.OFFICER}), area_code=area)


@pytest.mark.usefixtures("busy")
def test_up_down_answered_in_time_and_declined() -> None:
    found = counts(officer(), timezone.now())
    assert (found.flow.up, found.flow.down, found.same_tier) == (6, 1, 0)
    assert found.in_time == Share(6, 6)
    assert found.declined == Share(1, 6)
    assert found.median is not None
    assert found.median < timedelta(minutes=1)
    assert [(line.name, line.count) for line in found.reasons] == [
        ("暂无床位或号源", 1)
    ]
    county = next(line for line in found.counties if line.code == "640121")
    assert (county.flow, county.words, county.gap) == (
        UpAndDown(6, 1),
        "100 %",
        Decimal(0),
    )


@pytest.mark.usefixtures("busy")
def test_a_clock_that_ran_out_counts_although_nobody_answered() -> None:
    late = Referral.objects.filter(state="submitted")
    late.update(answer_due_at=timezone.now() - timedelta(minutes=1))
    assert counts(officer(), timezone.now()).in_time == Share(6, 7)


@pytest.mark.usefixtures("busy")
def test_the_page_hides_what_is_few_and_every_person() -> None:
    text = plain(as_authority(Role.OFFICER).get(reverse(PAGE)))
    assert "&lt;5" in text
    assert "100 %" in text
    assert "丁桂兰" not in text
    assert "胸闷" not in text


@pytest.mark.usefixtures("busy")
def test_each_officer_counts_their_own_area() -> None:
    assert counts(officer("6404"), timezone.now()).is_empty
    assert not counts(officer("64"), timezone.now()).is_empty
    assert "这段时间没有转诊" in words(
        as_authority(Role.OFFICER, "640400").get(reverse(PAGE))
    )


@pytest.mark.usefixtures("busy")
def test_a_consortium_office_counts_its_own(county: Place, stranger: Place) -> None:
    assert "望远镇卫生院" in plain(as_consortium_office(county).get(reverse(PAGE)))
    assert as_consortium_office(stranger).get(reverse(PAGE)).status_code == 403


def test_what_was_entered_in_error_does_not_count(
    waiting: Referral, township: Place
) -> None:
    sending.mark_error(township.doctor, waiting.id, reason_code="test")
    assert counts(officer(), timezone.now()).is_empty


@pytest.mark.parametrize("name", [PAGE, "referral:counts_export"])
def test_nobody_else(name: str, county: Place, resident: Person) -> None:
    for client in (
        as_actor(county.doctor),
        as_authority(Role.INSURER),
        as_authority(Role.SECURITY_ADMIN),
        as_resident(resident),
    ):
        assert client.get(reverse(name)).status_code == 403


@pytest.mark.usefixtures("busy")
def test_the_file_hides_the_same(world: World, settings: Any) -> None:
    settings.YILIAN_DEMO = True
    world.township.institution.short_name = EVIL
    world.township.institution.save()
    client = as_authority(Role.OFFICER)
    assert EVIL not in words(client.get(reverse(PAGE)))
    text = cells(client.get(reverse("referral:counts_export")))
    assert "演示数据" in text
    assert "&lt;5" in text


@pytest.mark.parametrize(("count", "said"), [(0, "0"), (1, "<5"), (4, "<5"), (5, "5")])
def test_few_are_not_told(count: int, said: str) -> None:
    assert few(count) == said


def test_shares_of_nothing_and_of_few_are_not_scores() -> None:
    assert [Share(0, 0).words, Share(1, 4).words, Share(4, 5).words] == [
        "—",
        "<5",
        "80 %",
    ]
    assert [UpAndDown(0, 9).words, UpAndDown(10, 2).words, UpAndDown(10, 5).words] == [
        "—",
        "—",
        "0.50",
    ]


@pytest.mark.usefixtures("busy")
def test_the_statements_do_not_grow(
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    with django_assert_max_num_queries(6):
        counts(officer(), timezone.now())
