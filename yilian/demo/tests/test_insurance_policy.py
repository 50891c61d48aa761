"""The demo's parameters and prices are whole, dated and marked as invented."""

from datetime import date
from importlib import resources

from yilian.demo.world.insurance.parameters import next_limits, released_sets
from yilian.insurance.policy.rules import comparing
from yilian.insurance.policy.rules.files import check
from yilian.insurance.policy.rules.price_file import GoodLine, read_prices
from yilian.insurance.policy.rules.prices import PriceKind


def test_every_set_is_whole_and_invented_and_the_limits_only_rise() -> None:
    found = list(released_sets())
    days = [day for day, _set in found]
    assert days == sorted(set(days))
    for _day, one in found:
        assert check(one, starts_on=date(2018, 1, 1)) == []
        assert {row.source for row in one.rows} == {"demo"}
    years = comparing.limits_by_year(found[-1][1], 2026)
    annual = [year.annual for year in years if year.annual is not None]
    assert annual == sorted(annual)
    coming = next_limits(date(2026, 11, 22))
    assert coming.annual > max(annual)
    assert coming.starts_on == date(2027, 1, 1)


def test_the_price_list_has_no_bad_line_and_every_kind() -> None:
    source = resources.files("yilian.demo").joinpath("data/prices.csv")
    lines = list(read_prices(source.read_bytes()))
    assert all(isinstance(line, GoodLine) for line in lines)
    wanted = [line.wanted for line in lines if isinstance(line, GoodLine)]
    assert len({one.code for one in wanted}) >= 120
    assert {one.kind for one in wanted} == set(PriceKind)
    assert {one.source for one in wanted} == {"demo"}
    names = " ".join(o.name for o in wanted if o.kind is PriceKind.TELE_SERVICE)
    for service in ("会诊", "心电", "影像", "病理", "双向转诊"):
        assert service in names
    assert len(wanted) > len({one.code for one in wanted}) * 1.4
