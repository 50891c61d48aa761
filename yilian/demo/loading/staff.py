"""Staff, their posts and duty; accounts for those who act in a story."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateRange, DateTimeTZRange

from yilian.demo.loading.places import Houses, department_id, institution_id
from yilian.demo.world.build import Region
from yilian.demo.world.chance import fixed_id
from yilian.demo.world.people.model import DutyShift as Shift
from yilian.demo.world.people.model import Post
from yilian.demo.world.people.model import Practitioner as Planned
from yilian.foundation.access.actor import Actor
from yilian.foundation.identity import services as identity
from yilian.foundation.identity.models import Account
from yilian.foundation.identity.rules import AccountKind
from yilian.registry.directory import services as directory
from yilian.registry.directory.models import (
    DutyShift,
    Practitioner,
    PractitionerRole,
)
from yilian.registry.directory.services.loading import reading_of

Accounts = Mapping[UUID, Account]  # of practitioners


@transaction.atomic
def open_accounts(
    actor: Actor, region: Region, acting: Iterable[UUID], houses: Iterable[str]
) -> dict[UUID, Account]:
    """For the holders of these posts, everybody in these houses, and the cast.

    None has a password: the cast enters by a click, the others do not sign in.
    """
    wanted = {UUID(str(post)) for post in acting}
    named = set(houses)
    cast = {member.practitioner for member in region.cast if member.practitioner}
    holders = {
        post.practitioner
        for post in region.staff.posts
        if post.id in wanted or post.institution in named
    }
    return {
        one.id: identity.open_account(
            actor, username=_username(one), kind=AccountKind.STAFF
        )
        for one in region.staff.practitioners
        if one.id in holders | cast
    }


def accounts_of_the_cast(region: Region) -> dict[UUID, Account]:
    """As another process has opened them."""
    opened = {
        one.username: one
        for one in Account.objects.filter(
            username__in=[member.username for member in region.cast]
        )
    }
    return {
        member.practitioner: opened[member.username]
        for member in region.cast
        if member.practitioner
    }


def _username(one: Planned) -> str:
    """Numbers of a house get a letter in front; the cast has names of its own."""
    return one.username if one.username[0].isalpha() else f"s{one.username}"


@dataclass(frozen=True, slots=True)
class Rows:
    """Staff as they are loaded; who has an account is said then."""

    practitioners: list[Practitioner]
    posts: list[PractitionerRole]
    shifts: list[DutyShift]


def rows_of(region: Region, is_meant: Houses) -> Rows:
    """Of these houses, named by code."""
    posts = [post for post in region.staff.posts if is_meant(post.institution)]
    holders = {post.practitioner for post in posts}
    people = region.staff.practitioners
    return Rows(
        practitioners=[_practitioner(one) for one in people if one.id in holders],
        posts=[_post(one) for one in posts],
        shifts=[_shift(one) for one in region.shifts if is_meant(one.institution)],
    )


def load_staff(actor: Actor, rows: Rows, accounts: Accounts) -> None:
    for post in rows.posts:
        post.account = accounts.get(post.practitioner_id)
    directory.load_many(
        actor, practitioners=rows.practitioners, posts=rows.posts, shifts=rows.shifts
    )


def _practitioner(one: Planned) -> Practitioner:
    return Practitioner(
        id=one.id,
        name=one.name,
        pinyin=reading_of(one.name),
        sex=one.sex,
        title=one.title,
        specialties=list(one.specialties),
        licence_number=one.licence_number,
        phone=one.phone,
    )


def _post(one: Post) -> PractitionerRole:
    return PractitionerRole(
        id=one.id,
        practitioner_id=one.practitioner,
        institution_id=institution_id(one.institution),
        department_id=department_id(one.institution, one.department),
        roles=[role.value for role in one.roles],
        period=DateRange(one.starts_on, one.ends_on),
    )


def _shift(one: Shift) -> DutyShift:
    return DutyShift(
        id=fixed_id("shift", one.post, one.kind, one.starts_at),
        institution_id=institution_id(one.institution),
        post_id=one.post,
        kind=one.kind.value,
        period=DateTimeTZRange(one.starts_at, one.ends_at),
        phone=one.phone,
    )
