"""Which parameters hold on a day."""

from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from uuid import UUID

import pytest
from django.db import DatabaseError, transaction
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from yilian.insurance.policy import queries
from yilian.insurance.policy.models import ParameterSetVersion
from yilian.insurance.policy.queries.parameters import ParametersTampered
from yilian.insurance.policy.rules.files import shipped_set
from yilian.insurance.policy.rules.overrides import overridden
from yilian.insurance.policy.rules.releases import (
    Head,
    NoParametersInForce,
    Span,
    changed_spans,
    spans,
    spliced,
    winner,
)
from yilian.insurance.policy.rules.sets import ParameterSet
from yilian.insurance.policy.tests.releases import make_released
from yilian.kernel.errors import NotPermitted

DAY = date(2018, 6, 1)
RATIO = ("inpatient.ratio", "resident", "any", "tertiary")


def ratio(found: ParameterSet, day: date) -> Decimal:
    value: Decimal = found.on(day).value(*RATIO)
    return value


def other(ratio: str, version: str = "9") -> ParameterSet:
    changed = overridden(shipped_set("NX-DEMO-2018"), {".".join(RATIO): ratio})
    return ParameterSet(
        id="NX-TEST",
        version=version,
        title=changed.title,
        region=changed.region,
        source=changed.source,
        rows=changed.rows,
    )


@pytest.mark.django_db
def test_without_a_release_nothing_is_guessed() -> None:
    with pytest.raises(NoParametersInForce, match="2018-06-01"):
        queries.released(DAY)
    make_released()
    assert queries.released(DAY).id == "NX-DEMO-2018"
    with pytest.raises(NoParametersInForce, match="2017-12-31"):
        queries.released(date(2017, 12, 31))
    with pytest.raises(NoParametersInForce):
        queries.released(DAY, "15")


@pytest.mark.django_db
def test_a_later_version_begins_on_its_day_and_the_days_before_stay() -> None:
    first = make_released()
    second = make_released(other("0.55"), date(2018, 7, 1))
    assert ratio(queries.released(date(2018, 6, 30)), DAY) == Decimal("0.60")
    found_id, found = queries.released_version(date(2018, 7, 1), "640121")
    assert found_id == second.pk
    assert ratio(found, date(2018, 7, 1)) == Decimal("0.55")
    assert queries.version(first.pk) is queries.released(DAY)


@pytest.mark.django_db
def test_one_line_gives_each_day_what_was_in_force_and_names_its_release() -> None:
    make_released()
    make_released(other("0.55"), date(2018, 7, 1))
    line = queries.released_line("640121")
    for day in (date(2018, 6, 30), date(2018, 7, 1), date(2026, 1, 1)):
        held = queries.released(day, "640121")
        assert ratio(line, day) == ratio(held, day)
        reference = line.on(day).reference(*RATIO)
        assert (reference.set_id, reference.version) == (held.id, held.version)


@pytest.mark.django_db
def test_what_was_released_cannot_be_changed_or_taken_away() -> None:
    row = make_released()
    for act in (
        lambda: ParameterSetVersion.objects.update(effective_from=DAY),
        lambda: ParameterSetVersion.objects.filter(pk=row.pk).delete(),
    ):
        with (
            pytest.raises(DatabaseError, match="permission denied"),
            transaction.atomic(),
        ):
            act()


@pytest.mark.django_db
def test_a_document_that_is_not_the_released_one_is_not_used() -> None:
    row = make_released()
    document = row.document | {"title": "另一份"}
    copy = ParameterSetVersion.objects.create(
        number=row.number + 1,
        set_id="COPY",
        version="1",
        title=row.title,
        effective_from=row.effective_from,
        document=document,
        digest=row.digest,
        source=row.source,
        drafted_by_id=row.drafted_by_id,
        drafted_at=row.drafted_at,
        reviewed_by_id=row.reviewed_by_id,
        reviewed_at=row.reviewed_at,
        released_by_id=row.released_by_id,
    )
    with pytest.raises(ParametersTampered):
        queries.version(copy.pk)


@pytest.mark.django_db
def test_a_real_region_is_never_given_the_values_of_the_demo(
    settings: Settings,
) -> None:
    settings.YILIAN_DEMO = settings.YILIAN_TESTING = False
    with pytest.raises(NotPermitted):
        make_released()


def head(number: int, day: date, area: str = "64") -> Head:
    return Head(UUID(int=number), number, area, day)


def test_the_nearest_area_then_the_latest_day_then_the_newest_release() -> None:
    first, later = head(1, date(2018, 1, 1)), head(2, date(2019, 1, 1))
    correction, city = head(3, date(2018, 1, 1)), head(4, date(2018, 3, 1), "6401")
    all_of_them = [first, later, correction, city]
    assert winner(all_of_them, date(2018, 2, 1), "640121") is correction
    assert winner(all_of_them, date(2018, 3, 1), "640121") is city
    assert winner(all_of_them, date(2018, 3, 1), "6402") is correction
    assert winner(all_of_them, date(2019, 1, 1), "6402") is later


_DAYS = st.dates(date(2018, 1, 1), date(2018, 2, 10))
_AREAS = st.sampled_from(["64", "6401", "6402"])


@given(st.lists(st.tuples(_DAYS, _AREAS), min_size=1, max_size=8), _AREAS)
def test_spans_say_day_by_day_who_wins(
    drawn: list[tuple[date, str]], area: str
) -> None:
    released = [head(n, day, code) for n, (day, code) in enumerate(drawn, start=1)]
    found = spans(released, area)
    day = date(2017, 12, 31)
    while day < date(2018, 2, 12):
        held = [h for s, h in found if s.start <= day and (not s.end or day < s.end)]
        try:
            assert held == [winner(released, day, area)]
        except NoParametersInForce:
            assert held == []
        day += timedelta(days=1)


_CUTS = st.lists(
    st.tuples(
        st.dates(date(2018, 1, 1), date(2020, 1, 1)),
        st.sampled_from(["NX-DEMO-2018", "NX-DEMO-2019"]),
    ),
    min_size=1,
    max_size=4,
    unique_by=lambda cut: cut[0],
)


@given(_CUTS, st.dates(date(2018, 1, 1), date(2020, 6, 1)))
def test_a_spliced_line_is_each_set_on_its_days(
    cuts: list[tuple[date, str]], day: date
) -> None:
    parts = parts_of(cuts)
    line = spliced(parts, set_id="line", version="1")
    held = [p for s, p in parts if s.start <= day and (not s.end or day < s.end)]
    in_force = line.on(day).rows
    assert {k: r.value for k, r in in_force.items()} == (
        {k: r.value for k, r in held[0].on(day).rows.items()} if held else {}
    )


@given(_CUTS, st.dates(date(2018, 1, 1), date(2020, 6, 1)))
def test_days_that_a_release_changes_are_those_with_other_values(
    cuts: list[tuple[date, str]], day: date
) -> None:
    new = shipped_set("NX-DEMO-2019")
    span = Span(date(2018, 6, 1), date(2020, 1, 1))
    parts = parts_of(cuts)
    found = changed_spans(parts, new, span)
    assert all(one.end != other.start for one, other in pairwise(found))
    held = [p for s, p in parts if s.start <= day and (not s.end or day < s.end)]
    before = {k: r.value for k, r in held[0].on(day).rows.items()} if held else None
    after = {k: r.value for k, r in new.on(day).rows.items()}
    is_within = span.start <= day and span.end is not None and day < span.end
    is_changed = any(s.start <= day and (not s.end or day < s.end) for s in found)
    assert is_changed == (is_within and before != after)


def parts_of(cuts: list[tuple[date, str]]) -> list[tuple[Span, ParameterSet]]:
    days = sorted(cuts)
    ends = [day for day, _name in days[1:]]
    return [
        (Span(day, end), shipped_set(name))
        for (day, name), end in zip(days, [*ends, None], strict=True)
    ]
