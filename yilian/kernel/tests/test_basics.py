"""The small things that everything rests on."""

import time
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yilian.kernel.dated import Dated, NoValueInForce
from yilian.kernel.errors import (
    Busy,
    Conflict,
    DomainError,
    Invalid,
    NotFound,
    NotPermitted,
)
from yilian.kernel.ids import NIL, new_id
from yilian.kernel.sex import GB_CODES, SEX_NAMES, Sex
from yilian.kernel.text import Text
from yilian.kernel.tier import (
    DIRECTION_NAMES,
    TIER_NAMES,
    Direction,
    Tier,
    direction,
    skips,
)
from yilian.kernel.width import compact, half_width

days = st.dates(date(2000, 1, 1), date(2050, 1, 1))


def test_a_value_holds_from_its_day_until_the_next() -> None:
    limit = Dated({date(2017, 1, 1): 60, date(2021, 8, 10): 84})
    assert limit.on(date(2017, 1, 1)) == 60
    assert limit.on(date(2021, 8, 9)) == 60
    assert limit.on(date(2021, 8, 10)) == 84
    with pytest.raises(NoValueInForce):
        limit.on(date(2016, 12, 31))


@given(st.dictionaries(days, st.integers(), min_size=1), days)
def test_the_value_in_force_is_the_latest_that_has_begun(
    by_start: dict[date, int], day: date
) -> None:
    begun = [start for start in by_start if start <= day]
    if begun:
        assert Dated(by_start).on(day) == by_start[max(begun)]
    else:
        with pytest.raises(NoValueInForce):
            Dated(by_start).on(day)


def test_ids_are_version_7_and_in_the_order_of_time() -> None:
    first = new_id()
    time.sleep(0.002)
    second = new_id()
    assert first.version == second.version == 7
    assert first.variant == second.variant
    assert NIL < first < second
    assert len({new_id() for _ in range(10_000)}) == 10_000


def test_a_text_fills_in_its_values_nested_ones_too() -> None:
    kind = Text("{what}号码", {"what": "护照"})
    assert str(Text("{kind}不对。", {"kind": kind})) == "护照号码不对。"


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (NotFound(), 404),
        (NotPermitted("无权操作。"), 403),
        (Conflict("状态已变。"), 409),
        (Invalid(), 422),
        (Busy("请稍后再试。"), 503),
    ],
)
def test_each_refusal_has_its_status_and_words(error: DomainError, status: int) -> None:
    assert error.status == status
    assert str(error)


def test_a_refusal_says_which_field_is_wrong() -> None:
    wrong = Invalid("请改正。", fields={"name": "请填写姓名。"})
    assert wrong.fields == {"name": "请填写姓名。"}


def test_the_raw_values_of_a_refusal_stay_out_of_its_representation() -> None:
    assert "13812345678" not in repr(Conflict("号码{phone}有误。", phone="13812345678"))


@pytest.mark.parametrize(
    ("source", "target", "leads", "skipping"),
    [
        (Tier.VILLAGE, Tier.PRIMARY, Direction.UP, False),
        (Tier.PRIMARY, Tier.SECONDARY, Direction.UP, False),
        (Tier.PRIMARY, Tier.TERTIARY, Direction.UP, True),
        (Tier.TERTIARY, Tier.PRIMARY, Direction.DOWN, False),
        (Tier.SECONDARY, Tier.SECONDARY, Direction.SAME_TIER, False),
    ],
)
def test_the_ladder(
    source: Tier, target: Tier, leads: Direction, skipping: bool
) -> None:
    assert direction(source, target) is leads
    assert skips(source, target) is skipping


def test_every_member_has_a_name() -> None:
    assert set(TIER_NAMES) == set(Tier)
    assert set(DIRECTION_NAMES) == set(Direction)
    assert set(SEX_NAMES) == set(GB_CODES) == set(Sex)


def test_full_width_becomes_half_width() -> None:
    assert half_width("ＡＢ１！") == "AB1!"
    assert compact(" ６４\u3000０１\u200b０４ ") == "640104"
