"""Identity numbers and phones as they are kept: cipher, keyed index, masked text."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from yilian.foundation.access.database import one_at_a_time
from yilian.foundation.vault.services import decrypt, encrypt, keyed_index
from yilian.kernel.identity_number import (
    Checked,
    IdentityKind,
    IdentityNumberWrong,
    check,
    mask_identity,
    swap_candidates,
)
from yilian.kernel.phone import PhoneKind, PhoneWrong, check_phone, mask_phone
from yilian.kernel.text import Text, _
from yilian.registry.population.models import PersonIdentifier


@dataclass(frozen=True, slots=True)
class Given:
    """A number as it was typed at the desk."""

    kind: IdentityKind
    value: str
    system: str = ""  # who gave it, for numbers that are unique only there


def check_number(given: Given, *, today: date) -> Checked:
    """Raises `IdentityNumberWrong`; says so when two digits seem to be swapped."""
    try:
        return check(given.kind, given.value, today=today)
    except IdentityNumberWrong as wrong:
        if _knows_one_of(given.kind, swap_candidates(given.value)):
            raise IdentityNumberWrong(
                _("{problem}系统中有一个相邻两位对调的号码，请对照证件逐位核对。"),
                problem=wrong.text,
            ) from None
        raise


def index_of(kind: IdentityKind, value: str) -> str:
    return keyed_index(f"identity:{kind}", value)


def new_identifier(
    person_id: UUID, kind: IdentityKind, value: str, system: str = ""
) -> PersonIdentifier:
    """An unsaved row of a number that has been checked."""
    is_open = kind is IdentityKind.TEMPORARY
    return PersonIdentifier(
        person_id=person_id,
        kind=kind.value,
        system=system,
        value_cipher=encrypt(value),
        value_index=index_of(kind, value),
        value_masked=value if is_open else mask_identity(value),
    )


def holder_of(
    kind: IdentityKind, value: str, system: str = ""
) -> PersonIdentifier | None:
    return (
        PersonIdentifier.objects.filter(
            value_index=index_of(kind, value),
            kind=kind.value,
            system=system,
            retired_at=None,
        )
        .select_related("person")
        .first()
    )


def hold_numbers(numbers: Iterable[tuple[IdentityKind, str, str]]) -> None:
    """Two desks with one number meet here: the later one then finds its holder. In
    one order, so that desks with the same two numbers do not wait for each other."""
    for kind, index, system in sorted((k, index_of(k, v), s) for k, v, s in numbers):
        one_at_a_time(f"identifier:{kind}:{index}:{system}")


def plain_number(identifier: PersonIdentifier) -> str:
    return decrypt(identifier.value_cipher)


def phone_facts(typed: str) -> dict[str, Any]:
    """The three columns of a phone; of "" three empty ones. Raises `PhoneWrong`."""
    if not typed.strip():
        return {"phone_cipher": None, "phone_index": "", "phone_masked": ""}
    phone = check_phone(typed)
    if phone.kind is PhoneKind.SERVICE:
        raise PhoneWrong(_("请填写本人或家属的手机或固定电话，不能填服务号码。"))
    return phone_columns(phone.value)


def phone_columns(value: str) -> dict[str, Any]:
    return {
        "phone_cipher": encrypt(value),
        "phone_index": keyed_index("phone", value),
        "phone_masked": mask_phone(value)[:20],
    }


def field_words(error: Exception) -> Text | str:
    """What stands at the field."""
    return getattr(error, "text", str(error))


def _knows_one_of(kind: IdentityKind, numbers: Iterable[str]) -> bool:
    indexes = [index_of(kind, number) for number in numbers]
    known = PersonIdentifier.objects.filter(
        value_index__in=indexes, kind=kind.value, retired_at=None
    )
    return bool(indexes) and known.exists()
