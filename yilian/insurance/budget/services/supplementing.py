"""A supplementary clearing: linked to the confirmed one, which stays as it is."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final
from uuid import UUID

from django.db import transaction

from yilian.foundation.access.actor import Actor
from yilian.foundation.access.scope import require
from yilian.foundation.idempotency.services import once
from yilian.insurance.budget import policies
from yilian.insurance.budget.models import CarryOver, Clearing, ClearingAct, Pool
from yilian.insurance.budget.queries import sums
from yilian.insurance.budget.queries.sums import Sums
from yilian.insurance.budget.rules.states import Act, ClearingKind
from yilian.insurance.budget.rules.supplement import (
    Correction,
    Late,
    corrected,
    correction_step,
)
from yilian.insurance.budget.rules.year import Spent
from yilian.insurance.budget.services.clearing import (
    CONFIRMED,
    clearing_in_line,
    keep,
    next_number,
    said_to,
    unsaved_clearing,
)
from yilian.insurance.budget.services.keeping import INSURERS
from yilian.insurance.budget.services.rolling import late_rows
from yilian.kernel.errors import Conflict, Invalid
from yilian.kernel.money import to_fen
from yilian.kernel.safe_text import required_text
from yilian.kernel.text import _

_LONGEST: Final = 300
_LONGEST_EVIDENCE: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Corrections:
    """In yuan, signed; on evidence."""

    reason: str
    evidence: str
    inside: Decimal = Decimal(0)
    outside: Decimal = Decimal(0)
    refused: Decimal = Decimal(0)
    unreasonable: Decimal = Decimal(0)
    score: Decimal | None = None

    def in_fen(self) -> Correction:
        return Correction(
            to_fen(self.inside), to_fen(self.outside), to_fen(self.refused),
            to_fen(self.unreasonable), self.score,
        )  # fmt: skip


@transaction.atomic
def supplement(
    actor: Actor, clearing_id: UUID, *, key: UUID, corrections: Corrections
) -> Clearing:
    """Confirmed, returned and shared like the year's clearing."""
    before, pool = clearing_in_line(actor, clearing_id)
    require(policies.can_clear(actor, pool), INSURERS)

    def make() -> UUID:
        _require_last(before)
        first = sums.final_of(pool) or before
        rows = late_rows(pool, first, sums.first_day(pool), sums.end_of(pool))
        made = unsaved_supplement(pool, before, late_of(rows), corrections)
        keep(actor, pool, made)
        for row in rows:
            row.supplement = made
        CarryOver.objects.bulk_create(rows)
        return made.pk

    return Clearing.objects.get(pk=once(actor, key, "budget.supplement", make))


def late_until_now(pool: Pool) -> Late:
    """What a supplementary clearing made now would take in."""
    final = sums.final_of(pool)
    if final is None:
        return Late()
    return late_of(late_rows(pool, final, sums.first_day(pool), sums.end_of(pool)))


def late_of(rows: list[CarryOver]) -> Late:
    return Late(
        inside=sum(to_fen(row.amount) for row in rows if row.is_inside),
        outside=sum(to_fen(row.amount) for row in rows if not row.is_inside),
    )


def unsaved_supplement(
    pool: Pool, before: Clearing, late: Late, corrections: Corrections
) -> Clearing:
    """Also for bulk loading."""
    reason = required_text(corrections.reason, max_length=_LONGEST)
    evidence = required_text(corrections.evidence, max_length=_LONGEST_EVIDENCE)
    correction = corrections.in_fen()
    if not correction.says_something and late == Late():
        raise Invalid(_("没有更正，也没有清算后变动的结算，不需要补充清算。"))
    spent = corrected(_spent(before), late, correction)
    score = before.score if correction.score is None else correction.score
    made = unsaved_clearing(
        pool,
        before.revision,
        ClearingKind.SUPPLEMENT,
        next_number(pool, ClearingKind.SUPPLEMENT),
        _sums(before, spent),
        score,
        [correction_step(late, correction)],
    )
    made.supplements, made.reason, made.evidence = before, reason, evidence
    made.replaces = _returned(before)
    return made


def _spent(before: Clearing) -> Spent:
    return Spent(
        inside=to_fen(before.inside),
        outside=to_fen(before.outside),
        refused=to_fen(before.refused),
        unreasonable=to_fen(before.unreasonable),
    )


def _sums(before: Clearing, spent: Spent) -> Sums:
    """As a year's sums: what was carried in stays, what was due is paid."""
    carried = to_fen(before.carried)
    return Sums(
        until=before.until,
        inside=spent.inside + carried,
        outside=spent.outside,
        carried_inside=carried,
        carried_outside=0,
        refused=spent.refused,
        unreasonable=spent.unreasonable,
        advanced=to_fen(before.advanced + before.due),
        stays_basic=0,
        stays_total=0,
    )


def _require_last(before: Clearing) -> None:
    if before.kind == ClearingKind.PRE or not said_to(before) >= CONFIRMED:
        raise Conflict(_("双方确认过的清算才能补充；没有确认的请退回重算。"))
    later = Clearing.objects.filter(supplements=before)
    if later.exclude(acts__act=Act.RETURNED.value).exists():
        raise Conflict(_("这份清算已有补充清算，请在最后一份上继续补充。"))


def _returned(before: Clearing) -> ClearingAct | None:
    """The return of an earlier try that this one answers."""
    returns = ClearingAct.objects.filter(
        clearing__supplements=before, act=Act.RETURNED.value
    )
    return returns.order_by("at", "pk").last()
