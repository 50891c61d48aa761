"""From the levels to the members, 分配到成员 (RI-9, NX-3.2-e).

A level's part is divided among its members by agreed weight × performance. What is
to be borne is divided by weight alone: who did well shall not bear more. A level
without a member gives its part to the level that looks after it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, TypeVar

from yilian.insurance.budget.rules.states import Level
from yilian.insurance.budget.rules.year import distributed
from yilian.kernel.errors import Invalid
from yilian.kernel.money import Fen
from yilian.kernel.text import _

T = TypeVar("T")
_LOOKED_AFTER_BY: Final = (
    (Level.VILLAGE, Level.TOWNSHIP),
    (Level.TOWNSHIP, Level.COUNTY),
    (Level.COUNTY, Level.TOWNSHIP),
    (Level.TOWNSHIP, Level.VILLAGE),
)


class NobodyToShare(Invalid):
    code = "nobody-to-share"


class NoNumber(Invalid):
    code = "no-number"

    def __init__(self) -> None:
        super().__init__(_("权重和绩效系数应为数字，如 1.05。"))


@dataclass(frozen=True, slots=True)
class Member:
    id: str
    level: Level
    weight: Decimal = Decimal(1)
    performance: Decimal = Decimal(1)


@dataclass(frozen=True, slots=True)
class MemberShare:
    member: Member
    of_level: Fen
    amount: Fen


def kept_shares(
    by_level: Mapping[str, Fen], members: Sequence[Member]
) -> list[MemberShare]:
    """Of a surplus that is kept."""
    return _divided(by_level, members, is_borne=False)


def borne_shares(
    amount: Fen, shares: Mapping[str, int], members: Sequence[Member]
) -> list[MemberShare]:
    """Of an overspend: amounts below zero."""
    weights = {level: Decimal(share) for level, share in shares.items()}
    by_level = distributed(amount, weights)
    return [
        MemberShare(one.member, -one.of_level, -one.amount)
        for one in _divided(by_level, members, is_borne=True)
    ]


def read_numbers(typed: Mapping[T, str]) -> dict[T, Decimal]:
    """Weights or performances as people type them; what is empty is left out."""
    given = {who: text.strip() for who, text in typed.items() if text.strip()}
    try:
        numbers = {who: round(Decimal(text), 4) for who, text in given.items()}
    except (ArithmeticError, ValueError):
        raise NoNumber from None
    if not all(number.is_finite() for number in numbers.values()):
        raise NoNumber
    return numbers


def _divided(
    by_level: Mapping[str, Fen], members: Sequence[Member], *, is_borne: bool
) -> list[MemberShare]:
    of_levels = _folded(by_level, members)
    return [
        share
        for level, amount in of_levels.items()
        for share in _of_level(
            amount, [m for m in members if m.level == level], is_borne=is_borne
        )
    ]


def _of_level(
    amount: Fen, members: Sequence[Member], *, is_borne: bool
) -> list[MemberShare]:
    weights = {
        m.id: m.weight if is_borne else m.weight * m.performance for m in members
    }
    parts = distributed(amount, weights)
    return [MemberShare(m, amount, parts[m.id]) for m in members]


def _folded(by_level: Mapping[str, Fen], members: Sequence[Member]) -> dict[Level, Fen]:
    if not members:
        raise NobodyToShare(_("医联体在这一年没有成员机构，不能分配。"))
    peopled = {member.level for member in members}
    amounts = {level: by_level.get(level.value, 0) for level in Level}
    for level, keeper in _LOOKED_AFTER_BY:
        if level not in peopled and amounts[level]:
            amounts[keeper] += amounts[level]
            amounts[level] = 0
    return {level: amount for level, amount in amounts.items() if level in peopled}
