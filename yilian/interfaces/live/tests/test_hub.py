"""Who hears which notice."""

from uuid import UUID

import pytest
from django.conf import settings

from yilian.interfaces.live import hub as hubs
from yilian.interfaces.live.door import may_ask, session_key_of
from yilian.interfaces.live.hub import Full, Hub, Notice, Subscriber, read_notice

ME, OTHER, HOUSE, ELSEWHERE = (UUID(int=n) for n in range(1, 5))
PAGES = f"localhost:{settings.PORT}"
LIVE = f"localhost:{settings.PORT + 1}"


@pytest.mark.parametrize(
    ("account", "house", "hears"),
    [
        pytest.param(None, HOUSE, True, id="my house"),
        pytest.param(None, ELSEWHERE, False, id="another house"),
        pytest.param(ME, None, True, id="me"),
        pytest.param(OTHER, None, False, id="somebody else"),
        pytest.param(OTHER, HOUSE, False, id="a colleague"),
        pytest.param(ME, ELSEWHERE, False, id="me in another post"),
        pytest.param(None, None, False, id="nobody named"),
    ],
)
def test_who_hears(account: UUID | None, house: UUID | None, hears: bool) -> None:
    notice = Notice("referral", house, account, "routine", "x")
    assert Subscriber(ME, HOUSE).is_meant_by(notice) is hears


def test_a_resident_hears_no_house() -> None:
    notice = Notice("referral", HOUSE, None, "routine", "x")
    assert not Subscriber(ME, None).is_meant_by(notice)


def test_what_a_page_is_told_holds_no_ids_of_accounts_or_houses() -> None:
    said = Notice("referral", HOUSE, ME, "stat", "r1").as_event().decode()
    assert said.startswith("event: referral\n")
    assert said.endswith("\n\n")
    assert str(HOUSE) not in said
    assert str(ME) not in said


@pytest.mark.parametrize(
    "payload",
    [
        "",
        "[]",
        "null",
        "{}",
        '{"topic": "a\\nevent: b"}',
        '{"topic": "x", "account": "not an id"}',
        "{",
    ],
)
def test_what_is_no_notice_is_passed_over(payload: str) -> None:
    assert read_notice(payload) is None


def test_a_page_that_does_not_read_is_dropped_and_the_others_are_not_held_up() -> None:
    hub, slow, quick = Hub(), Subscriber(ME, HOUSE), Subscriber(OTHER, HOUSE)
    hub.join(slow)
    hub.join(quick)
    for number in range(hubs.MOST_WAITING + 1):
        hub.tell(Notice("referral", HOUSE, None, "routine", str(number)))
        quick.notices.get_nowait()
    assert slow.is_over.is_set()
    assert not quick.is_over.is_set()


def test_one_account_cannot_take_every_place_and_its_oldest_page_makes_room() -> None:
    hub = Hub()
    pages = [Subscriber(ME, HOUSE) for _n in range(hubs.MOST_PER_ACCOUNT + 2)]
    for page in pages:
        hub.join(page)
    hub.join(Subscriber(OTHER, HOUSE))
    assert [page.is_over.is_set() for page in pages[:3]] == [True, True, False]
    assert len(hub.subscribers) == hubs.MOST_PER_ACCOUNT + 1


def test_a_full_house_takes_nobody_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hubs, "MOST_AT_ONCE", 2)
    hub = Hub()
    hub.join(Subscriber(ME, HOUSE))
    hub.join(Subscriber(OTHER, HOUSE))
    with pytest.raises(Full):
        hub.join(Subscriber(ELSEWHERE, HOUSE))


def test_closing_sends_every_page_to_ask_anew() -> None:
    hub, page = Hub(), Subscriber(ME, HOUSE)
    hub.join(page)
    hub.close()
    assert page.is_over.is_set()


@pytest.mark.parametrize(
    ("host", "origin", "site", "may"),
    [
        (LIVE, f"http://{PAGES}", "same-site", True),
        (LIVE, "http://localhost:1", "same-site", False),
        (LIVE, "http://evil.example", "cross-site", False),
        (LIVE, "null", "cross-site", False),
        (LIVE, f"ftp://{PAGES}", None, False),
        (LIVE, f"http://{PAGES}.evil.example", "cross-site", False),
        (LIVE, None, None, True),
        (LIVE, None, "cross-site", False),
        ("", f"http://{PAGES}", None, False),
        ("localhost", "https://localhost", "same-origin", True),
    ],
)
def test_only_our_own_pages_may_ask(
    host: str, origin: str | None, site: str | None, may: bool
) -> None:
    assert may_ask(host, origin, site) is may


@pytest.mark.parametrize("cookies", ["", "a=b", "yilian_session", "\x00=;;;", "=" * 50])
def test_spoilt_cookies_are_no_session(cookies: str) -> None:
    assert session_key_of(cookies) is None
