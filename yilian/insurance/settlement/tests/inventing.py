"""Hypothesis strategies: bills, stays, visits, persons with a year or two of them."""

from datetime import date, timedelta
from typing import Any

from hypothesis import strategies as st

from yilian.insurance.settlement.rules.case import (
    Aid,
    Case,
    CatalogClass,
    Insurance,
    Insured,
    Kind,
    Line,
    Place,
    Referral,
    Scheme,
    Service,
    Used,
)

START = date(2018, 1, 1)
STAY_PLACES = tuple(place for place in Place if place is not Place.VILLAGE)
COMPLIANT = (
    Referral.FIRST_CONTACT,
    Referral.COMPLIANT_UP,
    Referral.COMPLIANT_DOWN,
    Referral.EMERGENCY_EXEMPT,
)
GRADES = (None, "1", "2", "3")

# Small bills meet deductibles, huge ones ceilings; odd fen meet the rounding.
amounts = st.one_of(
    st.integers(0, 50_000), st.integers(0, 5_000_000), st.integers(0, 40_000_000)
)


@st.composite
def lines(draw: st.DrawFn) -> Line:
    amount = draw(amounts)
    return Line(
        draw(st.sampled_from(CatalogClass)),
        amount,
        draw(st.one_of(st.just(0), st.integers(0, amount))),
        draw(st.sampled_from((None, 0, 50_000, 100_000, 1_000_000))),
    )


bills = st.lists(lines(), min_size=1, max_size=3).map(tuple)

persons = st.one_of(
    st.builds(
        Insured,
        insurance=st.just(Insurance.RESIDENT),
        grade=st.sampled_from(GRADES),
        aid=st.one_of(st.none(), st.sampled_from(Aid)),
        born_on=st.sampled_from((None, date(1950, 1, 1), date(1990, 1, 1))),
    ),
    st.builds(
        Insured,
        insurance=st.just(Insurance.EMPLOYEE),
        is_retired=st.booleans(),
        account_balance=st.integers(0, 500_000),
    ),
)


@st.composite
def cases(draw: st.DrawFn, *, longest: int = 7, over_years: bool = True) -> Case:
    """Stays and visits one after the other, with links, gaps, voids, New Years."""
    insured = draw(persons)
    services: list[Service] = []
    day = START + timedelta(days=draw(st.integers(0, 300 if over_years else 30)))
    for number in range(draw(st.integers(1, longest))):
        service = draw(_service(str(number), day, tuple(services)))
        services.append(service)
        last = service.discharged_on
        day = last + timedelta(days=draw(st.sampled_from((0, 0, 1, 3, 4, 20))))
    return Case("case", insured, tuple(services), draw(_used()))


@st.composite
def _service(
    draw: st.DrawFn, name: str, day: date, earlier: tuple[Service, ...]
) -> Service:
    common: dict[str, Any] = {
        "id": name,
        "admitted_on": day,
        "follows": _followed(draw, earlier),
        "is_voided": draw(st.integers(0, 9)) == 0,
    }
    if draw(st.booleans()):
        length = draw(st.integers(0, 25))
        out = day + timedelta(days=length)
        bill = tuple(
            line._replace(on=day + timedelta(days=draw(st.integers(0, length))))
            for line in draw(bills)
        )
        return Service(
            kind=Kind.INPATIENT,
            place=draw(st.sampled_from(STAY_PLACES)),
            discharged_on=out,
            lines=bill,
            referral=draw(st.one_of(st.none(), st.sampled_from(Referral))),
            **common,
        )
    return Service(
        kind=Kind.OUTPATIENT,
        place=draw(st.sampled_from(Place)),
        discharged_on=day,
        lines=draw(bills),
        scheme=draw(st.sampled_from((Scheme.ORDINARY, Scheme.SPECIAL_DISEASE))),
        months=draw(st.integers(1, 3)),
        **common,
    )


def _followed(draw: st.DrawFn, earlier: tuple[Service, ...]) -> str | None:
    if not earlier or draw(st.integers(0, 3)) == 0:
        return None
    return draw(st.sampled_from(earlier[-2:])).id


def _used() -> st.SearchStrategy[Used]:
    small = st.integers(0, 3_000_000)
    full = st.builds(
        Used,
        basic=st.integers(0, 15_000_000),
        compliant_self_pay=st.integers(3_000_000, 9_000_000),
        serious=small,
        assistance=st.integers(0, 5_500_000),
        outpatient=st.integers(0, 50_000),
    )
    return st.one_of(st.just(Used()), full)


# Ways to change the set that the rules must withstand.
changes = st.fixed_dictionaries(
    {},
    optional={
        "cross_year_mode": st.sampled_from(("SPLIT", "DISCHARGE_YEAR")),
        "chain_resets_at_new_year": st.booleans(),
        "chain_target": st.sampled_from(("OWN_TIER", "HIGHEST_SO_FAR")),
        "chain_gap_days": st.integers(0, 10),
        "repeat_factor": st.sampled_from(("1", "0.5", "0")),
        "penalty_mode": st.sampled_from(("HALF_RATIO", "MINUS_POINTS")),
        "penalty_counts_to_serious": st.booleans(),
        "over_ceiling_counts_to_serious": st.booleans(),
        "inpatient.annual_ceiling@2018-07-01": st.sampled_from(("90000", "none")),
        "serious.annual_ceiling": st.sampled_from(("5000", "none")),
        "inpatient.ratio.resident.any.tertiary@2018-09-01": st.just("0.6543"),
        "counts_to_ceiling.inpatient": st.booleans(),
    },
)
