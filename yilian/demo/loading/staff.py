"""Staff, their posts and duty; accounts for those who act in a story."""

from collections.abc import Iterable, Mapping
from uuid import UUID

from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateRange, DateTimeTZRange

from yilian.demo.loading.places import Houses, department_id, institution_id
from yilian.demo.world.build import Region
from yilian.demo.world.chance import fixed_id
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


def _username(one: Planned) -> str:
    """Numbers of a house get a letter in front; the cast has names of its own."""
    return one.username if one.username[0].isalpha() else f"s{one.username}"


def load_staff(
    actor: Actor, region: Region, accounts: Accounts, is_meant: Houses
) -> None:
    """Of these houses, named by code."""
    posts = [post for post in region.staff.posts if is_meant(post.institution)]
    holders = {post.practitioner for post in posts}
    directory.load_many(
        actor,
        practitioners=[
            Practitioner(
                id=one.id,
                name=one.name,
                sex=one.sex,
                title=one.title,
                specialties=list(one.specialties),
                licence_number=one.licence_number,
                phone=one.phone,
            )
            for one in region.staff.practitioners
            if one.id in holders
        ],
        posts=[
            PractitionerRole(
                id=post.id,
                practitioner_id=post.practitioner,
                account=accounts.get(post.practitioner),
                institution_id=institution_id(post.institution),
                department_id=department_id(post.institution, post.department),
                roles=[role.value for role in post.roles],
                period=DateRange(post.starts_on, post.ends_on),
            )
            for post in posts
        ],
        shifts=[
            DutyShift(
                id=fixed_id("shift", shift.post, shift.kind, shift.starts_at),
                institution_id=institution_id(shift.institution),
                post_id=shift.post,
                kind=shift.kind.value,
                period=DateTimeTZRange(shift.starts_at, shift.ends_at),
                phone=shift.phone,
            )
            for shift in region.shifts
            if is_meant(shift.institution)
        ],
    )
