"""Finding a resident by number, phone, name or pinyin; masked by sight."""

import re
import sys
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.db import connection
from django.utils import timezone

from yilian.foundation.access.actor import Actor
from yilian.foundation.vault.services import keyed_index
from yilian.kernel.errors import DomainError, Invalid
from yilian.kernel.identity_number import (
    IdentityKind,
    IdentityNumberWrong,
    check,
    normalise,
)
from yilian.kernel.names import clean_name, pinyin_prefix
from yilian.kernel.page import Page
from yilian.kernel.phone import check_phone
from yilian.kernel.safe_text import clean_line
from yilian.kernel.text import _
from yilian.registry.population.models import Person
from yilian.registry.population.queries.cards import PersonCard, cards_where

SIZE: Final = 20
MOST: Final = 64
_SHORTEST: Final = 2
_LIKE_ID: Final = re.compile(r"\d{15}|\d{17}[\dX]", re.ASCII)
_HAS_DIGIT: Final = re.compile(r"\d")


Told = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Meant:
    """Whom it can mean: SQL of ours about `person`, and what was typed, by name."""

    said: str
    told: Told


@dataclass(frozen=True, slots=True)
class Asked:
    """What was typed, understood: by which way, and whom that means.

    Each of `meant` is asked by itself, because each has its index.
    """

    way: str  # number, phone, name, pinyin, other
    meant: tuple[Meant, ...]


def understand(text: str) -> Asked:
    """Raises `Invalid` with words when it cannot mean anybody."""
    typed = clean_line(text, max_length=MOST)
    if not typed:
        raise Invalid(fields={"text": _("请输入身份证号、姓名、拼音或电话。")})
    if _HAS_DIGIT.search(typed):
        return _by_digits(typed)
    if len(typed) < _SHORTEST:
        raise Invalid(fields={"text": _("请至少输入两个字或两个字母。")})
    letters = pinyin_prefix(typed)
    if letters is not None:
        return Asked("pinyin", (_spelt(letters), _short(letters), _named(typed)))
    return Asked("name", (_named(_as_kept(typed)),))


def found_page(actor: Actor, asked: Asked, cursor: str | None) -> Page[PersonCard]:
    """In the order of pinyin; the cursor names the last person shown."""
    said, told = _first_of(asked, cursor, SIZE + 1)
    found = cards_where(actor, f"person.id IN ({said}) {_IN_ORDER}", told)
    shown = found[:SIZE]
    return Page(shown, str(shown[-1].id) if len(found) > SIZE else None)


def found_ids(text: str, most: int) -> list[UUID]:
    """The first by pinyin whom a text can mean; nobody where it means nobody."""
    try:
        said, told = _first_of(understand(text), None, most)
    except Invalid:
        return []
    with connection.cursor() as cursor:
        cursor.execute(said, told)  # writes: reads only
        return [row[0] for row in cursor.fetchall()]


_IN_ORDER: Final = "ORDER BY person.pinyin, person.id LIMIT %(most)s"


def _first_of(asked: Asked, cursor: str | None, most: int) -> tuple[str, Told]:
    """Ids, of each way no more than a page needs, and the values."""
    after = _after(cursor)
    beyond = f" AND {_AFTER}" if after else ""
    each = [
        f"(SELECT person.id FROM population_person person"  # noqa: S608
        f" WHERE {meant.said}{beyond} {_IN_ORDER})"
        for meant in asked.meant
    ]
    told = {name: value for one in asked.meant for name, value in one.told.items()}
    return " UNION ".join(each), {**told, **after, "most": most}


# Beginnings as stretches of an index: a plan that is kept can use them as they are,
# LIKE only with the text before it. Names by their letters' numbers, pinyin by the
# alphabet, in whose order pages are read.


def _spelt(letters: str) -> Meant:
    return Meant(_SPELT, {"spelt": letters, "past_spelt": _past(letters)})


def _short(letters: str) -> Meant:
    """The first letter is known of both: so either index may lead."""
    first = letters[0]
    known = {"first": first, "past_first": _past(first)}
    return Meant(_SHORT, {"short": letters, "past_short": _past(letters), **known})


def _named(name: str) -> Meant:
    return Meant(_NAMED, {"name": name, "past_name": _past(name)})


def _past(beginning: str) -> str:
    """The first text after all those that begin so."""
    last = ord(beginning[-1]) + 1
    last = _AFTER_SURROGATES if last == _SURROGATES else min(last, sys.maxunicode)
    return beginning[:-1] + chr(last)


_SURROGATES, _AFTER_SURROGATES = 0xD800, 0xE000
_SPELT: Final = "person.pinyin >= %(spelt)s AND person.pinyin < %(past_spelt)s"
_SHORT: Final = (
    "person.initials ~>=~ %(short)s AND person.initials ~<~ %(past_short)s"
    " AND person.pinyin >= %(first)s AND person.pinyin < %(past_first)s"
)
_NAMED: Final = "person.name ~>=~ %(name)s AND person.name ~<~ %(past_name)s"
_CALLED: Final = "person.phone_index = %(phone)s"
# Resolved first: the planner must not read all persons in order to find these few.
_HOLDERS: Final = """person.id = ANY(ARRAY(
    SELECT held.person_id FROM population_personidentifier held
     WHERE held.value_index = ANY(%(numbers)s) AND held.retired_at IS NULL))"""
_AFTER: Final = "(person.pinyin, person.id) > (%(after_pinyin)s, %(after_id)s)"


def _by_digits(typed: str) -> Asked:
    number = normalise(IdentityKind.ID_CARD, typed)
    if _LIKE_ID.fullmatch(number):
        return Asked("number", (_holders(_id_indexes(number)),))
    try:
        phone = check_phone(typed).value
    except DomainError:
        held = _holders(_other_indexes(typed))
        if typed[0].isalpha() and typed[:_SHORTEST].isalpha():
            # Names of other systems may end in digits.
            return Asked("other", (held, _named(typed)))
        return Asked("number", (held,))
    by_phone = Meant(_CALLED, {"phone": keyed_index("phone", phone)})
    return Asked("phone", (by_phone, _holders(_other_indexes(typed))))


def _id_indexes(number: str) -> list[str]:
    """Of the kinds that look alike; raises the words of a number that is wrong."""
    today = timezone.localdate()
    kinds = (
        IdentityKind.ID_CARD,
        IdentityKind.HMT_RESIDENCE,
        IdentityKind.FOREIGNER_RESIDENCE,
    )
    indexes, wrong = [], None
    for kind in kinds:
        try:
            checked = check(kind, number, today=today)
        except IdentityNumberWrong as error:
            wrong = wrong or error
        else:
            indexes.append(keyed_index(f"identity:{kind}", checked.value))
    if not indexes and wrong is not None:
        raise Invalid(fields={"text": wrong.text})
    return indexes + _other_indexes(number)


def _other_indexes(typed: str) -> list[str]:
    return [
        keyed_index(f"identity:{kind}", normalise(kind, typed))
        for kind in IdentityKind
        if kind is not IdentityKind.ID_CARD
    ]


def _holders(indexes: list[str]) -> Meant:
    return Meant(_HOLDERS, {"numbers": indexes})


def _as_kept(typed: str) -> str:
    """The dots and spaces of names as they are kept; else as typed."""
    try:
        return clean_name(typed)
    except DomainError:
        return typed


def _after(cursor: str | None) -> Told:
    try:
        last = Person.objects.filter(pk=UUID(cursor or "")).values_list("pinyin", "id")
        pinyin, last_id = last[0]
    except (ValueError, IndexError):
        return {}  # a spoilt cursor starts at the beginning
    return {"after_pinyin": pinyin, "after_id": last_id}
