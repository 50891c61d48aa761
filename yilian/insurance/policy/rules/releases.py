"""Which released set holds on a day, and what another release would change."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from uuid import UUID

from yilian.insurance.policy.rules.sets import ParameterSet, Row
from yilian.kernel.areas import lies_in
from yilian.kernel.errors import Conflict
from yilian.kernel.text import _


class NoParametersInForce(Conflict):
    """A day before the first release: nothing can be settled by guessing."""

    code = "no-parameters-in-force"

    def __init__(self, day: date, area: str) -> None:
        super().__init__(
            _(
                "{day} 在地区 {area} 没有生效的医保参数，不能计算。"
                "请由医保部门先发布覆盖这一天的参数集。"
            ),
            day=day,
            area=area,
        )


@dataclass(frozen=True, slots=True)
class Head:
    """A release without its values. Numbers rise with each release."""

    id: UUID
    number: int
    area_code: str
    effective_from: date


def winner(released: Iterable[Head], day: date, area: str) -> Head:
    """The nearest area that has one; in it the latest day of effect, and of several
    releases for the same day the newest."""
    covering = [
        head
        for head in released
        if lies_in(area, head.area_code) and head.effective_from <= day
    ]
    if not covering:
        raise NoParametersInForce(day, area)
    return max(covering, key=_rank)


def _rank(head: Head) -> tuple[int, date, int]:
    return len(head.area_code), head.effective_from, head.number


@dataclass(frozen=True, slots=True)
class Span:
    """Days from one (included) to another (excluded); open without an end."""

    start: date
    end: date | None

    @property
    def last(self) -> date | None:
        """As people say it: the last day on which it still holds."""
        return self.end - timedelta(days=1) if self.end else None


def spans(released: Sequence[Head], area: str) -> list[tuple[Span, Head]]:
    """Who wins when, in order, without a gap after the first day."""
    days = sorted({h.effective_from for h in released if lies_in(area, h.area_code)})
    found: list[tuple[Span, Head]] = []
    for day, after in zip(days, [*days, None][1:], strict=True):
        head = winner(released, day, area)
        if found and found[-1][1] is head:
            found[-1] = (Span(found[-1][0].start, after), head)
        else:
            found.append((Span(day, after), head))
    return found


def spliced(
    parts: Sequence[tuple[Span, ParameterSet]], *, set_id: str, version: str
) -> ParameterSet:
    """One set that gives on every day what was in force then; each row still names
    the set and version that it comes from."""
    rows = [row for span, part in parts for row in _rows_within(part, span)]
    newest = parts[-1][1]
    return ParameterSet(
        id=set_id,
        version=version,
        title=newest.title,
        region=newest.region,
        source=newest.source,
        rows=tuple(rows),
    )


def _rows_within(part: ParameterSet, span: Span) -> Iterator[Row]:
    for row in part.on(span.start).rows.values():
        yield replace(row, starts_on=span.start)
    for row in part.rows:
        is_inside = row.starts_on > span.start
        if is_inside and (span.end is None or row.starts_on < span.end):
            yield row


def changed_spans(
    before: Sequence[tuple[Span, ParameterSet]], new: ParameterSet, span: Span
) -> list[Span]:
    """The days of `span` on which `new` gives other values than `before` gave; days
    for which there was nothing count as changed too."""
    days = sorted(_days_of_change(before, new, span))
    ends = [*days[1:], span.end]
    found: list[Span] = []
    for day, end in zip(days, ends, strict=True):
        if _values(before, day) == _values([(span, new)], day):
            continue
        if found and found[-1].end == day:
            found[-1] = Span(found[-1].start, end)
        else:
            found.append(Span(day, end))
    return found


def _days_of_change(
    before: Sequence[tuple[Span, ParameterSet]], new: ParameterSet, span: Span
) -> set[date]:
    days = {span.start, *new.changes}
    for part_span, part in before:
        days |= {part_span.start, *part.changes}
    return {
        day for day in days if span.start <= day and (not span.end or day < span.end)
    }


def _values(
    parts: Sequence[tuple[Span, ParameterSet]], day: date
) -> Mapping[str, object] | None:
    at = bisect_right([span.start for span, _part in parts], day) - 1
    if at < 0:
        return None
    return {key: row.value for key, row in parts[at][1].on(day).rows.items()}
