"""From services to rows in settling order: one for each service that stands, or
for each year of a stay that is split.
"""

from dataclasses import dataclass, fields
from datetime import date
from typing import Final

import numpy as np

from yilian.insurance.settlement.rules.case import Place, Referral
from yilian.insurance.settlement.rules.result import Link
from yilian.insurance.whatif.engine import charges
from yilian.insurance.whatif.engine.checks import check_totals, depths, refuse
from yilian.insurance.whatif.engine.population import (
    INPATIENT,
    NO_DAY,
    NONE,
    PLACES,
    REFERRALS,
    Codes,
    Days,
    Flags,
    Ints,
    Numbers,
    Population,
    day_number,
    years_of,
)
from yilian.insurance.whatif.engine.tables import IS_PENALISED, Tables
from yilian.kernel.text import _

LINKS: Final = tuple(Link)
LINK: Final = {link: code for code, link in enumerate(LINKS)}
_CODE: Final = {referral: code for code, referral in enumerate(REFERRALS)}
_MOST: Final = 2**63
_GROUPS: Final = 4  # a stay, and a visit by its scheme


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Sorted by turn (everybody's first, second, …), then by group."""

    service: Numbers
    is_first: Flags  # of the parts of its service
    day: Days
    year: Numbers
    terms: Numbers  # on `day`
    terms_out: Numbers  # on the service's own day
    referral: Codes  # as it counts
    link: Codes  # but for what only the running chain knows
    total: Ints
    in_scope: Ints
    starts: Ints  # of each run of one turn and one group, and the end
    groups: Codes  # of each run; 0 a stay, else 1 + scheme


def rows_of(population: Population, tables: Tables) -> Rows:
    day = np.where(
        population.kind == INPATIENT, population.discharged, population.admitted
    )
    terms = tables.row(population.persons.who[population.person], day)
    _require_in_force(population, tables, terms)
    referral = _as_it_counts(population, tables, terms)
    link = _links(population, tables, terms, referral)
    sums = charges.by_service(population, tables.first_self_pay_rate[terms])
    check_totals(sums.total)
    standing = np.flatnonzero(~population.voided)
    rows = _Plain(
        standing.astype(np.int32),
        np.ones(len(standing), np.bool_),
        day[standing],
        terms[standing],
        sums.total[standing],
        sums.in_scope[standing],
    )
    rows = _with_split(population, tables, terms, rows)
    order, starts, groups = _order(population, rows)
    service = rows.service[order]
    return Rows(
        service=service,
        is_first=rows.is_first[order],
        day=rows.day[order],
        year=years_of(rows.day[order]),
        terms=rows.terms[order],
        terms_out=terms[service],
        referral=referral[service],
        link=link[service],
        total=rows.total[order],
        in_scope=rows.in_scope[order],
        starts=starts,
        groups=groups,
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Plain:
    service: Numbers
    is_first: Flags
    day: Days
    terms: Numbers
    total: Ints
    in_scope: Ints


_SERVICE: Final = [field.name for field in fields(_Plain)].index("service")
_DAY: Final = [field.name for field in fields(_Plain)].index("day")


def _require_in_force(population: Population, tables: Tables, terms: Numbers) -> None:
    absent = np.array([known is None for known in tables.terms])
    refuse(
        absent[terms] & ~population.voided,
        _("{count} 项服务的日期没有有效的参数，首个为第 {first} 项。"),
    )


def _as_it_counts(population: Population, tables: Tables, terms: Numbers) -> Codes:
    """`assumed_referral` where nobody has said how the patient came."""
    unsaid = (population.referral == NONE) & (population.kind == INPATIENT)
    referral = np.where(
        population.referral == NONE, _CODE[Referral.FIRST_CONTACT], population.referral
    ).astype(np.int8)
    at = np.flatnonzero(unsaid)
    if not len(at):
        return referral
    place, row = population.place[at], terms[at]
    primary = PLACES.index(Place.PRIMARY)
    assumed = np.where(
        tables.no_referral_is_non_compliant[row],
        _CODE[Referral.NON_COMPLIANT],
        _CODE[Referral.FIRST_CONTACT],
    )
    exempt = _exempt_by_age(population, tables, at, row)
    assumed = np.where(exempt, _CODE[Referral.EXEMPT_PERSON], assumed)
    assumed = np.where(place <= primary, _CODE[Referral.FIRST_CONTACT], assumed)
    outside = place == PLACES.index(Place.OUTSIDE)
    referral[at] = np.where(outside, _CODE[Referral.REMOTE_UNFILED], assumed)
    return referral


def _exempt_by_age(
    population: Population, tables: Tables, at: Ints, row: Numbers
) -> Flags:
    born = population.persons.born_on[population.person[at]]
    admitted = population.admitted[at]
    known = born != NO_DAY
    born = np.where(known, born, 0).astype(np.int32)
    before_birthday = _in_year(admitted) < _in_year(born)
    age = years_of(admitted) - years_of(born) - before_birthday
    old = age >= tables.exempt_from[row]
    young = age <= tables.exempt_to[row]
    return np.asarray(known & (old | young))


def _in_year(days: Days) -> Ints:
    """Month and day as one number that can be compared."""
    dates = days.astype("datetime64[D]")
    months = dates.astype("datetime64[M]")
    in_month = (dates - months).astype(np.int64)
    return np.asarray(months.astype(np.int64) % 12 * 31 + in_month)


def _links(
    population: Population, tables: Tables, terms: Numbers, referral: Codes
) -> Codes:
    link = np.full(len(population), LINK[Link.NONE], np.int8)
    is_stay = population.kind == INPATIENT
    at = np.flatnonzero(is_stay & (population.follows != NONE))
    before = population.follows[at]
    gap = population.admitted[at].astype(np.int64) - population.discharged[before]
    own, theirs = referral[at], referral[before]
    link[at] = np.select(
        [
            IS_PENALISED[own],
            own == _CODE[Referral.FIRST_CONTACT],
            population.voided[before],
            population.kind[before] != INPATIENT,
            IS_PENALISED[theirs],
            gap > tables.gap_days[terms[at]],
        ],
        [
            LINK[Link.SELF_NON_COMPLIANT],
            LINK[Link.NOT_REFERRED],
            LINK[Link.BEFORE_VOIDED],
            LINK[Link.BEFORE_NOT_A_STAY],
            LINK[Link.BEFORE_NON_COMPLIANT],
            LINK[Link.TOO_LATE],
        ],
        LINK[Link.JOINED],
    )
    return link


def _with_split(
    population: Population, tables: Tables, terms: Numbers, rows: _Plain
) -> _Plain:
    """Stays over New Year get a row for each year, where the set splits them."""
    service = rows.service
    is_split = (
        tables.splits_years[terms[service]]
        & (population.kind[service] == INPATIENT)
        & (years_of(population.admitted[service]) != years_of(rows.day))
    )
    if not is_split.any():
        return rows
    parts = _parts(population, tables, service[is_split])
    whole = ~is_split
    both = [
        np.concatenate([getattr(rows, field.name)[whole], getattr(parts, field.name)])
        for field in fields(_Plain)
    ]
    in_place = np.lexsort((both[_DAY], both[_SERVICE]))
    return _Plain(*(column[in_place] for column in both))


def _parts(population: Population, tables: Tables, split: Numbers) -> _Plain:
    counts = np.diff(population.first_line)
    of_line = np.repeat(np.arange(len(population), dtype=np.int32), counts)
    is_chosen = np.zeros(len(population), np.bool_)
    is_chosen[split] = True
    chosen = np.flatnonzero(is_chosen[of_line])
    days = population.lines.day[chosen]
    dayless = np.zeros(len(population), np.bool_)
    dayless[of_line[chosen]] = days == NO_DAY
    refuse(dayless, _("{count} 次跨年住院的费用没有日期，首个为第 {first} 项。"))
    key = of_line[chosen].astype(np.int64) * 10_000 + years_of(days)
    keys, row = np.unique(key, return_inverse=True)
    service = (keys // 10_000).astype(np.int32)
    day = np.minimum(_last_days(keys % 10_000), population.discharged[service])
    terms = tables.row(population.persons.who[population.person[service]], day)
    line_row = np.full(len(of_line), NONE, np.int32)
    line_row[chosen] = row
    sums = charges.by_row(
        population, line_row, len(keys), tables.first_self_pay_rate[terms]
    )
    is_first = _begins(service)
    return _Plain(service, is_first, day, terms, sums.total, sums.in_scope)


def _last_days(years: Ints) -> Days:
    last = {int(year): day_number(date(int(year), 12, 31)) for year in np.unique(years)}
    return np.array([last[int(year)] for year in years], np.int32)


def _order(population: Population, rows: _Plain) -> tuple[Ints, Ints, Codes]:
    """By turn and group; within a person as `settlement/rules/order.py` has it."""
    service = rows.service
    settled = np.argsort(_settling_key(population)[service], kind="stable")
    person = population.person[service[settled]]
    begins = _begins(person)
    place = np.arange(len(settled))
    turn = place - np.maximum.accumulate(np.where(begins, place, 0))
    is_stay = population.kind[service[settled]] == INPATIENT
    group = np.where(is_stay, 0, 1 + population.scheme[service[settled]])
    run = turn * _GROUPS + group
    by_run = np.argsort(run, kind="stable")
    runs = run[by_run]
    starts = np.flatnonzero(_begins(runs))
    groups = (runs[starts] % _GROUPS).astype(np.int8)
    return settled[by_run], np.append(starts, len(runs)), groups


def _settling_key(population: Population) -> Ints:
    """By person, discharge, admission and links, as one number; ties by place."""
    depth = depths(population)
    if not len(population):
        return depth.astype(np.int64)
    low = int(population.admitted.min())
    span = int(population.discharged.max()) - low + 1
    deepest = int(depth.max()) + 1
    if len(population.persons) * span * span * deepest >= _MOST:
        raise ValueError("too many persons over too many years for one batch")
    key = population.person.astype(np.int64) * span + (population.discharged - low)
    key = key * span + (population.admitted - low)
    return np.asarray(key * deepest + depth)


def _begins(values: Numbers | Ints) -> Flags:
    """Where another value begins."""
    begins = np.ones(len(values), np.bool_)
    begins[1:] = values[1:] != values[:-1]
    return begins
