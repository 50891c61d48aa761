"""Accounts and one-time codes."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from yilian.foundation.access.actor import Actor, Reach, Role, system_actor
from yilian.foundation.audit.models import AuditEntry
from yilian.foundation.identity import services
from yilian.foundation.identity.models import Account, OneTimeCode
from yilian.foundation.identity.rules import (
    AccountKind,
    CodePurpose,
    TooManyCodes,
    pause_problem,
    username_problem,
)
from yilian.foundation.notify.models import ShortMessage
from yilian.foundation.vault.services import decrypt
from yilian.kernel.errors import Conflict, Invalid, NotPermitted
from yilian.kernel.ids import new_id

pytestmark = pytest.mark.django_db

STAFF = AccountKind.STAFF
ADMIN = Actor(new_id(), Reach.AREA, frozenset({Role.SYSTEM_ADMIN}))
SUBJECT = "a" * 64
GOOD = "long-enough-Word7"


def opened(username: str = "majun", password: str | None = None) -> Account:
    return services.open_account(
        ADMIN, username=username, kind=STAFF, password=password
    )


# --- accounts -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("username", "is_good"),
    [
        ("ma.jun", True),
        ("village_doctor", True),
        ("640121196801012345", False),
        ("13800001234", False),
        ("Ma", False),
        ("m", False),
        ("a" * 65, False),
        ("马军", False),
        ("<b>x</b>", False),
    ],
)
def test_what_a_sign_in_name_may_be(username: str, is_good: bool) -> None:
    assert (username_problem(username) is None) is is_good


def test_a_name_is_taken_once() -> None:
    opened()
    with pytest.raises(Invalid) as refused:
        opened()
    assert set(refused.value.fields) == {"username"}


@pytest.mark.parametrize(
    "role", sorted(set(Role) - {Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN})
)
def test_nobody_else_manages_accounts(role: Role) -> None:
    account = opened()
    actor = Actor(new_id(), Reach.INSTITUTION, frozenset({role}))
    for act in (
        lambda: services.open_account(actor, username="other", kind=STAFF),
        lambda: services.reset_password(actor, account.pk),
        lambda: services.lock(actor, account.pk),
        lambda: services.unlock(actor, account.pk),
    ):
        with pytest.raises(NotPermitted):
            act()


def test_a_reset_password_is_for_one_use() -> None:
    account = opened()
    assert not account.has_usable_password()
    given = services.reset_password(ADMIN, account.pk)
    account.refresh_from_db()
    assert account.check_password(given)
    assert account.must_change_password
    assert given not in str(list(AuditEntry.objects.values()))
    own = Actor(account.pk, Reach.INSTITUTION, frozenset({Role.NURSE}))
    services.change_password(own, old=given, new=GOOD)
    account.refresh_from_db()
    assert account.check_password(GOOD)
    assert not account.must_change_password


@pytest.mark.parametrize(
    ("new", "field"),
    [
        ("short1", "new"),
        ("1234567890123", "new"),
        ("password123", "new"),
        (GOOD, "new"),
    ],
)
def test_passwords_that_are_refused(new: str, field: str) -> None:
    account = opened(password=GOOD)
    own = Actor(account.pk, Reach.INSTITUTION)
    with pytest.raises(Invalid) as refused:
        services.change_password(own, old=GOOD, new=new)
    assert set(refused.value.fields) == {field}
    with pytest.raises(Invalid) as refused:
        services.change_password(own, old="wrong", new="another-Long-one8")
    assert set(refused.value.fields) == {"old"}


def test_locking_and_unlocking() -> None:
    account = opened()
    services.lock(ADMIN, account.pk)
    with pytest.raises(Conflict):
        services.lock(ADMIN, account.pk)
    account.refresh_from_db()
    assert (account.is_active, account.locked_at is None) == (False, False)
    assert services.unlock(ADMIN, account.pk).is_active
    own = Actor(account.pk, Reach.AREA, frozenset({Role.SYSTEM_ADMIN}))
    with pytest.raises(Conflict):
        services.lock(own, account.pk)


# --- codes --------------------------------------------------------------------


@pytest.fixture
def demo(settings: Settings) -> None:
    settings.YILIAN_DEMO = True


def ask(subject: str = SUBJECT, phone: bytes | None = b"cipher") -> str:
    code = services.ask_code(CodePurpose.SIGN_IN, subject, phone_cipher=phone)
    assert code is not None
    return code


def use(code: str, subject: str = SUBJECT) -> bool:
    return services.use_code(CodePurpose.SIGN_IN, subject, code)


@pytest.mark.usefixtures("demo")
def test_a_code_opens_once() -> None:
    code = ask()
    assert code in decrypt(ShortMessage.objects.get().text_cipher)
    assert code not in OneTimeCode.objects.get().code_digest
    assert not use("x" + code[1:])
    assert not services.use_code(CodePurpose.PRESENCE, SUBJECT, code)
    assert not use(code, "b" * 64)
    assert use(f" {code} ")
    assert not use(code)


def test_outside_the_demo_a_code_only_goes_to_the_phone(
    settings: Settings,
) -> None:
    settings.YILIAN_DEMO = False
    shown = services.ask_code(CodePurpose.SIGN_IN, SUBJECT, phone_cipher=b"cipher")
    assert shown is None
    assert ShortMessage.objects.count() == 1


@pytest.mark.usefixtures("demo")
def test_without_a_phone_the_same_is_done_and_nothing_sent() -> None:
    def statements(phone: bytes | None, subject: str) -> int:
        with CaptureQueriesContext(connection) as captured:
            ask(subject, phone)
        kinds = ("INSERT", "SELECT", "UPDATE")
        return sum(query["sql"].startswith(kinds) for query in captured)

    assert statements(b"cipher", "b" * 64) == statements(None, "c" * 64)
    assert ShortMessage.objects.count() == 1


@pytest.mark.usefixtures("demo")
def test_five_wrong_tries_spend_a_code() -> None:
    code = ask()
    for _n in range(5):
        assert not use("000000" if code != "000000" else "111111")
    assert not use(code)


@pytest.mark.usefixtures("demo")
def test_an_old_code_and_one_before_the_newest_do_not_open() -> None:
    first = ask()
    OneTimeCode.objects.update(created_at=timezone.now() - timedelta(minutes=2))
    second = ask()
    assert first == second or not use(first)
    OneTimeCode.objects.update(expires_at=timezone.now())
    assert not use(second)


@pytest.mark.usefixtures("demo")
def test_codes_are_not_asked_for_without_end() -> None:
    ask()
    with pytest.raises(TooManyCodes):
        ask()
    ask("b" * 64)
    now = timezone.now()
    asked = [now - timedelta(minutes=m) for m in (50, 40, 30, 20, 10)]
    assert pause_problem(asked, now) is not None
    assert pause_problem(asked[1:], now) is None


# --- races --------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_the_same_account_opened_twice_at_once_is_opened_once() -> None:
    line = Barrier(2)

    def make(_n: int) -> UUID | None:
        try:
            line.wait(5)
            made = services.open_account(
                system_actor("test"), username="majun", kind=STAFF
            )
        except Invalid:
            return None
        finally:
            connection.close()
        return made.pk

    with ThreadPoolExecutor(2) as pool:
        made = list(pool.map(make, range(2)))
    assert sum(one is not None for one in made) == 1
    assert Account.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_one_code_used_twice_at_once_opens_once(settings: Settings) -> None:
    settings.YILIAN_DEMO = True
    code = ask()
    line = Barrier(2)

    def enter(_n: int) -> bool:
        try:
            line.wait(5)
            return use(code)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(enter, range(2))) == [False, True]
