"""Keeping the price catalogue: a new price from a day, an end, a whole list."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from django.utils import timezone

from yilian.foundation.access.actor import Actor
from yilian.foundation.access.database import one_at_a_time
from yilian.foundation.access.scope import require
from yilian.foundation.audit import services as audit
from yilian.foundation.idempotency.services import once
from yilian.foundation.terminology.rules import bigrams, initials
from yilian.insurance.policy import policies
from yilian.insurance.policy.models import PriceItem
from yilian.insurance.policy.rules.price_file import BadLine, GoodLine, read_prices
from yilian.insurance.policy.rules.prices import (
    Held,
    PriceThere,
    Wanted,
    place_of,
)
from yilian.kernel.areas import NINGXIA
from yilian.kernel.errors import Conflict, Invalid, NotFound
from yilian.kernel.ids import new_id
from yilian.kernel.safe_text import is_blank, required_text
from yilian.kernel.text import _

ONLY_KEEPERS: Final = _("价格目录由本地区的价格管理人员维护，其他人可以查询。")
OTHER_KIND: Final = _("编码 {code} 已用于另一类项目，请核对编码或类别。")
_BATCH: Final = 1000
_ENDS: Final = ("validity", "ended_by", "ended_at", "end_reason")


@transaction.atomic
def set_price(
    actor: Actor, *, key: UUID, wanted: Wanted, area_code: str = NINGXIA
) -> UUID:
    """From its day on; the price before it ends there. Raises `PriceThere`."""
    require(policies.can_keep_prices(actor, area_code), ONLY_KEEPERS)

    def make() -> UUID:
        desk = _Desk(actor, area_code, [wanted.code])
        row = desk.place(wanted)
        desk.write()
        _note(actor, "set", wanted.code, row.id, price=str(wanted.price))
        return row.id

    return once(actor, key, "policy.price", make)


@transaction.atomic
def end_price(
    actor: Actor, *, code: str, ends_on: date, reason: str, area_code: str = NINGXIA
) -> PriceItem:
    """The first day on which the item has no price any more."""
    require(policies.can_keep_prices(actor, area_code), ONLY_KEEPERS)
    _alone(area_code)
    _require_ahead(ends_on)
    if is_blank(reason):
        raise Invalid(fields={"reason": _("请写明停用的依据。")})
    rows = PriceItem.objects.filter(code=code, area_code=area_code)
    if rows.filter(validity__startswith__gte=ends_on).exists():
        raise Conflict(_("这个项目在 {day} 之后另有价格，不能在此停用。"), day=ends_on)
    row = rows.filter(validity__contains=ends_on).select_for_update().first()
    if row is None:
        raise NotFound
    _end(actor, row, ends_on, required_text(reason, max_length=200))
    row.save(update_fields=_ENDS)
    _note(actor, "end", code, row.id, ends_on=str(ends_on))
    return row


@dataclass(frozen=True, slots=True)
class Imported:
    """`bad` in the order of the file; the good lines are kept all the same."""

    made: int
    unchanged: int
    bad: Sequence[BadLine]

    def __str__(self) -> str:
        head = (
            f"新价格 {self.made} 条，未变 {self.unchanged} 条，有误 {len(self.bad)} 条"
        )
        lines = (f"  第 {b.number} 行 {b.code} {b.column}: {b.words}" for b in self.bad)
        return "\n".join([head, *lines])


@transaction.atomic
def import_prices(
    actor: Actor, content: bytes, *, area_code: str = NINGXIA
) -> Imported:
    """A whole list: what is as it was stays, what is wrong is told by line."""
    require(policies.can_keep_prices(actor, area_code), ONLY_KEEPERS)
    return load_prices(actor, read_prices(content), area_code=area_code)


def load_prices(
    actor: Actor, lines: Iterable[GoodLine | BadLine], *, area_code: str
) -> Imported:
    """For `yilian load prices` and the demo; who may is asked before."""
    read = list(lines)
    good = [line for line in read if isinstance(line, GoodLine)]
    bad = [line for line in read if isinstance(line, BadLine)]
    desk = _Desk(actor, area_code, [line.wanted.code for line in good])
    made = unchanged = 0
    for line in sorted(good, key=lambda one: (one.wanted.starts_on, one.number)):
        if desk.has(line.wanted):
            unchanged += 1
            continue
        try:
            desk.place(line.wanted)
        except Conflict as refused:
            bad.append(BadLine(line.number, line.wanted.code, "", refused.text))
        else:
            made += 1
    desk.write()
    _note(actor, "import", "", None, made=made, unchanged=unchanged, bad=len(bad))
    return Imported(made, unchanged, sorted(bad, key=lambda one: one.number))


class _Desk:
    """The prices of some codes in an area, held by this transaction alone."""

    def __init__(self, actor: Actor, area_code: str, codes: Iterable[str]) -> None:
        _alone(area_code)
        self._actor, self._area = actor, area_code
        self._today = timezone.localdate()
        self._rows: dict[str, list[PriceItem]] = {}
        self._kinds: dict[str, str] = {}
        self._new: list[PriceItem] = []
        self._fresh: set[UUID] = set()
        self._closed: dict[UUID, PriceItem] = {}
        self._read(sorted(set(codes)))

    def _read(self, codes: Sequence[str]) -> None:
        for at in range(0, len(codes), _BATCH):
            rows = PriceItem.objects.filter(code__in=codes[at : at + _BATCH])
            for row in rows.defer("bigrams", "initials"):
                self._kinds[row.code] = row.kind
                if row.area_code == self._area:
                    self._rows.setdefault(row.code, []).append(row)

    def has(self, wanted: Wanted) -> bool:
        """The same price from the same day, or already in force on it unchanged."""
        return any(
            _held(row).covers(wanted.starts_on) and _says(row) == _said(wanted)
            for row in self._rows.get(wanted.code, ())
        )

    def place(self, wanted: Wanted) -> PriceItem:
        if self._kinds.setdefault(wanted.code, wanted.kind.value) != wanted.kind:
            raise PriceThere(OTHER_KIND, code=wanted.code)
        rows = self._rows.setdefault(wanted.code, [])
        days = {
            row.id: replace(_held(row), is_fresh=row.id in self._fresh) for row in rows
        }
        place = place_of(wanted.starts_on, days.values(), self._today)
        for row in rows:
            if place.closes and days[row.id] is place.closes:
                row.validity = DateRange(place.closes.start, wanted.starts_on)
                if row.id not in self._fresh:
                    self._closed[row.id] = row
        made = self._row(wanted, place.end)
        rows.append(made)
        self._new.append(made)
        self._fresh.add(made.id)
        return made

    def write(self) -> None:
        """First the ends, so that the database sees no overlap on the way."""
        closed = list(self._closed.values())
        for row in closed:
            _end(self._actor, row, row.validity.upper, "")
        PriceItem.objects.bulk_update(closed, _ENDS, batch_size=_BATCH)
        PriceItem.objects.bulk_create(self._new, batch_size=_BATCH)

    def _row(self, wanted: Wanted, end: date | None) -> PriceItem:
        return PriceItem(
            id=new_id(),
            area_code=self._area,
            validity=DateRange(wanted.starts_on, end),
            initials=initials(wanted.name)[:120],
            bigrams=bigrams(wanted.name),
            set_by_id=self._actor.account_id,
            **_said(wanted),
        )


def _held(row: PriceItem) -> Held:
    return Held(row.validity.lower, row.validity.upper)


def _said(wanted: Wanted) -> dict[str, Any]:
    return {
        "code": wanted.code,
        "kind": wanted.kind.value,
        "name": wanted.name,
        "specification": wanted.specification,
        "unit": wanted.unit,
        "price": wanted.price,
        "catalog_class": wanted.catalog_class.value,
        "first_self_pay_rate": wanted.first_self_pay_rate,
        "payment_standard": wanted.payment_standard,
        "source": wanted.source,
    }


def _says(row: PriceItem) -> Mapping[str, Any]:
    return {
        "code": row.code,
        "kind": row.kind,
        "name": row.name,
        "specification": row.specification,
        "unit": row.unit,
        "price": row.price,
        "catalog_class": row.catalog_class,
        "first_self_pay_rate": row.first_self_pay_rate,
        "payment_standard": row.payment_standard,
        "source": row.source,
    }


def _end(actor: Actor, row: PriceItem, day: date, reason: str) -> None:
    row.validity = DateRange(row.validity.lower, day)
    row.ended_by_id = actor.account_id
    row.ended_at = timezone.now()
    row.end_reason = reason


def _require_ahead(day: date) -> None:
    if day < timezone.localdate():
        raise Invalid(fields={"ends_on": _("停用日期不能早于今天。")})


def _alone(area_code: str) -> None:
    one_at_a_time(f"policy:prices:{area_code}")


def _note(
    actor: Actor, verb: str, code: str, row_id: UUID | None, **detail: Any
) -> None:
    audit.record(
        actor,
        f"prices.{verb}",
        object_kind="PriceItem",
        object_id=row_id,
        detail={"code": code, **detail},
    )
