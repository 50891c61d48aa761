"""Whom a rung tells, by name and house; a telephone only where a message can go."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from yilian.care.referral.models import Referral
from yilian.care.referral.rules.ladder import Audience, Clock
from yilian.foundation.access.actor import Role
from yilian.kernel import calendar
from yilian.kernel.tier import Tier
from yilian.registry.consortium.models import Membership
from yilian.registry.consortium.queries import patient_consortia
from yilian.registry.directory.models import Institution, PractitionerRole
from yilian.registry.directory.queries import duty_now
from yilian.registry.directory.rules import DutyKind

_DESK: Final = (Role.REFERRAL_DESK,)
# Below the county nobody sits at a desk of their own: whoever treats, answers.
_CLINIC: Final = (Role.REFERRAL_DESK, Role.PHYSICIAN)
_SMALL: Final = frozenset({Tier.VILLAGE, Tier.PRIMARY})
_CALLED_BY_NURSES: Final = frozenset({Clock.ARRIVAL, Clock.FOLLOW_UP})
_MOBILE: Final = re.compile(r"1\d{10}", re.ASCII)
_MOST_OFFICES: Final = 4
_MOST_TEXTED: Final = 2  # of one office


@dataclass(frozen=True, slots=True)
class Reader:
    """An account, or the `roles` of a house. `phone` is empty or takes messages."""

    audience: Audience
    house_id: UUID
    house: str
    roles: tuple[Role, ...] = ()
    account_id: UUID | None = None
    name: str = ""
    phone: str = ""
    can_open: bool = True  # the office sees no persons, so it gets no link


@dataclass(frozen=True, slots=True)
class Sides:
    """Whose turn it is, and who waits; one house, where the other has no desk here."""

    owner: Institution
    waiting: Institution
    in_hand: PractitionerRole | None
    waits_for_it: PractitionerRole | None
    owner_name: str
    waiting_name: str


def desk_roles(place: Institution) -> tuple[Role, ...]:
    return _CLINIC if place.tier in _SMALL else _DESK


def sides_of(referral: Referral, clock: Clock) -> Sides:
    sender, target = referral.from_institution, referral.to_institution
    if clock is Clock.INFO and target is not None:
        return Sides(sender, target, referral.from_post, referral.assigned_to,
                     sender.short_name, target.short_name)  # fmt: skip
    # An outside destination has no desk here: the sender sees to its answer.
    owner = target or sender
    in_hand = referral.assigned_to if target else referral.from_post
    name = target.short_name if target else referral.outside_name
    return Sides(owner, sender, in_hand, referral.from_post, name, sender.short_name)


def readers(
    referral: Referral, clock: Clock, audiences: Iterable[Audience], now: datetime
) -> list[Reader]:
    """In the order of the audiences; who is in two of them is named once."""
    sides = sides_of(referral, clock)
    found: list[Reader] = []
    for audience in audiences:
        found += _readers(referral, sides, clock, audience, now)
    return list(_once_each(found))


def _readers(
    referral: Referral, sides: Sides, clock: Clock, audience: Audience, now: datetime
) -> list[Reader]:
    match audience:
        case Audience.ASSIGNED:
            return _holder(audience, sides.owner, sides.in_hand)
        case Audience.DESK:
            return [_house(audience, sides.owner, _roles(sides.owner, clock))]
        case Audience.DUTY:
            return _on_duty(audience, sides.owner)
        case Audience.OFFICE:
            return _offices(referral, sides, now)
        case Audience.OTHER:
            return _who_waits(audience, sides)


def _who_waits(audience: Audience, sides: Sides) -> list[Reader]:
    """Who sent it, and the desk; where nobody is named, all who could have."""
    named = _holder(audience, sides.waiting, sides.waits_for_it)
    roles = _DESK if named else desk_roles(sides.waiting)
    return [*named, _house(audience, sides.waiting, roles)]


def _roles(place: Institution, clock: Clock) -> tuple[Role, ...]:
    nurses = (Role.NURSE,) if clock in _CALLED_BY_NURSES else ()
    return (*desk_roles(place), *nurses)


def _house(audience: Audience, place: Institution, roles: tuple[Role, ...]) -> Reader:
    return Reader(audience, place.id, place.short_name, roles=roles)


def _holder(
    audience: Audience, place: Institution, post: PractitionerRole | None
) -> list[Reader]:
    """Whoever has left is told nothing more."""
    if post is None or post.left_at is not None:
        return []
    return [_person(audience, place, post, post.practitioner.phone)]


def _on_duty(audience: Audience, place: Institution) -> list[Reader]:
    line = duty_now(place.id, DutyKind.REFERRAL_OFFICE.value)
    if line is None:
        return []
    posts = PractitionerRole.objects.select_related("practitioner")
    return [_person(audience, place, posts.get(pk=line.post_id), line.phone)]


def _offices(referral: Referral, sides: Sides, now: datetime) -> list[Reader]:
    """Of the owner's house, and of those that lead a consortium of both sides."""
    day = calendar.local_day(now)
    other = referral.to_institution_id
    shared = (
        patient_consortia(referral.from_institution_id, [other], day) if other else {}
    )
    members = Membership.objects.on(day)
    leads = {
        lead for lines in shared.values() for line in lines
        for lead in members.leads(line.id)
    }  # fmt: skip
    posts = (
        PractitionerRole.objects.held_on(day)
        .filter(
            institution__in=leads | {sides.owner.id},
            roles__contains=[Role.CONSORTIUM_OFFICE.value],
        )
        .select_related("institution", "practitioner")
        .order_by("institution__code", "pk")
    )
    by_house: dict[UUID, list[PractitionerRole]] = {}
    for post in posts:
        by_house.setdefault(post.institution_id, []).append(post)
    return [
        reader
        for held in list(by_house.values())[:_MOST_OFFICES]
        for reader in _office(held)
    ]


def _office(held: list[PractitionerRole]) -> Iterator[Reader]:
    """One line in the inbox of the office, and a message to its first people."""
    place = held[0].institution
    roles = (Role.CONSORTIUM_OFFICE,)
    yield Reader(
        Audience.OFFICE, place.id, place.short_name, roles=roles, can_open=False
    )
    for post in held[:_MOST_TEXTED]:
        name, phone = post.practitioner.name, mobile(post.practitioner.phone)
        if phone:
            yield Reader(
                Audience.OFFICE, place.id, place.short_name, name=name, phone=phone
            )


def _person(
    audience: Audience, place: Institution, post: PractitionerRole, phone: str
) -> Reader:
    return Reader(
        audience,
        place.id,
        place.short_name,
        account_id=post.account_id,
        name=post.practitioner.name,
        phone=mobile(phone),
    )


def mobile(number: str) -> str:
    """As a carrier wants it; empty for a number that takes no messages."""
    plain = number.replace(" ", "").replace("-", "")
    return plain if _MOBILE.fullmatch(plain) else ""


def _once_each(found: Iterable[Reader]) -> Iterator[Reader]:
    seen: set[object] = set()
    for reader in found:
        key = reader.account_id or (reader.house_id, reader.roles, reader.phone)
        if key not in seen:
            seen.add(key)
            yield reader
