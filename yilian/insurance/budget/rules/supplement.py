"""Correcting a year that was cleared and confirmed, 补充清算.

Nothing of the first clearing changes. The year is counted again from what it was
counted from then, what was settled late, and what is corrected on evidence; what is
due is the difference, because the first clearing was paid.
"""

from dataclasses import dataclass, replace
from decimal import Decimal

from yilian.insurance.budget.rules.year import GROUND, BudgetWrong, Spent
from yilian.insurance.settlement.rules.trace import Step, told
from yilian.kernel.money import Fen, fmt, from_fen
from yilian.kernel.text import _


@dataclass(frozen=True, slots=True)
class Late:
    """Settled or taken back after the clearing, counted nowhere yet."""

    inside: Fen = 0
    outside: Fen = 0


@dataclass(frozen=True, slots=True)
class Correction:
    """Signed; `score` None: as it was."""

    inside: Fen = 0
    outside: Fen = 0
    refused: Fen = 0
    unreasonable: Fen = 0
    score: Decimal | None = None

    @property
    def says_something(self) -> bool:
        amounts = (self.inside, self.outside, self.refused, self.unreasonable)
        return any(amounts) or self.score is not None


def corrected(before: Spent, late: Late, correction: Correction) -> Spent:
    """What the year cost after all."""
    found = replace(
        before,
        inside=before.inside + late.inside + correction.inside,
        outside=before.outside + late.outside + correction.outside,
        refused=before.refused + correction.refused,
        unreasonable=before.unreasonable + correction.unreasonable,
    )
    if min(found.inside, found.outside, found.refused, found.unreasonable) < 0:
        raise BudgetWrong(_("更正后金额不能为负数，请核对更正数。"))
    return found


def correction_step(late: Late, correction: Correction) -> Step:
    """The first line of the working."""
    changed = (
        late.inside + late.outside + correction.inside + correction.outside
        - correction.refused
    )  # fmt: skip
    return told(
        "correction", _("更正金额"), GROUND,
        (_("清算后变动的结算 + 内部更正 + 外部更正 − 拒付更正"),
         "{late} {inside} {outside} {refused} = {result}"),
        changed, late=late.inside + late.outside,
        inside=_signed(correction.inside), outside=_signed(correction.outside),
        refused=_signed(-correction.refused),
        remark=_("已预付一项包括以前各份清算的应补付。"),
    )  # fmt: skip


def _signed(amount: Fen) -> str:
    """As a term of a sum: nothing is taken away twice, as in "− −5.00"."""
    return f"{'−' if amount < 0 else '+'} {fmt(from_fen(abs(amount)))}"
