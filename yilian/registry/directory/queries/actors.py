"""Who acts: the account in one of its posts."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, cast
from uuid import UUID

from django.utils import timezone

from yilian.foundation.access.actor import ROLE_NAMES, Actor, Reach, Role
from yilian.foundation.identity.models import Account
from yilian.kernel.areas import short
from yilian.kernel.calendar import local_day
from yilian.kernel.text import Text
from yilian.kernel.tier import Tier
from yilian.registry.directory.models import PractitionerRole
from yilian.registry.directory.rules import InstitutionKind, reach_of

# One statement for every request, so written by hand. The consortia are read
# here because asking for them separately would be a second one.
_POST: Final = """
SELECT post.id, post.roles, post.practitioner_id, post.institution_id,
       post.department_id, practitioner.name AS holder,
       institution.short_name AS place, institution.kind AS place_kind,
       institution.tier AS place_tier, institution.area_code AS place_area,
       institution.requires_second_factor AS place_demands,
       count(*) OVER () AS held,
       (SELECT array_agg(DISTINCT member.consortium_id)
          FROM consortium_membership member
          JOIN consortium_consortium body ON body.id = member.consortium_id
         WHERE member.institution_id = post.institution_id
           AND member.period @> %(today)s
           AND (body.ended_on IS NULL OR body.ended_on > %(today)s)) AS consortia
  FROM directory_practitionerrole post
  JOIN directory_practitioner practitioner ON practitioner.id = post.practitioner_id
  JOIN directory_institution institution ON institution.id = post.institution_id
 WHERE post.account_id = %(account)s
   AND post.left_at IS NULL
   AND post.period @> %(today)s
 ORDER BY (post.id = %(post)s) IS TRUE DESC, (post.id = %(last)s) IS TRUE DESC,
          lower(post.period) NULLS FIRST, post.id
 LIMIT 1
"""


def today() -> date:
    """The day it is in Ningxia."""
    return local_day(timezone.now())


def actor_of_staff(account: Account, post_id: UUID | None) -> Actor | None:
    """The account in this post, else in the one it last worked in, else the first.

    None when it may not sign in or holds no post today.
    """
    if not account.is_active:
        return None
    values = {
        "account": account.id,
        "post": post_id,
        "last": account.last_post_id,
        "today": today(),
    }
    rows = cast(Any, PractitionerRole.objects.raw(_POST, values))
    return next((_actor(account, row) for row in rows), None)


def _actor(account: Account, row: Any) -> Actor:
    roles = frozenset(Role(role) for role in row.roles)
    reach = reach_of(roles)
    return Actor(
        account_id=account.id,
        reach=reach,
        roles=roles,
        name=row.holder,
        post_id=row.id,
        practitioner_id=row.practitioner_id,
        institution_id=row.institution_id,
        institution_name=row.place,
        is_authority=row.place_kind == InstitutionKind.AUTHORITY,
        tier=Tier(row.place_tier) if row.place_tier else None,
        department_id=row.department_id,
        consortium_ids=frozenset(row.consortia or ()),
        area_code=short(row.place_area) if reach is Reach.AREA else "",
        has_other_posts=row.held > 1,
        must_have_second_factor=row.place_demands,
        owes_second_factor=row.place_demands and account.second_factor_id is None,
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
