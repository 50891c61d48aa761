"""A reminder on its way: the inbox, the open pages and the telephone, each once.

All of it is written in the transaction of the reminder itself, so that what stands
in the history was sent, and what was sent stands there.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.urls import reverse

from yilian.care.referral.models import Referral
from yilian.care.referral.queries.readers import Reader, readers, sides_of
from yilian.care.referral.rules.ladder import NEXT, NUDGES, Audience, Clock, Rung
from yilian.foundation.notify.services import tell, text_message
from yilian.foundation.vault.services import encrypt

TOPIC: Final = "referral"
_NUDGED_BY_PHONE: Final = frozenset({Audience.ASSIGNED, Audience.DUTY})
Told = list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Letter:
    """The same words to one reader after another; `texts` get them by phone too."""

    referral: Referral
    reminder_id: UUID
    template: str
    values: Mapping[str, str]
    texts: frozenset[Audience]
    rung: str = ""


def tell_rung(
    referral: Referral, clock: Clock, rung: Rung, reminder_id: UUID, now: datetime
) -> Told:
    """Who was told, as it is kept."""
    values, texts = _values(referral, clock), frozenset(rung.texts)
    found = readers(referral, clock, rung.tells, now)
    return [
        _send(
            Letter(referral, reminder_id, rung.tells[reader.audience], values, texts,
                   rung.key),
            reader,
            number,
        )
        for number, reader in enumerate(found)
    ]  # fmt: skip


def tell_by_hand(
    referral: Referral,
    clock: Clock,
    found: Iterable[Reader],
    reminder_id: UUID,
    by: str,
) -> Told:
    """`by` is the house that reminds."""
    values = {**_values(referral, clock), "by": by}
    letter = Letter(referral, reminder_id, NUDGES[clock], values, _NUDGED_BY_PHONE)
    return [_send(letter, reader, number) for number, reader in enumerate(found)]


def _send(letter: Letter, reader: Reader, number: int) -> dict[str, Any]:
    by = []
    if reader.account_id or reader.roles:
        _post(letter, reader)
        by.append("inbox")
    if reader.phone and reader.audience in letter.texts:
        text_message(
            phone_cipher=encrypt(reader.phone),
            # In Chinese, its source: the language here is that of whoever pressed.
            text=letter.template.format(**letter.values),
            cause=f"reminder:{letter.reminder_id}:{number}",
        )
        by.append("sms")
    return {
        "audience": reader.audience.value,
        "house": reader.house,
        "name": reader.name,
        "by": by,
    }


def _post(letter: Letter, reader: Reader) -> None:
    is_one = reader.account_id is not None
    tell(
        topic=TOPIC,
        template=letter.template,
        values=letter.values,
        link=_link(letter, reader),
        # The two sides may be one house: each sentence once.
        cause=f"reminder:{letter.reminder_id}:{reader.audience.value}",
        institution_id=None if is_one else reader.house_id,
        roles=() if is_one else reader.roles,
        account_id=reader.account_id,
        urgency=letter.referral.urgency,
    )


def _values(referral: Referral, clock: Clock) -> dict[str, str]:
    sides = sides_of(referral, clock)
    return {
        "number": referral.number,
        "owner": sides.owner_name,
        "waiting": sides.waiting_name,
    }


def _link(letter: Letter, reader: Reader) -> str:
    if not reader.can_open:
        return ""
    offers = letter.rung == NEXT and reader.audience is Audience.OTHER
    page = "referral:next_hospital" if offers else "referral:detail"
    return reverse(page, args=[letter.referral.id])
