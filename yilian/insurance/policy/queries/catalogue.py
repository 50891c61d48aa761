"""The price catalogue as pages show it: a search, one item through time."""

import base64
import binascii
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Final
from uuid import UUID

from django.db.models import Q, QuerySet

from yilian.foundation.access.actor import Actor
from yilian.foundation.terminology.rules import bigrams
from yilian.insurance.policy import policies
from yilian.insurance.policy.models import PriceItem
from yilian.insurance.policy.queries.drafts import names_of
from yilian.insurance.policy.rules.prices import (
    CATALOG_CLASS_NAMES,
    PRICE_KIND_NAMES,
    CatalogClass,
    PriceKind,
)
from yilian.insurance.policy.rules.sheets import DEMO
from yilian.insurance.policy.rules.typing_in import percent
from yilian.kernel.errors import NotFound
from yilian.kernel.page import Page

PAGE: Final = 50
_TYPED: Final = 64
_LETTERS: Final = re.compile(r"[A-Za-z0-9.\-]+", re.ASCII)


@dataclass(frozen=True, slots=True)
class Asked:
    """`day`: prices in force on it."""

    text: str
    kind: PriceKind | None
    day: date


@dataclass(frozen=True, slots=True)
class PriceLine:
    id: UUID
    code: str
    area_code: str
    kind: PriceKind
    name: str
    specification: str
    unit: str
    price: Decimal
    catalog_class: CatalogClass
    first_self_pay_rate: Decimal | None
    payment_standard: Decimal | None
    starts_on: date
    ends_on: date | None
    source: str
    set_by: str
    set_at: datetime
    ended_by: str
    end_reason: str

    @property
    def kind_name(self) -> str:
        return PRICE_KIND_NAMES[self.kind]

    @property
    def class_name(self) -> str:
        return CATALOG_CLASS_NAMES[self.catalog_class]

    @property
    def rate_words(self) -> str:
        return (
            ""
            if self.first_self_pay_rate is None
            else percent(self.first_self_pay_rate)
        )

    @property
    def last_day(self) -> date | None:
        return self.ends_on - timedelta(days=1) if self.ends_on else None

    @property
    def is_demo(self) -> bool:
        return self.source == DEMO

    def holds(self, day: date) -> bool:
        return self.starts_on <= day and (self.ends_on is None or day < self.ends_on)


def visible_prices(actor: Actor) -> QuerySet[PriceItem]:
    """Prices are public."""
    rows = PriceItem.objects.all()
    return rows if policies.can_read(actor) else rows.none()


def read_asked(text: str, kind: str, day: str, today: date) -> Asked:
    known = next((one for one in PriceKind if one == kind), None)
    try:
        asked_day = date.fromisoformat(day) if day else today
    except ValueError:
        asked_day = today
    tidy = unicodedata.normalize("NFKC", text).replace("\x00", "").strip()
    return Asked(tidy[:_TYPED], known, asked_day)


def search(actor: Actor, asked: Asked, cursor: str | None) -> Page[PriceLine]:
    """In the order of the codes."""
    rows = _matching(visible_prices(actor), asked)
    after = _read_cursor(cursor)
    if after is not None:
        rows = rows.filter(
            Q(code__gt=after[0]) | Q(code=after[0], area_code__gt=after[1])
        )
    found = list(rows.order_by("code", "area_code").defer("bigrams")[: PAGE + 1])
    shown = found[:PAGE]
    has_more = len(found) > PAGE
    return Page(_lines(shown), _cursor(shown[-1]) if has_more else None)


def everything(actor: Actor, asked: Asked) -> list[PriceLine]:
    rows = _matching(visible_prices(actor), asked).defer("bigrams")
    return _lines(list(rows.order_by("code", "area_code")))


def history(actor: Actor, code: str) -> Sequence[PriceLine]:
    """Every price the item has had, in every area, the newest first; or 404."""
    found = known(actor, code)
    if not found:
        raise NotFound
    return found


def known(actor: Actor, code: str) -> Sequence[PriceLine]:
    """As `history`; nothing for a code that nobody has used."""
    if "\x00" in code:
        return []
    rows = visible_prices(actor).filter(code=code).defer("bigrams")
    return _lines(list(rows.order_by("area_code", "-validity")))


def _matching(rows: QuerySet[PriceItem], asked: Asked) -> QuerySet[PriceItem]:
    rows = rows.filter(validity__contains=asked.day)
    if asked.kind:
        rows = rows.filter(kind=asked.kind.value)
    if not asked.text:
        return rows
    if _LETTERS.fullmatch(asked.text):
        code = Q(code__startswith=asked.text.upper())
        return rows.filter(code | Q(initials__startswith=asked.text.casefold()))
    if len(asked.text) == 1:
        return rows.filter(name__startswith=asked.text)
    pairs = bigrams(asked.text)
    return rows.filter(bigrams__contains=pairs) if pairs else rows.none()


def _lines(rows: Sequence[PriceItem]) -> list[PriceLine]:
    people = names_of(one for r in rows for one in (r.set_by_id, r.ended_by_id))
    return [
        PriceLine(
            id=row.id,
            code=row.code,
            area_code=row.area_code,
            kind=PriceKind(row.kind),
            name=row.name,
            specification=row.specification,
            unit=row.unit,
            price=row.price,
            catalog_class=CatalogClass(row.catalog_class),
            first_self_pay_rate=row.first_self_pay_rate,
            payment_standard=row.payment_standard,
            starts_on=row.validity.lower,
            ends_on=row.validity.upper,
            source=row.source,
            set_by=people.get(row.set_by_id, "") if row.set_by_id else "",
            set_at=row.set_at,
            ended_by=people.get(row.ended_by_id, "") if row.ended_by_id else "",
            end_reason=row.end_reason,
        )
        for row in rows
    ]


def _cursor(row: PriceItem) -> str:
    plain = f"{row.code}|{row.area_code}"
    return base64.urlsafe_b64encode(plain.encode()).decode().rstrip("=")


def _read_cursor(cursor: str | None) -> tuple[str, str] | None:
    """None for the beginning, and for anything that is no cursor of ours."""
    try:
        padded = (cursor or "") + "=" * (-len(cursor or "") % 4)
        code, _bar, area = base64.urlsafe_b64decode(padded).decode().partition("|")
    except (ValueError, binascii.Error):
        return None
    return (code, area) if code and area and "\x00" not in code + area else None
