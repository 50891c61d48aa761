"""Finding a resident by number, phone, name or pinyin; masked by sight."""

import re
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.db.models import Q, QuerySet
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
from yilian.registry.population.models import Person, PersonIdentifier
from yilian.registry.population.queries.cards import PersonCard, cards_in_order

SIZE: Final = 20
MOST: Final = 64
_SHORTEST: Final = 2
_LIKE_ID: Final = re.compile(r"\d{15}|\d{17}[\dX]", re.ASCII)
_HAS_DIGIT: Final = re.compile(r"\d")


@dataclass(frozen=True, slots=True)
class Asked:
    """What was typed, understood: by which way, and whom that means.

    Each of `meant` is asked by itself, because each has its index.
    """

    way: str  # number, phone, name, pinyin, other
    meant: tuple[Q, ...]


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
        # The first letter is known of both: so either index may lead.
        short = Q(initials__startswith=letters) & _spelt(letters[0])
        return Asked("pinyin", (_spelt(letters), short, Q(name__startswith=typed)))
    return Asked("name", (Q(name__startswith=_as_kept(typed)),))


def found_page(actor: Actor, asked: Asked, cursor: str | None) -> Page[PersonCard]:
    """In the order of pinyin; the cursor names the last person shown."""
    persons = _after(Person.objects.order_by("pinyin", "id"), cursor)
    first, *others = (_first(persons.filter(each)) for each in asked.meant)
    found = cards_in_order(actor, first.union(*others) if others else first)
    shown = found[:SIZE]
    return Page(shown, str(shown[-1].id) if len(found) > SIZE else None)


def _first(persons: QuerySet[Person]) -> QuerySet[Person]:
    """One more than a page shows: whether there are others."""
    return persons.only("id")[: SIZE + 1]


def _spelt(letters: str) -> Q:
    """Begins with these letters, as a stretch of the alphabet: read in its order."""
    return Q(pinyin__gte=letters, pinyin__lt=letters[:-1] + chr(ord(letters[-1]) + 1))


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
            return Asked("other", (held, Q(name__startswith=typed)))
        return Asked("number", (held,))
    by_phone = Q(phone_index=keyed_index("phone", phone))
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


def _holders(indexes: list[str]) -> Q:
    """Resolved at once: beside an OR a subquery would make the planner read all."""
    held = PersonIdentifier.objects.filter(value_index__in=indexes, retired_at=None)
    return Q(pk__in=list(held.values_list("person_id", flat=True)))


def _as_kept(typed: str) -> str:
    """The dots and spaces of names as they are kept; else as typed."""
    try:
        return clean_name(typed)
    except DomainError:
        return typed


def _after(persons: QuerySet[Person], cursor: str | None) -> QuerySet[Person]:
    try:
        last = Person.objects.filter(pk=UUID(cursor or "")).values_list("pinyin", "id")
        pinyin, last_id = last[0]
    except (ValueError, IndexError):
        return persons  # a spoilt cursor starts at the beginning
    return persons.filter(Q(pinyin__gt=pinyin) | Q(pinyin=pinyin, id__gt=last_id))
