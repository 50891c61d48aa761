"""Two books of a day laid side by side, 对账. Pure: rows in, differences out."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Final

from yilian.insurance.insurer.rules.states import IN_THEIR_BOOK, OPEN, State
from yilian.kernel.money import ZERO
from yilian.kernel.text import _


class Difference(StrEnum):
    NOT_THERE = "not_there"
    NOT_HERE = "not_here"
    UNRESOLVED = "unresolved"
    THEY_BOOKED = "they_booked"
    AMOUNTS = "amounts"


DIFFERENCE_NAMES: Final[Mapping[Difference, str]] = {
    Difference.NOT_THERE: _("我方已入账，对方没有"),
    Difference.NOT_HERE: _("对方有，我方没有这个流水号"),
    Difference.UNRESOLVED: _("我方结果未定，对方已入账"),
    Difference.THEY_BOOKED: _("我方记为被拒绝，对方已入账"),
    Difference.AMOUNTS: _("金额不一致"),
}
ADVICE: Final[Mapping[Difference, str]] = {
    Difference.NOT_THERE: _(
        "凭对方受理号请医保系统查账；对方确认没有记录的，作废结算单后重结。"
    ),
    Difference.NOT_HERE: _(
        "不是本平台发出的，请医保系统核对来源；是本平台的，按流水号查机构单据。"
    ),
    Difference.UNRESOLVED: _(
        "系统已按原流水号查询，查到后自动改为已入账，稍后再对一次。"
    ),
    Difference.THEY_BOOKED: _(
        "请医保系统核实；确已入账的，由对方冲销后再以新流水号发送。"
    ),
    Difference.AMOUNTS: _(
        "以结算单的计算过程为准核对；我方有误则作废重结，对方有误请其更正。"
    ),
}


@dataclass(frozen=True, slots=True)
class Ours:
    id: str
    state: State
    total: Decimal
    fund: Decimal


@dataclass(frozen=True, slots=True)
class Theirs:
    total: Decimal
    fund: Decimal


@dataclass(frozen=True, slots=True)
class Found:
    kind: Difference
    serial: tuple[str, str]  # institution and number
    ours: Ours | None
    theirs: Theirs | None


@dataclass(frozen=True, slots=True)
class Sum:
    count: int
    total: Decimal
    fund: Decimal


def compare(
    ours: Mapping[tuple[str, str], Ours], theirs: Mapping[tuple[str, str], Theirs]
) -> Iterator[Found]:
    for serial in sorted(ours.keys() | theirs.keys()):
        here, there = ours.get(serial), theirs.get(serial)
        kind = _kind(here, there)
        if kind is not None:
            yield Found(kind, serial, here, there)


def summed(rows: Iterable[Ours | Theirs]) -> Sum:
    listed = list(rows)
    return Sum(
        len(listed),
        sum((row.total for row in listed), ZERO),
        sum((row.fund for row in listed), ZERO),
    )


def in_our_book(rows: Iterable[Ours]) -> list[Ours]:
    return [row for row in rows if row.state in IN_THEIR_BOOK]


def _kind(here: Ours | None, there: Theirs | None) -> Difference | None:
    if there is None:
        is_booked = here is not None and here.state in IN_THEIR_BOOK
        return Difference.NOT_THERE if is_booked else None
    if here is None:
        return Difference.NOT_HERE
    if here.state in OPEN:
        return Difference.UNRESOLVED
    if here.state not in IN_THEIR_BOOK:
        return Difference.THEY_BOOKED
    is_same = (here.total, here.fund) == (there.total, there.fund)
    return None if is_same else Difference.AMOUNTS
