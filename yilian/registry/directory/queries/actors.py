"""Who acts: the account in one of its posts."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, NamedTuple
from uuid import UUID

from django.db import connection
from django.utils import timezone

from yilian.foundation.access.actor import ROLE_NAMES, Actor, Reach, Role
from yilian.foundation.identity.models import Account
from yilian.kernel.areas import short
from yilian.kernel.calendar import local_day
from yilian.kernel.text import Text
from yilian.kernel.tier import Tier
from yilian.registry.directory.models import PractitionerRole
from yilian.registry.directory.rules import InstitutionKind, reach_of

# The post an account acts in, with all that an actor is made of: the one that was
# chosen, else the one it last worked in, else the first. Written by hand, because
# every request asks. `account` and `last` say where those two values come from.
_POST: Final = """
SELECT post.id, post.roles, post.practitioner_id, post.institution_id,
       post.department_id, practitioner.name, institution.short_name,
       institution.kind, institution.tier, institution.area_code,
       institution.requires_second_factor, count(*) OVER () AS held,
       ARRAY(SELECT member.consortium_id
               FROM consortium_membership member
               JOIN consortium_consortium body ON body.id = member.consortium_id
              WHERE member.institution_id = post.institution_id
                AND member.period @> %(today)s::date
                AND (body.ended_on IS NULL OR body.ended_on > %(today)s::date)
            ) AS consortia
  FROM directory_practitionerrole post
  JOIN directory_practitioner practitioner ON practitioner.id = post.practitioner_id
  JOIN directory_institution institution ON institution.id = post.institution_id
 WHERE post.account_id = {account}
   AND post.left_at IS NULL
   AND post.period @> %(today)s::date
 ORDER BY (post.id = %(post)s) IS TRUE DESC, (post.id = {last}) IS TRUE DESC,
          lower(post.period) NULLS FIRST, post.id
 LIMIT 1
"""
_POST_OF: Final = _POST.format(account="%(account)s", last="%(last)s")
# To be joined to a statement that reads the account.
POST_OF_ACCOUNT: Final = _POST.format(account="account.id", last="account.last_post_id")


class Post(NamedTuple):
    """A row of these statements."""

    id: UUID
    roles: Sequence[str]
    practitioner_id: UUID
    institution_id: UUID
    department_id: UUID | None
    holder: str
    place: str
    place_kind: str
    place_tier: str | None
    place_area: str
    place_demands: bool
    held: int
    consortia: Sequence[UUID]


def today() -> date:
    """The day it is in Ningxia."""
    return local_day(timezone.now())


def actor_of_staff(account: Account, post_id: UUID | None) -> Actor | None:
    """The account in this post, else in the one it last worked in, else the first.

    None when it may not sign in or holds no post today.
    """
    values = {
        "account": account.id,
        "post": post_id,
        "last": account.last_post_id,
        "today": today(),
    }
    with connection.cursor() as cursor:
        cursor.execute(_POST_OF, values)  # writes: nothing, it is composed above
        found = cursor.fetchone()
    return actor_in(account, Post(*found)) if found else None


def actor_in(account: Account, post: Post) -> Actor | None:
    if not account.is_active:
        return None
    roles = frozenset(map(Role, post.roles))
    reach = reach_of(roles)
    return Actor(
        account_id=account.id,
        reach=reach,
        roles=roles,
        name=post.holder,
        post_id=post.id,
        practitioner_id=post.practitioner_id,
        institution_id=post.institution_id,
        institution_name=post.place,
        is_authority=post.place_kind == InstitutionKind.AUTHORITY,
        tier=Tier(post.place_tier) if post.place_tier else None,
        department_id=post.department_id,
        consortium_ids=frozenset(post.consortia),
        area_code=short(post.place_area) if reach is Reach.AREA else "",
        has_other_posts=post.held > 1,
        must_have_second_factor=post.place_demands,
        owes_second_factor=post.place_demands and account.second_factor_id is None,
    )


@dataclass(frozen=True, slots=True)
class PostLine:
    """One post of an account, as the header offers it."""

    id: UUID
    label: Text
    is_current: bool


def posts_of(account: Account, current: UUID | None = None) -> list[PostLine]:
    """The posts held today, in the order in which the first one is chosen."""
    held = (
        PractitionerRole.objects.held_on(today())
        .filter(account_id=account.id)
        .order_by("period__startswith", "pk")
        .values_list("pk", "institution__short_name", "department__name", "roles")
    )
    return [
        PostLine(post, post_label(place, department, roles), post == current)
        for post, place, department, roles in held
    ]


def post_label(place: str, department: str | None, roles: Iterable[str]) -> Text:
    words = [ROLE_NAMES[Role(role)] for role in roles]
    if not department:
        return Text("{place} · {roles}", {"place": place, "roles": words})
    return Text(
        "{place} · {department} · {roles}",
        {"place": place, "department": department, "roles": words},
    )
