"""A year of shared services in the books: statements in every state, closed months.

What a plan of `world/insurance/clearing.py` would become through the services, as
rows: slips, entries, what was signed, disputed, adjusted and paid.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from random import Random
from typing import Final
from uuid import UUID

from yilian.demo.loading.insurance_clearing_books import (
    Books,
    Event,
    Told,
    moment,
)
from yilian.demo.loading.insurance_clearing_life import Life
from yilian.demo.loading.places import institution_id
from yilian.demo.world.build import Region
from yilian.demo.world.chance import fixed_id, stream
from yilian.demo.world.history.pen import CHINA
from yilian.demo.world.insurance.clearing import ITEMS, Service, services
from yilian.foundation.access.actor import Actor, Role
from yilian.insurance.clearing.models import (
    ClosedPeriod,
    Entry,
    SharedService,
)
from yilian.insurance.clearing.models_statement import (
    Statement,
)
from yilian.insurance.clearing.rules import numbers, slip
from yilian.insurance.clearing.rules.ledger import (
    EntryKind,
    owed,
)
from yilian.insurance.clearing.rules.months import back, before, following, month_of
from yilian.insurance.clearing.rules.slip import Kind, provider_share
from yilian.insurance.clearing.rules.statement import (
    Signed,
    State,
    digest_of,
)
from yilian.insurance.clearing.services.loading import load_many
from yilian.insurance.policy.rules.price_file import GoodLine
from yilian.insurance.policy.rules.prices import CatalogClass, PriceKind, Wanted
from yilian.insurance.policy.services.prices import load_prices
from yilian.kernel.areas import NINGXIA
from yilian.kernel.money import ZERO, from_fen, to_fen

_PRICED_FROM: Final = date(2018, 1, 1)
_OPEN_MONTHS: Final = 2  # ended, not yet closed
_SOURCE: Final = "演示数据"
Pair = tuple[str, UUID, UUID]  # code of the consortium, and the two houses in order


def load_clearing(actor: Actor, region: Region) -> None:
    today = region.now.astimezone(CHINA).date()
    _load_prices(actor)
    told = Told()
    bodies = {body.code: body.id for body in region.consortia}
    desk = _Desk(Books(told, bodies, _signers(region), today, region.now))
    rng = stream(region.seed, "clearing", "acts")
    for number, done in enumerate(services(region.seed, today)):
        desk.record(number, done, rng)
    desk.draw(rng)
    load_many(
        actor,
        accounts=list(told.accounts.values()),
        slips=told.slips,
        entries=told.entries,
        postings=told.postings,
        statements=told.statements,
        steps=told.steps,
        disputes=told.disputes,
        answers=told.answers,
        closed=told.closed,
    )


def _load_prices(actor: Actor) -> None:
    tele = slip.KIND_CLAUSES[Kind.TELE_ECG]
    lines = [
        GoodLine(
            number,
            Wanted(
                code=item.code,
                kind=PriceKind.TELE_SERVICE
                if slip.KIND_CLAUSES[item.kind] is tele
                else PriceKind.SERVICE,
                name=item.name,
                specification="",
                unit=item.unit,
                price=item.price,
                catalog_class=CatalogClass.C,
                first_self_pay_rate=None,
                payment_standard=None,
                starts_on=_PRICED_FROM,
                source=_SOURCE,
            ),
        )
        for number, item in enumerate(ITEMS, start=1)
    ]
    load_prices(actor, lines, area_code=NINGXIA)


def _signers(region: Region) -> Mapping[UUID, str]:
    """Who keeps the books of a house."""
    names = {one.id: one.name for one in region.staff.practitioners}
    return {
        institution_id(post.institution): names[post.practitioner]
        for post in region.staff.posts
        if Role.FINANCE in post.roles
    }


@dataclass
class _Desk:
    books: Books
    _business: dict[tuple[date, Pair], list[Entry]] = field(default_factory=dict)

    # --- slips and entries ----------------------------------------------------

    def record(self, number: int, done: Service, rng: Random) -> None:
        provider = institution_id(done.provider)
        requester = institution_id(done.requester)
        total = to_fen(done.item.price * done.quantity)
        percent = slip.SPLITS[done.item.kind].default.on(done.day)
        share = provider_share(total, percent)
        row_id = fixed_id("clearing slip", number)
        known = self._known_on(number, done.day)
        decided = moment(known + timedelta(days=1 + number % 4), number)
        row = SharedService(
            id=row_id,
            number=numbers.number_of(numbers.SLIP, done.day, row_id),
            consortium_id=self.books.bodies[done.consortium],
            provider_id=provider,
            requester_id=requester,
            kind=done.item.kind.value,
            item_code=done.item.code,
            item_name=done.item.name,
            unit=done.item.unit,
            quantity=done.quantity,
            unit_price=done.item.price,
            total=from_fen(total),
            requester_percent=percent,
            owed=from_fen(share),
            performed_on=done.day,
            reference=f"YW{done.day:%y%m%d}{number:05}",
            note="" if known == done.day else "关账前漏登，核对登记簿后补记",
        )
        row.recorded_at = min(moment(known, number), self.books.now)
        self.books.told.slips.append(row)
        if self._is_left(row, decided, rng):
            return
        row.state, row.decided_at = slip.State.ACKNOWLEDGED.value, decided
        lines = owed(provider, requester, share)
        month = month_of(known)
        told = Event(
            done.consortium, month, EntryKind.SERVICE, row.id, decided, done.item.name
        )
        entry = self.books.enter(lines, told)
        entry.event_kind, entry.happened_on = slip.EVENT, done.day
        entry.clause = slip.KIND_CLAUSES[done.item.kind].id
        entry.item_code, entry.requester_percent = done.item.code, percent
        key = month, (done.consortium, entry.one_id, entry.other_id)
        self._business.setdefault(key, []).append(entry)

    def _known_on(self, number: int, day: date) -> date:
        """The same day; a few were overlooked until their month was closed, and go to
        the month that was open then, 补记."""
        last = before(month_of(self.books.today))
        closed = back(last, _MONTHS_LATE + 1)[0]
        if month_of(day) == closed and number % _OVERLOOKED == 0:
            return last + timedelta(days=14)
        return day

    def _is_left(self, row: SharedService, decided: datetime, rng: Random) -> bool:
        """Still waits, or was sent back: nothing is posted."""
        chance = rng.random()
        if decided > self.books.now or (
            month_of(row.performed_on) == month_of(self.books.today)
            and chance < _WAITING
        ):
            return True
        if chance > _RETURNED:
            row.state, row.decided_at = slip.State.RETURNED.value, decided
            row.reason = "数量与本院登记不符"
            return True
        return False

    # --- statements -----------------------------------------------------------

    def draw(self, rng: Random) -> None:
        """Each month that has ended; the older, the further it has come."""
        last = before(month_of(self.books.today))
        open_from = before(last) if _OPEN_MONTHS > 1 else last
        by_body: dict[tuple[str, date], list[Statement]] = {}
        for (period, pair), entries in sorted(
            self._business.items(), key=lambda one: (one[0][0], str(one[0][1]))
        ):
            if period > last:
                continue
            row = self._statement(period, pair, entries)
            by_body.setdefault((pair[0], period), []).append(row)
            wanted = _fate(rng, _ages(period, open_from, last))
            Life(self.books, row, pair[0], entries).lead_to(wanted)
        for (consortium, period), rows in by_body.items():
            if period < open_from:
                self._close(consortium, period, rows)

    def _statement(self, period: date, pair: Pair, entries: list[Entry]) -> Statement:
        consortium, one, other = pair
        row_id = fixed_id("clearing statement", consortium, period, one, other)
        row = Statement(
            id=row_id,
            number=numbers.number_of(numbers.STATEMENT, period, row_id),
            consortium_id=self.books.bodies[consortium],
            period=period,
            one_id=one,
            other_id=other,
            one_owes=sum((x.one_owes for x in entries), ZERO),
            other_owes=sum((x.other_owes for x in entries), ZERO),
            one_adjusted=ZERO,
            other_adjusted=ZERO,
            lines=len(entries),
            digest=digest_of(Signed(x.id, x.one_owes, x.other_owes) for x in entries),
            drawn_at=moment(following(period), 0),
        )
        self.books.told.statements.append(row)
        return row

    def _close(self, consortium: str, period: date, rows: list[Statement]) -> None:
        disputed = sum(row.state == State.DISPUTED for row in rows)
        inside = self.books.told.inside(self.books.bodies[consortium], period)
        at = moment(following(following(period)), 0) + timedelta(days=19)
        self.books.told.closed.append(
            ClosedPeriod(
                id=fixed_id("clearing closed", consortium, period),
                consortium_id=self.books.bodies[consortium],
                period=period,
                entries=inside.entries,
                statements=len(rows),
                disputed=disputed,
                turnover=inside.turnover,
                note=_NOTE if disputed else "",
                closed_at=min(at, self.books.now),
            )
        )


_NOTE: Final = "有机构的数量异议尚在核对，核清后另记调整分录"
_MONTHS_LATE: Final = 3
_OVERLOOKED: Final = 40
_WAITING: Final = 0.65
_RETURNED: Final = 0.985
_OLD: Final = ((State.PAID, 100),)
_JUST_CLOSED: Final = ((State.PAID, 85), (State.DISPUTED, 15))
_OPEN: Final = (
    (State.PAID, 45), (State.CONFIRMED, 25), (State.ADJUSTED, 8),
    (State.DISPUTED, 8), (State.HALF_CONFIRMED, 14),
)  # fmt: skip
_LAST: Final = (
    (State.DRAWN, 50), (State.HALF_CONFIRMED, 20), (State.CONFIRMED, 12),
    (State.DISPUTED, 10), (State.ADJUSTED, 8),
)  # fmt: skip


Fates = tuple[tuple[State, int], ...]


def _ages(period: date, open_from: date, last: date) -> Fates:
    """The older a month, the further its statements have come."""
    if period == last:
        return _LAST
    if period >= open_from:
        return _OPEN
    return _JUST_CLOSED if following(period) == open_from else _OLD


def _fate(rng: Random, fates: Fates) -> State:
    states, weights = zip(*fates, strict=True)
    return State(rng.choices(states, weights)[0])
