"""Counting a year: before its end as a pre-settlement, after it for good.

A clearing is written once with its working and its digest. The insurer's second
person and the consortium confirm it; until both have, either may return it, and it
is then counted anew under a number of its own.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from yilian.foundation.access.actor import Actor, Role
from yilian.foundation.access.scope import find, require
from yilian.foundation.idempotency.services import once
from yilian.foundation.vault.services import digest
from yilian.insurance.budget import policies
from yilian.insurance.budget.models import (
    Clearing,
    ClearingAct,
    Pool,
    PoolRevision,
)
from yilian.insurance.budget.queries import sums
from yilian.insurance.budget.queries.sums import Sums
from yilian.insurance.budget.rules.states import Act, ClearingKind
from yilian.insurance.budget.rules.working import kept
from yilian.insurance.budget.rules.year import GROUND, Cleared, clear
from yilian.insurance.budget.rules.year import Pool as Amounts
from yilian.insurance.budget.services.collecting import collect_refusals
from yilian.insurance.budget.services.keeping import (
    INSURERS,
    audited,
    pool_in_line,
    require_account,
    require_open,
    tell_consortium,
)
from yilian.insurance.budget.services.rolling import refresh
from yilian.insurance.settlement.rules.trace import Step, told
from yilian.kernel.errors import Conflict
from yilian.kernel.money import Fen, from_fen
from yilian.kernel.safe_text import clean_text, required_text
from yilian.kernel.text import _

_LONGEST: Final = 300
_PREFIX: Final = {
    ClearingKind.PRE: "YJS",
    ClearingKind.FINAL: "QS",
    ClearingKind.SUPPLEMENT: "BQ",
}
_NOT_SEALED: Final = frozenset({"digest", "id", "working", "made_by", "made_at"})
# Columns that came after the first clearings: sealed where they say something.
_LATER: Final = frozenset({"supplements", "reason", "evidence"})
CONFIRMED: Final = frozenset({Act.INSURER.value, Act.CONSORTIUM.value})


@transaction.atomic
def pre_settle(
    actor: Actor, pool_id: UUID, *, key: UUID, until: date | None = None
) -> Clearing:
    """What the year would come to if it ended before `until` (today)."""
    pool = pool_in_line(actor, pool_id)
    require(policies.can_clear(actor, pool), INSURERS)

    def make() -> UUID:
        require_open(pool)
        day = min(until or timezone.localdate(), sums.end_of(pool))
        collect_refusals(actor, pool)
        return _count(actor, pool, ClearingKind.PRE, day).pk

    return Clearing.objects.get(pk=once(actor, key, "budget.pre_settle", make))


@transaction.atomic
def clear_year(actor: Actor, pool_id: UUID, *, key: UUID) -> Clearing:
    """Freezes the year with it: nothing of it changes while this stands."""
    pool = pool_in_line(actor, pool_id)
    require(policies.can_clear(actor, pool), INSURERS)

    def make() -> UUID:
        require_open(pool)
        if timezone.localdate() < sums.end_of(pool):
            raise Conflict(
                _("{year} 年还没有结束，不能清算；可以先做预结算。"), year=pool.year
            )
        refresh(actor, pool, sums.first_day(pool), sums.end_of(pool))
        collect_refusals(actor, pool)
        return _count(actor, pool, ClearingKind.FINAL, sums.end_of(pool)).pk

    return Clearing.objects.get(pk=once(actor, key, "budget.clear_year", make))


@transaction.atomic
def confirm(actor: Actor, clearing_id: UUID, *, note: str = "") -> ClearingAct:
    """By the insurer's second person, or by the consortium's office."""
    made, pool = clearing_in_line(actor, clearing_id)
    act = Act.CONSORTIUM if actor.has(Role.CONSORTIUM_OFFICE) else Act.INSURER
    if act is Act.CONSORTIUM:
        is_allowed = policies.can_confirm_as_consortium(actor, pool)
    else:
        is_allowed = policies.can_confirm_as_insurer(actor, pool, made.made_by_id)
    require(
        is_allowed,
        _("清算由计算人以外的另一位医保经办复核确认，并由医联体办公室确认。"),
    )
    said = said_to(made)
    if act.value in said:
        raise Conflict(_("这一方已经确认过。请刷新页面查看。"))
    _require_standing(said)
    return _say(actor, made, act, clean_text(note, max_length=_LONGEST))


@transaction.atomic
def return_clearing(actor: Actor, clearing_id: UUID, *, reason: str) -> ClearingAct:
    """To be counted anew; the year is open again until then."""
    made, pool = clearing_in_line(actor, clearing_id)
    require(
        policies.can_return(actor, pool), _("只有医保经办或医联体办公室可以退回清算。")
    )
    said = said_to(made)
    _require_standing(said)
    if said >= CONFIRMED:
        raise Conflict(
            _("双方都已确认，不能退回。以后变动的结算记入下一年度并注明出处。")
        )
    return _say(actor, made, Act.RETURNED, required_text(reason, max_length=_LONGEST))


def unsaved_clearing(  # noqa: PLR0917  also for bulk loading
    pool: Pool,
    revision: PoolRevision,
    kind: ClearingKind,
    number: str,
    found: Sums,
    score: Decimal,
    before: Sequence[Step] = (),
) -> Clearing:
    amounts = sums.amounts_of(revision)
    cleared = clear(amounts, found.spent, score, sums.agreed(revision))
    due = cleared.actual + cleared.retained - cleared.consortium_share - found.advanced
    working = kept([*before, *_steps(amounts, cleared, found, due)])
    made = Clearing(
        pool=pool,
        revision=revision,
        kind=kind.value,
        number=number,
        until=found.until,
        inside=from_fen(found.inside - found.carried_inside),
        outside=from_fen(found.outside - found.carried_outside),
        carried=from_fen(found.carried),
        refused=from_fen(found.refused),
        unreasonable=from_fen(found.unreasonable),
        score=score,
        available=from_fen(cleared.available),
        actual=from_fen(cleared.actual),
        balance=from_fen(cleared.balance),
        retained=from_fen(cleared.retained),
        fund_share=from_fen(cleared.fund_share),
        consortium_share=from_fen(cleared.consortium_share),
        advanced=from_fen(found.advanced),
        due=from_fen(due),
        working={"steps": working, "by_level": dict(cleared.by_level)},
        made_at=timezone.now(),
    )
    made.digest = digest_of(made)
    return made


def digest_of(made: Clearing) -> str:
    """Over every amount and the working: what was confirmed can be told from what
    somebody wrote in its place."""
    facts = {
        field.name: _plain(field.value_from_object(made), field)
        for field in made._meta.concrete_fields
        if field.name not in _NOT_SEALED
        and (field.name not in _LATER or field.value_from_object(made))
    }
    whole: Mapping[str, Any] = {**facts, "working": made.working}
    said = json.dumps(whole, ensure_ascii=False, sort_keys=True)
    return digest(said.encode()).hex()


def _plain(value: Any, field: Any) -> str:
    """As the column keeps it: 92 and 92.00 are the same score."""
    if isinstance(value, Decimal):
        return f"{value:.{field.decimal_places}f}"
    return str(value)


def _count(actor: Actor, pool: Pool, kind: ClearingKind, until: date) -> Clearing:
    revision = sums.revision_of_year(pool)
    if revision is None:
        raise Conflict(_("这个总额还没有发布的标准，请先复核发布。"))
    score = sums.score_of(pool)
    if score is None:
        raise Conflict(_("还没有登记质量考核得分，请先登记得分再结算。"))
    found = sums.sums_of(pool, until)
    number = next_number(pool, kind)
    made = unsaved_clearing(pool, revision, kind, number, found, score.value)
    made.replaces = _returned(pool, kind)
    return keep(actor, pool, made)


def keep(actor: Actor, pool: Pool, made: Clearing) -> Clearing:
    """For good, and the consortium is told; also for supplementary clearings."""
    made.made_by_id = require_account(actor)
    made.digest = digest_of(made)
    made.save(force_insert=True)
    audited(actor, f"{made.kind}_clearing", pool, made, number=made.number)
    tell_consortium(
        pool,
        _("{consortium}{year} 年的结算已算出，请核对并确认。"),
        f"budget.clearing:{made.pk}",
        reverse("budget:clearing", args=[made.pk]),
    )
    return made


def next_number(pool: Pool, kind: ClearingKind) -> str:
    known = Clearing.objects.filter(pool=pool, kind=kind.value).count()
    return f"{_PREFIX[kind]}-{pool.area_code}-{pool.year}-{known + 1:02d}"


def _returned(pool: Pool, kind: ClearingKind) -> ClearingAct | None:
    """The return that this one answers; pre-settlements stand beside one another."""
    if kind is ClearingKind.PRE:
        return None
    returns = ClearingAct.objects.filter(
        clearing__pool=pool, clearing__kind=kind.value, act=Act.RETURNED.value
    )
    return returns.order_by("at", "pk").last()


def _steps(amounts: Amounts, cleared: Cleared, found: Sums, due: Fen) -> list[Step]:
    last = found.until - timedelta(days=1)
    used = told(
        "used", _("本年度使用"), GROUND,
        (_("参保人在内部和外部的基金支付，含上年度清算后的变动"),
         _("截至 {day}：内部 {inside}，外部 {outside}，其中上年度变动 {carried}")),
        found.inside + found.outside, day=last.isoformat(), inside=found.inside,
        outside=found.outside, carried=found.carried,
    )  # fmt: skip
    owed = told(
        "due", _("应补付（负数为应退回）"), GROUND,
        (_("实际使用 + 留用结余 − 医联体承担 − 已预付"),
         _("{actual} + {retained} − {borne} − {advanced} = {result}")),
        due, actual=cleared.actual, retained=cleared.retained,
        borne=cleared.consortium_share, advanced=found.advanced,
    )  # fmt: skip
    return [*amounts.steps, used, *cleared.steps, owed]


def clearing_in_line(actor: Actor, clearing_id: UUID) -> tuple[Clearing, Pool]:
    pools = Pool.objects.visible_to(actor)
    made = find(Clearing.objects.filter(pool__in=pools), clearing_id)
    return made, pool_in_line(actor, made.pool_id)


def said_to(made: Clearing) -> frozenset[str]:
    return frozenset(made.acts.values_list("act", flat=True))


def _require_standing(said: frozenset[str]) -> None:
    if Act.RETURNED.value in said:
        raise Conflict(_("这份清算已退回，请查看重新计算的一份。"))


def _say(actor: Actor, made: Clearing, act: Act, note: str) -> ClearingAct:
    row = ClearingAct.objects.create(
        clearing=made,
        act=act.value,
        note=note,
        by_id=require_account(actor),
        at=timezone.now(),
    )
    audited(actor, f"clearing_{act}", made.pool, made, number=made.number)
    return row
