"""Signing in, switching posts, leaving: through the pages, with real posts.

It stands here because identity knows accounts only.
"""

from datetime import timedelta
from time import time
from typing import Any

import pytest
from axes.models import AccessAttempt
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from yilian.foundation.access.actor import Role
from yilian.foundation.audit.models import AuditEntry
from yilian.foundation.identity.middleware import SEEN_KEY
from yilian.foundation.identity.models import Account
from yilian.registry.directory import services
from yilian.registry.directory.models import Institution
from yilian.registry.directory.tests.cast import (
    actor_at,
    make_account,
    make_authority,
    make_institution,
    make_post,
)

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.usefixtures("sink"),
    pytest.mark.urls("yilian.registry.directory.tests.urls"),
]

PASSWORD = "Correct-horse-9"  # noqa: S105
SIGN_IN = "/account/sign-in"
PROTECTED = "/account/password"


@pytest.fixture
def county() -> Institution:
    return make_institution()


@pytest.fixture
def account(county: Institution) -> Account:
    found = make_account("wang.yisheng", PASSWORD)
    make_post(county, Role.PHYSICIAN, account=found)
    return found


def sign_in(
    client: Client, username: str = "wang.yisheng", password: str = PASSWORD
) -> Any:
    return client.post(SIGN_IN, {"username": username, "password": password})


def is_in(client: Client) -> bool:
    return client.get(PROTECTED).status_code == 200


def words(answer: Any) -> str:
    return str(answer.content.decode())


def test_in_and_out(client: Client, account: Account) -> None:
    assert client.get(PROTECTED)["Location"] == f"{SIGN_IN}?next={PROTECTED}"
    client.get(SIGN_IN)
    client.session["before"] = 1
    answer = client.post(
        SIGN_IN,
        {"username": " Wang.Yisheng ", "password": PASSWORD, "next": PROTECTED},
    )
    assert answer["Location"] == PROTECTED
    assert is_in(client)
    account.refresh_from_db()
    assert account.last_post_id == account.posts.get().pk
    client.post("/account/sign-out")
    assert not is_in(client)
    actions = AuditEntry.objects.values_list("action", "outcome")
    assert list(actions.order_by("pk")) == [
        ("session.open", "done"),
        ("session.close", "done"),
    ]


def test_the_session_gets_a_new_key(client: Client, account: Account) -> None:
    client.get(SIGN_IN)
    session = client.session
    session["was"] = "here"
    session.save()
    before = session.session_key
    sign_in(client)
    assert client.session.session_key != before
    assert not Session.objects.filter(pk=before).exists()


def test_nobody_is_sent_to_another_site(client: Client, account: Account) -> None:
    for target in ("https://evil.example/", "//evil.example", "javascript:alert(1)"):
        answer = client.post(
            SIGN_IN,
            {"username": "wang.yisheng", "password": PASSWORD, "next": target},
        )
        assert answer["Location"] == "/"
        client.logout()


def test_the_answer_never_says_whether_an_account_exists(
    client: Client, account: Account
) -> None:
    locked = make_account("locked", PASSWORD)
    locked.is_active = False
    locked.save()
    resident = make_account("r-1", PASSWORD)
    resident.kind = "resident"
    resident.save()
    answers = [
        sign_in(client, "wang.yisheng", "wrong"),
        sign_in(client, "nobody", "wrong"),
        sign_in(client, "locked", PASSWORD),
        sign_in(client, "r-1", PASSWORD),
    ]
    assert {answer.status_code for answer in answers} == {422}
    said = {
        words(answer)
        .split('role="alert"')[1]
        .split("</section>")[0]
        .split("<p>")[1]
        .split("</p>")[0]
        for answer in answers
    }
    assert said == {"登录名或密码不对。请检查大小写后再试。"}
    assert AuditEntry.objects.filter(action="session.refused").count() == 4
    assert "nobody" not in str(list(AuditEntry.objects.values()))


def test_too_many_wrong_passwords_lock_for_a_while(
    client: Client, account: Account
) -> None:
    for username in ("wang.yisheng", "nobody"):
        for _n in range(5):
            answer = sign_in(client, username, "wrong")
        assert answer.status_code == 429
        assert "15 分钟" in words(answer)
    assert sign_in(client).status_code == 429
    assert not is_in(client)
    AccessAttempt.objects.update(attempt_time=timezone.now() - timedelta(minutes=16))
    assert sign_in(client).status_code == 302


def test_an_administrator_unlocks(
    client: Client, account: Account, county: Institution
) -> None:
    for _n in range(5):
        sign_in(client, password="wrong")  # noqa: S106
    from yilian.foundation.identity import services as identity

    identity.unlock(actor_at(county, Role.SYSTEM_ADMIN), account.pk)
    assert sign_in(client).status_code == 302


def test_without_a_post_there_is_nothing_to_open(client: Client) -> None:
    make_account("nopost", PASSWORD)
    answer = sign_in(client, "nopost")
    assert answer.status_code == 422
    assert "没有在任岗位" in words(answer)
    assert not is_in(client)


def test_leaving_the_post_locks_the_next_request(
    client: Client, account: Account, county: Institution
) -> None:
    sign_in(client)
    assert is_in(client)
    admin = actor_at(make_authority(), Role.SYSTEM_ADMIN)
    services.leave_post(admin, account.posts.get().pk)
    assert not is_in(client)
    assert client.get("/").status_code == 302


def test_locking_and_a_reset_password_end_every_session(
    client: Client, account: Account, county: Institution
) -> None:
    from yilian.foundation.identity import services as identity

    admin = actor_at(county, Role.SYSTEM_ADMIN)
    other = Client()
    for one in (client, other):
        sign_in(one)
    given = identity.reset_password(admin, account.pk)
    assert not is_in(client)
    assert not is_in(other)
    sign_in(client, password=given)
    identity.lock(admin, account.pk)
    assert not is_in(client)


def test_a_password_for_one_use_opens_only_its_change(
    client: Client, account: Account, county: Institution
) -> None:
    from yilian.foundation.identity import services as identity

    given = identity.reset_password(actor_at(county, Role.SYSTEM_ADMIN), account.pk)
    sign_in(client, password=given)
    assert client.get("/institutions/")["Location"] == PROTECTED
    part = client.get("/institutions/", headers={"HX-Request": "true"})
    assert part["HX-Redirect"] == PROTECTED
    wrong = client.post(
        PROTECTED, {"old": given, "new": "Better-horse-10", "again": "Better-horse-11"}
    )
    assert wrong.status_code == 422
    assert "不一致" in words(wrong)
    done = client.post(
        PROTECTED, {"old": given, "new": "Better-horse-10", "again": "Better-horse-10"}
    )
    assert done["Location"] == "/"
    assert client.get("/institutions/").status_code == 200


def test_idle_too_long_ends_the_session(
    client: Client, account: Account, settings: Settings
) -> None:
    sign_in(client)
    assert is_in(client)

    def wait(minutes: int) -> None:
        session = client.session
        session[SEEN_KEY] = int(time()) - minutes * 60
        session.save()

    wait(29)
    assert is_in(client)
    wait(29)
    client.get(PROTECTED, headers={"HX-Request": "true"})  # the page by itself
    assert int(time()) - client.session[SEEN_KEY] >= 29 * 60
    wait(31)
    answer = client.get(PROTECTED, follow=True)
    assert "已退出登录" in words(answer)
    assert AuditEntry.objects.get(action="session.close").detail == {"how": "idle"}


def test_switching_posts(client: Client, account: Account) -> None:
    second = make_post(make_institution("宁医大总院"), Role.PHYSICIAN, account=account)
    stranger = make_post(make_institution("别家医院"), Role.SYSTEM_ADMIN)
    sign_in(client)
    shown = words(client.get("/institutions/"))
    assert "宁医大总院" in shown
    assert client.post("/account/post", {"post": str(second.pk)}).status_code == 302
    account.refresh_from_db()
    assert account.last_post_id == second.pk
    for wrong in (stranger.pk, "x", ""):
        assert client.post("/account/post", {"post": str(wrong)}).status_code == 404
    assert client.get("/account/post").status_code == 405
    client.post("/account/sign-out")
    sign_in(client)
    assert client.session["post"] == str(second.pk)


@pytest.mark.parametrize(
    "typed", ["<script>alert(1)</script>", "' OR 1=1 --", "😀" * 20, "a" * 64, "\x00"]
)
def test_anything_may_be_typed(client: Client, typed: str) -> None:
    answer = sign_in(client, typed, typed)
    assert answer.status_code == 422
    assert "<script>alert" not in words(answer)
