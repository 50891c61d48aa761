"""Mending and adding to what is known of a person."""

from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from django.utils import timezone

from yilian.foundation.access.actor import Actor
from yilian.foundation.access.scope import find, require
from yilian.foundation.audit.services import record
from yilian.foundation.outbox.services import publish
from yilian.foundation.vault.services import decrypt
from yilian.kernel.errors import Conflict, Invalid
from yilian.kernel.identity_number import (
    Checked,
    IdentityKind,
    IdentityNumberWrong,
    check,
)
from yilian.kernel.safe_text import clean_line
from yilian.kernel.text import _
from yilian.registry.population import policies
from yilian.registry.population.events import PersonDied
from yilian.registry.population.models import (
    GroupMembership,
    Person,
    PersonIdentifier,
)
from yilian.registry.population.queries.sight import sight_of
from yilian.registry.population.rules import GroupTag, Scope
from yilian.registry.population.services.numbers import (
    Given,
    check_number,
    field_words,
    hold_numbers,
    holder_of,
    new_identifier,
)
from yilian.registry.population.services.registering import (
    NOT_AT_DESK,
    NumberKnown,
    checked_facts,
    put_patient,
)

_FACTS: Final = frozenset({
    "name", "sex", "born_on", "phone", "area_code", "address", "ethnicity",
    "insured_type", "insured_area",
})  # fmt: skip


@transaction.atomic
def correct(actor: Actor, person_id: UUID, *, revision: int, **changes: Any) -> Person:
    """Mend facts; `revision` is that of the page, so a stale tab overwrites nothing.

    The phone proves presence by its one-time code: who does not see the whole
    record may not change where that code goes (decisions 4).
    """
    unknown = set(changes) - _FACTS
    if unknown:
        raise TypeError(f"no facts of a person: {sorted(unknown)}")
    person = _lock(actor, person_id)
    require(policies.can_correct(actor), NOT_AT_DESK)
    if "phone" in changes:
        require(
            sight_of(actor, person_id).scope >= Scope.FULL,
            _("修改联系电话须先核验本人到场（刷卡、验证码）或有在诊记录。"),
        )
    if person.revision != revision:
        raise Conflict(_("档案已被他人更新，请刷新页面，核对后再改。"))
    columns = checked_facts(_with_known(person, changes), _known_numbers(person))
    kept = {
        name: value for name, value in columns.items() if _is_changed(name, changes)
    }
    for column, value in kept.items():
        setattr(person, column, value)
    person.revision += 1
    person.save(update_fields=[*kept, "revision"])
    record(
        actor,
        "person.correct",
        person_id=person.id,
        detail={"facts": sorted(changes)},
    )
    put_patient(actor, person)
    return person


@transaction.atomic
def add_identifier(
    actor: Actor, person_id: UUID, *, kind: IdentityKind, value: str, system: str = ""
) -> PersonIdentifier:
    """One more number of the same person; a temporary one is retired by a real one."""
    person = _lock(actor, person_id)
    require(policies.can_correct(actor), NOT_AT_DESK)
    number = _checked_number(Given(kind, value, system))
    checked_facts({"born_on": person.born_on, "sex": person.sex}, [number])
    hold_numbers([(kind, number.value, system)])
    known = holder_of(kind, number.value, system)
    if known is not None and known.person_id != person.id:
        raise NumberKnown(known.person_id)
    if known is not None:
        return known
    identifier = new_identifier(person.id, kind, number.value, system)
    identifier.save(force_insert=True)
    if kind is not IdentityKind.TEMPORARY:
        PersonIdentifier.objects.filter(
            person=person, kind=IdentityKind.TEMPORARY.value, retired_at=None
        ).update(retired_at=timezone.now())
    record(
        actor,
        "person.add_identifier",
        object_kind="identifier",
        object_id=identifier.id,
        person_id=person.id,
        detail={"kind": kind.value},
    )
    put_patient(actor, person)
    return identifier


@transaction.atomic
def tag(
    actor: Actor,
    person_id: UUID,
    *,
    group: GroupTag,
    source: str = "",
    from_on: date | None = None,
) -> GroupMembership:
    """Into a key population from a day on; again is once."""
    person = _lock(actor, person_id)
    require(policies.can_correct(actor), NOT_AT_DESK)
    start = from_on or timezone.localdate()
    known = GroupMembership.objects.filter(
        person=person, tag=group.value, period__overlap=DateRange(start, None)
    ).first()
    if known is not None:
        return known
    membership = GroupMembership.objects.create(
        person=person,
        tag=group.value,
        period=DateRange(start, None),
        source=clean_line(source, max_length=60),
    )
    record(actor, "person.tag", person_id=person.id, detail={"tag": group.value})
    return membership


@transaction.atomic
def untag(actor: Actor, person_id: UUID, *, group: GroupTag) -> None:
    """Out of a key population from today on; that they were in it stays known."""
    person = _lock(actor, person_id)
    require(policies.can_correct(actor), NOT_AT_DESK)
    today = timezone.localdate()
    membership = GroupMembership.objects.filter(
        person=person, tag=group.value, period__contains=today
    ).first()
    if membership is None:
        raise Conflict(_("该居民已不在这一重点人群中。"))
    membership.period = DateRange(membership.period.lower, today)
    membership.save(update_fields=["period"])
    record(actor, "person.untag", person_id=person.id, detail={"tag": group.value})


@transaction.atomic
def record_death(actor: Actor, person_id: UUID, *, died_at: datetime) -> Person:
    """Once; a second word about the same death changes nothing."""
    person = find(
        Person.objects.visible_to(actor).select_for_update(of=("self",)), person_id
    )
    require(policies.can_record_death(actor), _("死亡由医师登记。"))
    if person.died_at is not None:
        return person
    if died_at > timezone.now():
        raise Invalid(fields={"died_at": _("死亡时间在现在之后，请核对。")})
    if person.born_on and timezone.localdate(died_at) < person.born_on:
        raise Invalid(fields={"died_at": _("死亡时间早于出生日期，请核对。")})
    person.died_at = died_at
    person.revision += 1
    person.save(update_fields=["died_at", "revision"])
    publish(PersonDied(person_id=person.id, died_at=died_at), person_id=person.id)
    record(actor, "person.record_death", person_id=person.id)
    put_patient(actor, person)
    return person


def _lock(actor: Actor, person_id: UUID) -> Person:
    seen = Person.objects.visible_to(actor).select_for_update(of=("self",))
    return find(seen, person_id)


def _checked_number(given: Given) -> Checked:
    try:
        return check_number(given, today=timezone.localdate())
    except IdentityNumberWrong as error:
        raise Invalid(fields={"number": field_words(error)}) from None


def _known_numbers(person: Person) -> list[Checked]:
    """The person's numbers again, for what they say of birth and sex."""
    rows = PersonIdentifier.objects.filter(
        person=person, kind=IdentityKind.ID_CARD.value, retired_at=None
    )
    today = timezone.localdate()
    return [
        check(IdentityKind.ID_CARD, decrypt(row.value_cipher), today=today)
        for row in rows
    ]


def _with_known(person: Person, changes: dict[str, Any]) -> dict[str, Any]:
    """Birth and sex are looked at together with the number, changed or not."""
    return {"born_on": person.born_on, "sex": person.sex} | changes


_COLUMNS_OF: Final = {
    "pinyin": "name",
    "initials": "name",
    "phone_cipher": "phone",
    "phone_index": "phone",
    "phone_masked": "phone",
}


def _is_changed(column: str, changes: dict[str, Any]) -> bool:
    return _COLUMNS_OF.get(column, column) in changes
