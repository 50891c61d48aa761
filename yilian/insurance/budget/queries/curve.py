"""The use of a pool against time, where it leads, and what could change it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

from django.db.models import Sum
from django.utils import timezone

from yilian.foundation.access.actor import Actor
from yilian.foundation.access.scope import find
from yilian.foundation.parameters.queries import value_of
from yilian.insurance.budget import parameters
from yilian.insurance.budget.models import Pool, PoolRevision, UseDay
from yilian.insurance.budget.queries import sums
from yilian.insurance.budget.queries.sums import Sums
from yilian.insurance.budget.rules.curve import (
    METHOD_NAMES,
    Alarm,
    AlarmLimits,
    Forecast,
    Month,
    alarm_of,
    foreseen,
    in_all,
    line_on,
    months_of,
)
from yilian.insurance.budget.rules.pictures import CurvePicture, curve_picture
from yilian.insurance.budget.rules.simulate import (
    Facts,
    Simulated,
    Wish,
    price_of,
    shares_of,
    simulate,
)
from yilian.insurance.budget.rules.states import Level, UseKind
from yilian.kernel.money import Fen, from_fen, to_fen

_USUAL_SCORE = Decimal(80)  # for a simulation before one is set


@dataclass(frozen=True, slots=True)
class UseCurve:
    """Of the days before `until`; amounts in fen."""

    pool_id: UUID
    year: int
    until: date
    available: Fen
    spent: Fen
    line: Fen  # where the even line stands
    forecast: Forecast
    alarm: Alarm
    limits: AlarmLimits
    months: Sequence[Month]
    picture: CurvePicture

    @property
    def at_end(self) -> Decimal:
        return from_fen(self.forecast.at_end)

    @property
    def balance_at_end(self) -> Decimal:
        return from_fen(self.available - self.forecast.at_end)

    @property
    def spread(self) -> Decimal:
        return from_fen(self.forecast.spread)

    @property
    def ahead(self) -> Decimal:
        """Of the even line; below zero is behind it."""
        return from_fen(self.spent - self.line)

    @property
    def percent(self) -> Decimal | None:
        if not self.available:
            return None
        return round(Decimal(100 * self.spent) / self.available, 1)

    @property
    def percent_at_end(self) -> Decimal | None:
        if not self.available:
            return None
        return round(Decimal(100 * self.forecast.at_end) / self.available, 1)

    @property
    def method(self) -> str:
        return METHOD_NAMES[self.forecast.method]


def use_curve(pool_id: UUID, until: date | None = None) -> UseCurve:
    """What was spent inside and outside for the covered people, day by day."""
    pool = Pool.objects.get(pk=pool_id)
    return curve_of(pool, sums.revision_of_year(pool), until)


def curve_of(
    pool: Pool, revision: PoolRevision | None, until: date | None = None
) -> UseCurve:
    end = min(until or timezone.localdate(), sums.end_of(pool))
    found = sums.sums_of(pool, end)
    spent = by_day(pool, end)
    forecast = foreseen(pool.year, end, spent, _year_before(pool))
    available = to_fen(revision.available) if revision else 0
    actual = max(0, found.spent.actual)
    # What an audit refused and what earlier years brought is certain already.
    apart = found.carried - found.refused
    forecast = _with(forecast, apart)
    limits = _limits(pool)
    so_far = in_all(spent)
    total = so_far[-1][1] if so_far else 0
    return UseCurve(
        pool_id=pool.pk,
        year=pool.year,
        until=end,
        available=available,
        spent=actual,
        line=line_on(available, pool.year, (end - sums.first_day(pool)).days),
        forecast=forecast,
        alarm=alarm_of(forecast.at_end, actual, available, limits),
        limits=limits,
        months=months_of(pool.year, end, spent, forecast, available),
        picture=curve_picture(
            pool.year, so_far, in_all(forecast.by_day, total), forecast.spread,
            available,
        ),
    )  # fmt: skip


def by_day(pool: Pool, end: date) -> dict[date, Fen]:
    rows = UseDay.objects.filter(pool=pool, day__lt=end).values_list("day")
    return {day: to_fen(amount) for day, amount in rows.annotate(Sum("basic"))}


@dataclass(frozen=True, slots=True)
class Trial:
    """A simulation on a page: what goes in, what comes out, by whom it is felt."""

    wish: Wish
    measured_price: Decimal | None
    result: Simulated
    levels: Mapping[str, tuple[Fen, Fen]]
    inside_before: Fen
    outside_before: Fen
    score: Decimal
    is_score_assumed: bool


def simulation(actor: Actor, pool_id: UUID, wish: Wish | None = None) -> Trial | None:
    """None where nothing is released yet."""
    pool = find(Pool.objects.visible_to(actor), pool_id)
    revision = sums.revision_of_year(pool)
    if revision is None:
        return None
    curve = curve_of(pool, revision)
    found = sums.sums_of(pool, curve.until)
    measured = _price(pool)
    asked = wish or _usual_wish(measured)
    in_force = sums.agreed(revision)
    score = sums.score_of(pool)
    value = score.value if score else _USUAL_SCORE
    facts = _at_end(curve, found)
    result = simulate(
        sums.amounts_of(revision),
        facts,
        asked,
        value,
        in_force,
    )
    shares = in_force.value("budget.shares")
    before = shares_of(result.before, shares)
    after = shares_of(result.after, shares)
    levels = {
        level: (before.get(level, 0), after.get(level, 0))
        for level in sorted(shares, key=_place_of)
    }
    return Trial(
        wish=asked,
        measured_price=measured,
        result=result,
        levels=levels,
        inside_before=facts.inside,
        outside_before=facts.outside,
        score=value,
        is_score_assumed=score is None,
    )


def _usual_wish(measured: Decimal | None) -> Wish:
    """A question to begin with: five points of what is spent come back."""
    usual = Wish(outflow_points=Decimal(5))
    return usual if measured is None else replace(usual, inside_price=measured)


def _place_of(level: str) -> tuple[bool, int, str]:
    """County, township, village; whatever a region names besides after them."""
    order = [one.value for one in Level]
    is_own = level not in order
    return is_own, 0 if is_own else order.index(level), level


def _at_end(curve: UseCurve, found: Sums) -> Facts:
    """The forecast divided as the year was so far."""
    used = found.inside + found.outside
    whole = max(0, curve.forecast.at_end + found.refused)
    if used <= 0:
        return Facts(0, 0, 0, found.unreasonable, 0, 0)
    outside = whole * max(0, found.outside) // used
    return Facts(
        inside=whole - outside,
        outside=outside,
        refused=min(found.refused, whole),
        unreasonable=found.unreasonable,
        stays_basic=whole * max(0, found.stays_basic) // used,
        stays_total=whole * max(0, found.stays_total) // used,
    )


def _price(pool: Pool) -> Decimal | None:
    """The fund's mean stay inside over the mean stay outside."""
    rows = UseDay.objects.filter(pool=pool, kind=UseKind.INPATIENT.value)
    rows_by = rows.values_list("is_inside").annotate(Sum("basic"), Sum("cases"))
    found = {inside: (to_fen(paid), stays) for inside, paid, stays in rows_by}
    return price_of(found.get(True, (0, 0)), found.get(False, (0, 0)))


def _year_before(pool: Pool) -> dict[date, Fen]:
    before = Pool.objects.filter(area_code=pool.area_code, year=pool.year - 1).first()
    return by_day(before, sums.end_of(before)) if before else {}


def _with(forecast: Forecast, apart: Fen) -> Forecast:
    at_end = forecast.at_end + apart
    return Forecast(forecast.method, at_end, forecast.spread, forecast.by_day)


def _limits(pool: Pool) -> AlarmLimits:
    day = sums.end_of(pool) - timedelta(days=1)
    area = pool.area_code
    return AlarmLimits(
        watch=value_of(parameters.ALARM_WATCH, day, area),
        warn=value_of(parameters.ALARM_WARN, day, area),
        stop=value_of(parameters.ALARM_STOP, day, area),
    )
