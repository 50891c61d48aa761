"""Holidays as people read them in the notice, and as every module counts them."""

from collections.abc import Callable, Mapping
from datetime import date

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from yilian.foundation.access.actor import Actor, Role
from yilian.foundation.parameters.models import ParameterValue
from yilian.foundation.parameters.rules import Released, in_force
from yilian.foundation.parameters.working_days import (
    WORKING_DAYS,
    in_words,
    working_days,
    written,
)

NOTICE = """2027-01-01 至 2027-01-03 放假；2027-02-05 至 2027-02-11 放假
2027-01-31 上班, 2027-02-20 上班。"""


def told(days: Mapping[date, bool]) -> str:
    return "；".join(map(str, in_words(days)))


def read(text: str) -> Mapping[date, bool]:
    return WORKING_DAYS.read(written(text))


def test_a_notice_is_written_down_as_it_reads() -> None:
    days = read(NOTICE)
    assert len(days) == 3 + 7 + 2
    assert not days[date(2027, 2, 8)]
    assert days[date(2027, 2, 20)]
    assert told(days) == (
        "2027-01-01 至 2027-01-03 放假；2027-01-31 上班；"
        "2027-02-05 至 2027-02-11 放假；2027-02-20 上班"
    )


@pytest.mark.parametrize("text", ["2027-1-1 放假", '{"2027-01-01": false}'])
def test_it_may_be_written_otherwise(text: str) -> None:
    assert read(text) == {date(2027, 1, 1): False}


@pytest.mark.parametrize(
    "text",
    [
        "春节放假",
        "2027-02-30 放假",
        "2027-02-11 至 2027-02-05 放假",
        "2027-02-05 至 2028-02-11 放假",
        "2027-02-05 放",
        "2027-02-05 放假 2027-02-06 放假",
        "[1]",
        "{",
    ],
)
def test_what_is_no_day_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"\S"):
        read(text)


@given(
    st.dictionaries(
        st.dates(date(2027, 1, 1), date(2028, 12, 31)), st.booleans(), max_size=40
    )
)
def test_what_is_told_can_be_written_again(days: dict[date, bool]) -> None:
    assert read(told(days)) == days


@pytest.mark.django_db
def test_one_writes_it_on_the_page_and_another_releases_it(
    play: Callable[..., Actor], browse: Callable[[Actor], Client]
) -> None:
    at = reverse("parameters:key", args=[WORKING_DAYS.name])
    form = {"starts_on": "2020-01-01", "area_code": "64", "source": "国办发明电"}
    client = browse(play(Role.OFFICER))
    assert "2027-02-06 至 2027-02-12 放假" in client.get(at).content.decode()
    refused = client.post(at, form | {"value": "春节放假"})
    assert (refused.status_code, "格式不对" in refused.content.decode()) == (422, True)
    assert client.post(at, form | {"value": NOTICE}).status_code == 302
    [row] = ParameterValue.objects.all()
    browse(play(Role.SYSTEM_ADMIN)).post(reverse("parameters:release", args=[row.id]))
    assert working_days(timezone.now())[date(2027, 2, 20)]
    assert "2027-02-05 至 2027-02-11 放假" in client.get(at).content.decode()


def test_of_two_releases_the_later_holds() -> None:
    old = Released("64", date(2026, 12, 1), written("2027-01-01 放假"))
    new = Released("64", date(2027, 12, 1), written("2028-01-01 放假"))
    assert in_force(WORKING_DAYS, [old, new], date(2028, 1, 2), "64") == {
        date(2028, 1, 1): False
    }
