"""Who an account acts as: its posts, what they open, and when they end."""

from collections.abc import Callable
from datetime import date

import pytest
from django.utils import timezone
from pytest_django.fixtures import DjangoAssertNumQueries

from yilian.foundation.access.actor import Reach, Role
from yilian.registry.consortium.models import Consortium, Membership
from yilian.registry.consortium.rules import Form, MemberRole, Tie, Tightness
from yilian.registry.directory.models import Institution
from yilian.registry.directory.queries import actor_of_staff, posts_of
from yilian.registry.directory.rules import reach_of
from yilian.registry.directory.tests.cast import (
    SINCE,
    days_ago,
    make_account,
    make_authority,
    make_institution,
    make_post,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def county() -> Institution:
    return make_institution()


def test_an_account_acts_in_its_post(
    county: Institution, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    account = make_account()
    post = make_post(county, Role.PHYSICIAN, account=account)
    with django_assert_num_queries(1):
        actor = actor_of_staff(account, None)
    assert actor is not None
    assert (actor.post_id, actor.institution_id) == (post.pk, county.pk)
    assert actor.reach is Reach.INSTITUTION
    assert actor.institution_name == "永宁县人民医院"
    assert actor.tier == "secondary"
    assert not actor.has_other_posts


def test_the_chosen_post_wins_then_the_last_then_the_first(county: Institution) -> None:
    account = make_account()
    posts = [
        make_post(make_institution(f"第{n}医院"), Role.NURSE, account=account)
        for n in range(3)
    ]
    account.last_post_id = posts[2].pk
    for asked, expected in ((posts[1].pk, posts[1]), (None, posts[2])):
        actor = actor_of_staff(account, asked)
        assert actor is not None
        assert actor.post_id == expected.pk
        assert actor.has_other_posts
    account.last_post_id = None
    first = actor_of_staff(account, None)
    assert first is not None
    assert first.post_id == posts[0].pk
    lines = posts_of(account, posts[1].pk)
    assert [line.is_current for line in lines] == [False, True, False]
    assert "第0医院 · " in str(lines[0].label)


@pytest.mark.parametrize(
    "period",
    [lambda: (SINCE, days_ago(0)), lambda: (days_ago(-1), None)],
    ids=["ended", "not begun"],
)
def test_a_post_outside_its_period_does_not_act(
    county: Institution, period: Callable[[], tuple[date | None, date | None]]
) -> None:
    account = make_account()
    make_post(county, Role.PHYSICIAN, account=account, period=period())
    assert actor_of_staff(account, None) is None
    assert posts_of(account) == []


def test_whoever_has_left_or_is_locked_does_not_act(county: Institution) -> None:
    account = make_account()
    post = make_post(county, Role.PHYSICIAN, account=account)
    account.is_active = False
    assert actor_of_staff(account, post.pk) is None
    account.is_active = True
    post.left_at = timezone.now()
    post.save()
    assert actor_of_staff(account, post.pk) is None


def test_somebody_elses_post_cannot_be_taken(county: Institution) -> None:
    mine = make_post(county, Role.NURSE)
    other = make_post(make_institution("别家医院"), Role.SYSTEM_ADMIN)
    assert mine.account is not None
    actor = actor_of_staff(mine.account, other.pk)
    assert actor is not None
    assert actor.post_id == mine.pk


@pytest.mark.parametrize(
    ("roles", "reach"),
    [
        ({Role.PHYSICIAN}, Reach.INSTITUTION),
        ({Role.NURSE}, Reach.INSTITUTION),
        ({Role.PHARMACIST, Role.SYSTEM_ADMIN}, Reach.INSTITUTION),
        ({Role.REFERRAL_DESK, Role.CONSORTIUM_OFFICE}, Reach.INSTITUTION),
        ({Role.CONSORTIUM_OFFICE}, Reach.CONSORTIUM),
        ({Role.OFFICER}, Reach.AREA),
        ({Role.INSURER}, Reach.AREA),
        ({Role.PRICING}, Reach.AREA),
        ({Role.FINANCE}, Reach.AREA),
        ({Role.FINANCE, Role.CONSORTIUM_OFFICE}, Reach.CONSORTIUM),
        ({Role.SYSTEM_ADMIN}, Reach.AREA),
        ({Role.SECURITY_ADMIN}, Reach.AREA),
        ({Role.AUDIT_ADMIN}, Reach.AUDIT),
    ],
)
def test_how_far_each_post_sees(roles: set[Role], reach: Reach) -> None:
    assert reach_of(frozenset(roles)) is reach


def test_an_officer_has_the_area_of_the_authority_and_no_zeros() -> None:
    account = make_account()
    make_post(make_authority(area_code="640100"), Role.OFFICER, account=account)
    actor = actor_of_staff(account, None)
    assert actor is not None
    assert (actor.reach, actor.area_code) == (Reach.AREA, "6401")
    assert actor.is_authority


def test_the_consortia_of_today_and_no_others(county: Institution) -> None:
    def join(
        period: tuple[date, date | None], ended_on: date | None = None
    ) -> Consortium:
        body = Consortium.objects.create(
            code=f"C{Consortium.objects.count()}",
            alias="医共体",
            form=Form.COUNTY_CONSORTIUM,
            governing_authority=authority,
            area_code="640121",
            founded_on=SINCE,
            ended_on=ended_on,
        )
        Membership.objects.create(
            consortium=body,
            institution=county,
            role=MemberRole.LEAD,
            tie=Tie.RUN_BY,
            tightness=Tightness.TIGHT,
            period=period,
        )
        return body

    authority = make_authority()
    now = join((SINCE, None))
    join((SINCE, days_ago(3)))
    join((SINCE, None), ended_on=days_ago(1))
    account = make_account()
    make_post(county, Role.CONSORTIUM_OFFICE, account=account)
    actor = actor_of_staff(account, None)
    assert actor is not None
    assert actor.consortium_ids == {now.pk}
