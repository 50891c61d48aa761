"""The books: which month takes an event, balances, the trial balance."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final
from uuid import UUID

from django.db.models import Q, QuerySet, Sum

from yilian.foundation.access.actor import Actor
from yilian.insurance.clearing.models import ClosedPeriod, Entry, Posting
from yilian.insurance.clearing.models_statement import Statement, within_sight
from yilian.insurance.clearing.rules.ledger import (
    ACCOUNT_CODES,
    ACCOUNT_NAMES,
    AccountKind,
    Line,
)
from yilian.insurance.clearing.rules.months import following, month_of
from yilian.insurance.clearing.rules.statement import State
from yilian.kernel.money import ZERO, to_fen
from yilian.registry.consortium.queries import shared_consortia
from yilian.registry.consortium.rules import Form

# Where two houses share several: the one in which they work day by day first.
_CLOSEST: Final = (
    Form.COUNTY_CONSORTIUM,
    Form.CITY_CONSORTIUM,
    Form.HOSPITAL_GROUP,
    Form.HIGH_LEVEL_COLLABORATIVE,
    Form.SPECIALTY_ALLIANCE,
    Form.TELEMEDICINE_NETWORK,
)


def consortium_between(one_id: UUID, other_id: UUID, day: date) -> UUID | None:
    shared = shared_consortia(one_id, [other_id], day).get(other_id, [])
    ordered = sorted(shared, key=lambda line: (_CLOSEST.index(line.form), line.code))
    return ordered[0].id if ordered else None


def closed_until(consortium_id: UUID) -> date | None:
    """The last month closed; all before it are closed as well."""
    rows = ClosedPeriod.objects.filter(consortium=consortium_id)
    return rows.order_by("-period").values_list("period", flat=True).first()


def open_period(
    consortium_id: UUID, pair: tuple[UUID, UUID], day: date, *, is_aside: bool = False
) -> date:
    """The month of the day, or the first after it that is neither closed nor, for
    these two houses, signed. `is_aside`: adjusts or pays a statement, joins none."""
    last = closed_until(consortium_id)
    month = month_of(day) if last is None else max(month_of(day), following(last))
    if is_aside:
        return month
    signed = set(
        Statement.objects.filter(
            consortium=consortium_id, one=pair[0], other=pair[1], period__gte=month
        )
        .exclude(state=State.DRAWN.value)
        .values_list("period", flat=True)
    )
    while month in signed:
        month = following(month)
    return month


def consortia_in_books(actor: Actor) -> dict[UUID, str]:
    """Those in which there is something to settle, by name."""
    rows = Entry.objects.visible_to(actor).order_by("consortium__alias")
    return dict(rows.values_list("consortium_id", "consortium__alias").distinct())


def lines_of(entry: Entry) -> list[Line]:
    rows = Posting.objects.filter(entry=entry).select_related("account").order_by("pk")
    return [
        Line(
            row.account.institution_id,
            row.account.counterparty_id,
            AccountKind(row.account.kind),
            to_fen(row.amount),
        )
        for row in rows
    ]


@dataclass(frozen=True, slots=True)
class BalanceLine:
    """An account of a house, all counterparties together."""

    institution_id: UUID
    institution: str
    kind: AccountKind
    debit: Decimal
    credit: Decimal

    @property
    def code(self) -> str:
        return ACCOUNT_CODES[self.kind]

    @property
    def name(self) -> str:
        return ACCOUNT_NAMES[self.kind]

    @property
    def balance(self) -> Decimal:
        return self.debit - self.credit


@dataclass(frozen=True, slots=True)
class TrialBalance:
    lines: list[BalanceLine]

    @property
    def debit(self) -> Decimal:
        return sum((line.debit for line in self.lines), ZERO)

    @property
    def credit(self) -> Decimal:
        return sum((line.credit for line in self.lines), ZERO)

    @property
    def is_balanced(self) -> bool:
        return self.debit == self.credit


def entries_in(
    actor: Actor, consortium_id: UUID | None, start: date, end: date
) -> QuerySet[Entry]:
    """Posted for months from `start` up to (not including) `end`, within sight."""
    rows = Entry.objects.visible_to(actor).filter(period__gte=start, period__lt=end)
    return rows.filter(consortium=consortium_id) if consortium_id else rows


def postings_of(actor: Actor, entries: QuerySet[Entry]) -> QuerySet[Posting]:
    """A house sees its own books, an office those of all its consortium's houses."""
    rows = Posting.objects.filter(entry__in=entries)
    office = entries.model.objects.filter(within_sight(actor)).values("pk")
    own = Q(account__institution=actor.institution_id)
    return rows.filter(own | Q(entry__in=office))


def trial_balance(actor: Actor, entries: QuerySet[Entry]) -> TrialBalance:
    rows = (
        postings_of(actor, entries)
        .values_list(
            "account__institution_id",
            "account__institution__short_name",
            "account__kind",
        )
        .annotate(
            debit=Sum("amount", filter=Q(amount__gt=0)),
            credit=Sum("amount", filter=Q(amount__lt=0)),
        )
        .order_by("account__institution__code")
    )
    lines = [
        BalanceLine(house, name, AccountKind(kind), debit or ZERO, -(credit or ZERO))
        for house, name, kind, debit, credit in rows
    ]
    places = {line.institution_id: place for place, line in enumerate(lines)}
    return TrialBalance(
        sorted(lines, key=lambda line: (places[line.institution_id], line.code))
    )


def between(
    one_id: UUID, other_id: UUID, consortium_id: UUID
) -> tuple[Decimal, Decimal]:
    """What each owes the other by the books, payments counted."""
    found = Entry.objects.filter(
        consortium=consortium_id, one=one_id, other=other_id
    ).aggregate(one=Sum("one_owes"), other=Sum("other_owes"))
    return found["one"] or ZERO, found["other"] or ZERO


def as_money(text: str) -> Decimal | None:
    return Decimal(text) if text else None
