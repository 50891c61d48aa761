"""Posting an event into the books: the one call for every module.

    from yilian.insurance.clearing.rules.ledger import owed
    from yilian.insurance.clearing.services.posting import post

    post(
        actor,                                # a house of the pair, or a system actor
        event_kind="tele_report",             # with event_id: posted once, ever
        event_id=report.id,
        day=report.day,                       # its own day; the period follows from it
        lines=owed(reader_id, asker_id, fen), # or other lines that balance
        text="远程心电诊断",                   # no name of a person
        clause="NX-2.3.4-d",
        item_code="…", requester_percent=30,  # where a price and a split rule apply
    )

It goes to the month of its day, or to the first later month that is still open for
these two houses; `happened_on` keeps the day. Called again with the same event it
gives back the first entry; with other amounts it is refused. `reverse` takes an
event back by a red entry of its own.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from django.db import IntegrityError, transaction

from yilian.foundation.access.actor import Actor
from yilian.foundation.access.scope import require
from yilian.foundation.audit.services import record as record_audit
from yilian.insurance.clearing import policies
from yilian.insurance.clearing.models import Entry, LedgerAccount, Posting
from yilian.insurance.clearing.models_statement import Statement
from yilian.insurance.clearing.queries.books import (
    consortium_between,
    lines_of,
    open_period,
)
from yilian.insurance.clearing.rules import ledger
from yilian.insurance.clearing.rules.ledger import EntryKind, Line
from yilian.insurance.clearing.services.holding import hold_together
from yilian.kernel.clause import clause as clause_named
from yilian.kernel.errors import Conflict, Invalid
from yilian.kernel.money import from_fen
from yilian.kernel.text import _
from yilian.registry.directory.queries import today

REVERSAL: Final = "reversal"
# Unique by event; a red entry is unique by what it takes back as well.
_ONCE: Final = frozenset({"entry_once_per_event", "clearing_entry_reverses_id_key"})
_WHO: Final = _("只有业务双方机构可以为这笔业务记账。")
_REFUSED: Final = {
    "entry_in_open_period": _("会计期间已关账，没有记账。请记入开放期间。"),
    "entry_before_signature": _("该月对账单已经签字，没有记账。请记入下一期间。"),
}


@dataclass(frozen=True, slots=True)
class _What:
    """What an entry says besides its lines."""

    kind: EntryKind
    event_kind: str
    event_id: UUID
    day: date
    text: str
    clause: str
    item_code: str = ""
    requester_percent: int | None = None
    statement: Statement | None = None
    reverses: Entry | None = None


@transaction.atomic
def post(
    actor: Actor,
    *,
    event_kind: str,
    event_id: UUID,
    day: date,
    lines: Sequence[Line],
    text: str,
    clause: str,
    item_code: str = "",
    requester_percent: int | None = None,
    consortium_id: UUID | None = None,
) -> Entry:
    """Once per event. `consortium_id`: in whose frame, where the houses share
    several; else the closest one they share on the day."""
    what = _What(
        EntryKind.SERVICE, event_kind, event_id, day, text, clause,
        item_code, requester_percent,
    )  # fmt: skip
    return enter(actor, what, lines, consortium_id)


@transaction.atomic
def reverse(actor: Actor, *, event_kind: str, event_id: UUID, reason: str) -> Entry:
    """A red entry against what this event posted, in the open period, 红冲."""
    entry = Entry.objects.filter(event_kind=event_kind, event_id=event_id).first()
    if entry is None:
        raise Conflict(_("这笔业务还没有入账，不需要红冲。"))
    what = _What(
        EntryKind.REVERSAL, REVERSAL, entry.id, today(), reason[:200], entry.clause,
        entry.item_code, entry.requester_percent, reverses=entry,
    )  # fmt: skip
    return enter(actor, what, ledger.mirrored(lines_of(entry)), entry.consortium_id)


def adjust(
    actor: Actor, row: Statement, *, event_id: UUID, lines: Sequence[Line], text: str
) -> Entry:
    """Beside a statement whose month may long be closed; never an edit."""
    what = _What(
        EntryKind.ADJUSTMENT, "statement_adjusted", event_id, today(), text[:200],
        ledger.CLEARING.id, statement=row,
    )  # fmt: skip
    return enter(actor, what, lines, row.consortium_id)


def settle(
    actor: Actor, row: Statement, *, paid_on: date, lines: Sequence[Line], text: str
) -> Entry:
    """The payment of a statement."""
    what = _What(
        EntryKind.PAYMENT, "statement_paid", row.id, paid_on, text[:200],
        ledger.CLEARING.id, statement=row,
    )  # fmt: skip
    return enter(actor, what, lines, row.consortium_id)


def enter(
    actor: Actor, what: _What, lines: Sequence[Line], consortium_id: UUID | None
) -> Entry:
    _require_possible(what, lines)
    pair = ledger.pair_of(lines)
    may = what.statement is not None or policies.can_post(actor, pair)
    require(may, _WHO)
    within = consortium_id or consortium_between(*pair, what.day)
    if within is None:
        raise Invalid(_("两家机构当天不在同一个医联体内，不能在这里结算。"))
    hold_together(within)
    known = _known(what, lines)
    if known is not None:
        return known
    entry = _entry(actor, what, lines, within)
    try:
        with transaction.atomic():
            entry.save(force_insert=True)
    except IntegrityError as error:
        return _after(error, what, lines)
    _write_legs(entry, lines)
    record_audit(
        actor,
        "clearing.post",
        object_kind="entry",
        object_id=entry.id,
        detail={"event": what.event_kind, "period": f"{entry.period:%Y-%m}"},
    )
    return entry


def _require_possible(what: _What, lines: Sequence[Line]) -> None:
    clause_named(what.clause)
    wrong = ledger.problem(lines)
    if wrong:
        raise Invalid(wrong)
    if what.day > today():
        raise Invalid(
            fields={"day": _("发生日期不能晚于今天。")},
        )


def _known(what: _What, lines: Sequence[Line]) -> Entry | None:
    """The entry this event has made; refused when it now says something else."""
    rows = Entry.objects.filter(event_kind=what.event_kind, event_id=what.event_id)
    entry = rows.first()
    if entry is not None and _claims(lines) != (entry.one_owes, entry.other_owes):
        raise Conflict(_("这笔业务已按另一金额记账；要更正请先红冲。"))
    return entry


def _claims(lines: Sequence[Line]) -> tuple[Decimal, Decimal]:
    """By how much one owes more, and the other."""
    one, other = ledger.pair_of(lines)
    return (
        from_fen(ledger.claim_of(lines, other)),
        from_fen(ledger.claim_of(lines, one)),
    )


def _entry(
    actor: Actor, what: _What, lines: Sequence[Line], consortium_id: UUID
) -> Entry:
    one, other = ledger.pair_of(lines)
    one_owes, other_owes = _claims(lines)
    return Entry(
        consortium_id=consortium_id,
        period=open_period(
            consortium_id, (one, other), what.day, is_aside=what.statement is not None
        ),
        one_id=one,
        other_id=other,
        kind=what.kind.value,
        event_kind=what.event_kind,
        event_id=what.event_id,
        happened_on=what.day,
        text=what.text,
        clause=what.clause,
        item_code=what.item_code,
        requester_percent=what.requester_percent,
        one_owes=one_owes,
        other_owes=other_owes,
        legs=len(lines),
        statement=what.statement,
        reverses=what.reverses,
        posted_by=actor.account_id,
    )


def _after(error: IntegrityError, what: _What, lines: Sequence[Line]) -> Entry:
    """Somebody posted the same event meanwhile, or the database refused."""
    name = constraint_of(error)
    known = _known(what, lines) if name in _ONCE else None
    if known is not None:
        return known
    if name in _REFUSED:
        raise Conflict(_REFUSED[name]) from None
    raise error


def constraint_of(error: IntegrityError) -> str:
    diagnosis: Any = getattr(error.__cause__, "diag", None)
    return str(getattr(diagnosis, "constraint_name", "") or "")


def _write_legs(entry: Entry, lines: Sequence[Line]) -> None:
    accounts = _accounts(lines)
    Posting.objects.bulk_create(
        Posting(
            entry=entry,
            account_id=accounts[line.institution_id, line.counterparty_id, line.kind],
            amount=from_fen(line.fen),
        )
        for line in lines
    )


def _accounts(lines: Sequence[Line]) -> dict[tuple[UUID, UUID, str], UUID]:
    wanted = {(x.institution_id, x.counterparty_id, x.kind.value) for x in lines}
    found = _found(wanted)
    missing = sorted(wanted - set(found), key=str)
    if missing:
        LedgerAccount.objects.bulk_create(
            [
                LedgerAccount(institution_id=house, counterparty_id=against, kind=kind)
                for house, against, kind in missing
            ],
            ignore_conflicts=True,
        )
        found = _found(wanted)
    return found


def _found(
    wanted: set[tuple[UUID, UUID, str]],
) -> dict[tuple[UUID, UUID, str], UUID]:
    houses = {house for house, _against, _kind in wanted}
    rows = LedgerAccount.objects.filter(
        institution__in=houses, counterparty__in=houses
    ).values_list("institution_id", "counterparty_id", "kind", "id")
    return {(house, against, kind): pk for house, against, kind, pk in rows}
