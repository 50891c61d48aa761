"""An address worked out once is the one Django gives, for each id."""

from types import ModuleType
from typing import Any
from uuid import UUID

import pytest
from django.http import HttpResponse
from django.urls import NoReverseMatch, include, path, reverse, set_script_prefix

from yilian.interfaces.web.addresses import maybe_url, url
from yilian.kernel.ids import new_id


def answer(_request: object, **_values: object) -> HttpResponse:
    return HttpResponse()


@pytest.fixture(autouse=True)
def _pages(settings: Any) -> None:
    pages = ModuleType("pages")
    rooms = [
        path("", answer, name="home"),
        path("<uuid:one>/with/<uuid:other>", answer, name="pair"),
        path("<uuid:one>/<str:word>", answer, name="word"),
        path("all", answer, name="some"),
        path("<uuid:one>", answer, name="some"),
        path("n/<int:number>", answer, name="number"),
    ]
    pages.urlpatterns = [  # type: ignore[attr-defined]
        path("a b/", include((rooms, "room")))
    ]
    settings.ROOT_URLCONF = pages


def test_it_is_djangos_own() -> None:
    for one, other in ((new_id(), new_id()), (new_id(), UUID(int=7))):
        assert url("room:home") == reverse("room:home")
        assert url("room:some") == reverse("room:some")
        assert url("room:some", one) == reverse("room:some", args=[one])
        by_name = {"other": other, "one": one}
        assert url("room:pair", **by_name) == reverse("room:pair", kwargs=by_name)
        assert url("room:pair", one, other) == reverse("room:pair", args=[one, other])
        assert url("room:pair", one, one) == reverse("room:pair", args=[one, one])
        for word in ("a b", "c", str(other)):
            told: dict[str, object] = {"word": word, "one": one}
            assert url("room:word", one, word) == reverse("room:word", args=[one, word])
            assert url("room:word", **told) == reverse("room:word", kwargs=told)
        assert url("room:number", 3) == reverse("room:number", args=[3])


def test_what_nobody_answers_to_has_no_address() -> None:
    assert maybe_url("room:word", new_id(), "") is None
    for values in ([], [new_id(), new_id(), new_id()], ["x"]):
        assert maybe_url("room:pair", *values) is None
        with pytest.raises(NoReverseMatch):
            url("room:pair", *values)
    assert maybe_url("room:number", new_id()) is None
    assert maybe_url("nowhere:home") is None
    assert maybe_url(None) is None


def test_below_another_door_each_address_begins_there() -> None:
    one = new_id()
    before = url("room:some", one)
    set_script_prefix("/region/")
    try:
        assert url("room:some", one) == reverse("room:some", args=[one])
        assert url("room:some", one) == f"/region{before}"
    finally:
        set_script_prefix("/")


def test_another_table_of_addresses_is_another_answer(settings: Any) -> None:
    assert maybe_url("room:home") is not None
    settings.ROOT_URLCONF = ModuleType("none")
    settings.ROOT_URLCONF.urlpatterns = []
    assert maybe_url("room:home") is None
