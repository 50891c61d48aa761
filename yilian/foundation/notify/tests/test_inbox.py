"""Who is told what, once; and what the inbox shows."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from yilian.foundation.access.actor import Actor, Role
from yilian.foundation.notify import queries, services
from yilian.foundation.notify.events import NoticePosted
from yilian.foundation.notify.handlers import wake_inbox
from yilian.foundation.notify.models import Notice, ShortMessage
from yilian.foundation.outbox.models import OutboxMessage
from yilian.kernel.errors import NotFound
from yilian.kernel.ids import new_id

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
Play = Callable[..., Actor]
Browse = Callable[[Actor], Client]


@pytest.fixture
def desk(play: Play) -> Actor:
    return play(Role.REFERRAL_DESK)


def tell(actor: Actor, cause: str = "r1", **facts: object) -> None:
    told = {"institution_id": actor.institution_id, **facts}
    services.tell(
        topic="referral",
        template="收到来自{house}的转诊",
        values={"house": "白崖乡卫生院"},
        cause=cause,
        **told,  # type: ignore[arg-type]
    )


def test_one_cause_is_told_once_and_wakes_pages_once(desk: Actor) -> None:
    tell(desk)
    tell(desk)
    assert Notice.objects.count() == 1
    assert OutboxMessage.objects.filter(kind="NoticePosted").count() == 1


def test_one_cause_may_be_told_to_two_houses(desk: Actor) -> None:
    tell(desk)
    tell(desk, institution_id=new_id())
    assert Notice.objects.count() == 2


@pytest.mark.parametrize(
    ("told", "sees"),
    [
        pytest.param((), True, id="all of the house"),
        pytest.param((Role.REFERRAL_DESK,), True, id="the role"),
        pytest.param((Role.NURSE, Role.REFERRAL_DESK), True, id="one of two roles"),
        pytest.param((Role.NURSE, Role.PHARMACIST), False, id="other roles"),
    ],
)
def test_a_notice_reaches_the_roles_it_names(
    desk: Actor, told: tuple[Role, ...], sees: bool
) -> None:
    tell(desk, roles=told)
    assert bool(queries.inbox(desk).lines) is sees


def test_other_houses_and_other_accounts_see_nothing(desk: Actor, play: Play) -> None:
    tell(desk)
    tell(desk, cause="r2", institution_id=None, account_id=desk.account_id)
    assert len(queries.inbox(desk).lines) == 2
    colleague = replace(play(Role.REFERRAL_DESK), institution_id=desk.institution_id)
    assert len(queries.inbox(colleague).lines) == 1
    assert queries.inbox(play(*Role)).lines == []


def test_a_resident_sees_only_what_is_told_to_their_account(
    desk: Actor, resident: Actor
) -> None:
    tell(desk)
    tell(desk, cause="r2", institution_id=None, account_id=resident.account_id)
    assert len(queries.inbox(resident).lines) == 1


def test_reading_is_each_ones_own(desk: Actor, play: Play) -> None:
    tell(desk)
    colleague = replace(play(Role.REFERRAL_DESK), institution_id=desk.institution_id)
    services.mark_read(desk, queries.inbox(desk).lines[0].id)
    services.mark_all_read(desk)
    assert queries.unread_count(desk) == 0
    assert queries.unread_count(colleague) == 1


def test_a_notice_of_others_cannot_be_marked(desk: Actor, play: Play) -> None:
    tell(desk)
    with pytest.raises(NotFound):
        services.mark_read(play(Role.REFERRAL_DESK), Notice.objects.get().id)


def test_the_live_notice_goes_to_the_house_or_to_one_account_alone() -> None:
    notice, house, account = new_id(), new_id(), new_id()
    (of_house,) = wake_inbox(NoticePosted(notice, house, None, "stat"))
    assert (of_house.institution_id, of_house.account_id) == (house, None)
    (of_one,) = wake_inbox(NoticePosted(notice, house, account, "stat"))
    assert (of_one.institution_id, of_one.account_id) == (None, account)


def test_the_inbox_shows_words_and_counts(desk: Actor, browse: Browse) -> None:
    client = browse(desk)
    assert client.get("/notices/count").content == b""
    assert "还没有消息" in client.get("/notices/").content.decode()
    tell(desk, link="/referrals/1", urgency="stat")
    assert client.get("/notices/count").content == b"1"
    assert "收到来自白崖乡卫生院的转诊" in client.get("/notices/").content.decode()

    notice = Notice.objects.get()
    away = client.post(f"/notices/{notice.id}/read", {"next": "//evil.example/"})
    assert away.headers["Location"] == "/notices/"
    there = client.post(f"/notices/{notice.id}/read", {"next": "/referrals/1"})
    assert there.headers["Location"] == "/referrals/1"
    assert client.get("/notices/count").content == b""


def test_html_in_a_value_stays_text(desk: Actor, browse: Browse) -> None:
    services.tell(
        topic="referral",
        template="{house}",
        values={"house": "<script>alert(1)</script>"},
        cause="x",
        institution_id=desk.institution_id,
    )
    assert "<script>alert" not in browse(desk).get("/notices/").content.decode()


def test_a_stranger_is_asked_to_sign_in(client: Client) -> None:
    answer = client.get("/notices/")
    assert answer.status_code == 302
    assert "sign-in" in answer.headers["Location"]


def test_pages_of_the_inbox_neither_skip_nor_repeat(
    desk: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "SIZE", 2)
    for number in range(5):
        tell(desk, cause=str(number))
    first = queries.inbox(desk)
    second = queries.inbox(desk, first.next)
    third = queries.inbox(desk, second.next)
    seen = [line.id for page in (first, second, third) for line in page.lines]
    assert len(set(seen)) == 5
    assert third.next is None


def test_what_was_told_in_a_loaded_past_bears_its_time_or_is_no_news(
    desk: Actor,
) -> None:
    now = timezone.now()
    for cause in ("reminder:a:desk", "reminder:b:desk", "other:c"):
        tell(desk, cause=cause)
    for cause in ("reminder:a:1", "other:c"):
        services.text_message(phone_cipher=b"x", text="x", cause=cause)
    told = {"reminder:a": now - timedelta(days=9), "reminder:b": now - HOUR}
    assert services.date_back(told, news_from=now - 12 * HOUR) == 1
    left = Notice.objects.values_list("cause", flat=True)
    assert set(left) == {"reminder:b:desk", "other:c"}
    assert Notice.objects.get(cause="reminder:b:desk").created_at == now - HOUR
    assert ShortMessage.objects.get().cause == "other:c"
