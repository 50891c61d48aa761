"""The second factor: put on, asked for, used once, and taken off by another."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from threading import Barrier
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from pyotp import TOTP

from yilian.foundation.access.actor import Actor, Reach, Role
from yilian.foundation.audit.models import AuditEntry
from yilian.foundation.identity import queries, services
from yilian.foundation.identity.models import (
    Account,
    RecoveryCode,
    SecondFactor,
    Tally,
)
from yilian.foundation.identity.parameters import CODES_OF_ADDRESS, TRIES_OF_ADDRESS
from yilian.foundation.identity.rules import (
    AccountKind,
    IdentityCheck,
    Limit,
    ResetReason,
    TooManyTries,
    matching_step,
    new_recovery_code,
    rest_of,
    tidy_code,
)
from yilian.foundation.identity.services import tallies
from yilian.foundation.notify.models import Notice
from yilian.foundation.parameters.models import ParameterValue
from yilian.foundation.parameters.queries import forget
from yilian.foundation.parameters.rules import Key
from yilian.foundation.vault.services import decrypt
from yilian.kernel.errors import Conflict, Invalid, NotPermitted
from yilian.kernel.ids import new_id

PASSWORD = "Correct-horse-9"  # noqa: S105
HERE = "10.1.1.1"
# RFC 6238, appendix B: the secret "12345678901234567890", SHA-1, the last six digits.
RFC_SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"  # noqa: S105
REASON: dict[str, Any] = {
    "reason": ResetReason.PHONE_LOST,
    "checked": IdentityCheck.FACE_TO_FACE,
}
NOW = datetime(2026, 11, 22, 3, 0, 5, tzinfo=UTC)


# --- rules --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seconds", "code"),
    [(59, "287082"), (1111111109, "081804"), (1234567890, "005924")],
)
def test_codes_are_those_of_the_standard(seconds: int, code: str) -> None:
    at = datetime.fromtimestamp(seconds, UTC)
    assert matching_step(RFC_SECRET, code, at) == seconds // 30


@pytest.mark.parametrize(
    ("seconds", "opens"),
    [(-61, False), (-30, True), (0, True), (30, True), (61, False)],
)
def test_the_phones_clock_may_be_one_step_off(seconds: int, opens: bool) -> None:
    at = datetime.fromtimestamp(1234567890, UTC)
    code = TOTP(RFC_SECRET).at(at + timedelta(seconds=seconds))
    assert (matching_step(RFC_SECRET, code, at) is not None) is opens


def test_a_recovery_code_is_read_as_people_type_it() -> None:
    code = new_recovery_code()
    assert tidy_code(f"  {code.upper().replace('-', ' - ')} ") == code.replace("-", "")


def test_a_limit_holds_for_its_time_and_then_begins_anew() -> None:
    limit = Limit("x", 3, timedelta(minutes=15))
    later = NOW + timedelta(minutes=10)
    assert rest_of(limit, 2, NOW, later) == timedelta(0)
    assert rest_of(limit, 3, NOW, later) == timedelta(minutes=5)
    assert rest_of(limit, 3, NOW, NOW + timedelta(minutes=15)) <= timedelta(0)


# --- putting it on ------------------------------------------------------------


@pytest.fixture
def account(db: None) -> Account:
    made = Account(username="wang.yisheng", kind=AccountKind.STAFF)
    made.set_password(PASSWORD)
    made.save()
    return made


@pytest.fixture
def doctor(account: Account) -> Actor:
    return Actor(account.pk, Reach.INSTITUTION, frozenset({Role.PHYSICIAN}))


@pytest.fixture
def guard(db: None) -> Actor:
    made = Account.objects.create(username="guard", kind=AccountKind.STAFF)
    return Actor(made.pk, Reach.AREA, frozenset({Role.SECURITY_ADMIN}))


@pytest.fixture
def secret(doctor: Actor) -> str:
    """In force, with the clock standing a step later than its first code."""
    begun = services.begin_second_factor(doctor, password=PASSWORD)
    now = timezone.now()
    services.confirm_second_factor(doctor, code=TOTP(begun.secret).at(now))
    SecondFactor.objects.update(last_step=0)
    return begun.secret


def now_of(secret: str) -> str:
    return TOTP(secret).at(timezone.now())


def passes(account: Account, code: str, origin: str = HERE) -> bool:
    return services.pass_second_step(account.pk, code=code, origin=origin) is not None


def in_force(account: Account) -> bool:
    return queries.second_factor_of(account.pk).since is not None


def test_a_secret_is_in_force_only_after_a_code_of_it(
    doctor: Actor, account: Account
) -> None:
    begun = services.begin_second_factor(doctor, password=PASSWORD)
    assert not in_force(account)
    with pytest.raises(Invalid):
        services.confirm_second_factor(doctor, code="000000")
    assert not in_force(account)
    codes = services.confirm_second_factor(doctor, code=now_of(begun.secret))
    assert in_force(account)
    assert len(set(codes)) == 10
    actions = AuditEntry.objects.order_by("pk").values_list("action", flat=True)
    assert list(actions) == ["second_factor.begin", "second_factor.confirm"]


def test_neither_secret_nor_codes_lie_plain_anywhere(
    doctor: Actor, account: Account
) -> None:
    begun = services.begin_second_factor(doctor, password=PASSWORD)
    factor = SecondFactor.objects.get()
    assert begun.secret.encode() not in bytes(factor.secret_cipher)
    assert decrypt(factor.secret_cipher) == begun.secret
    codes = services.confirm_second_factor(doctor, code=now_of(begun.secret))
    kept = str(list(RecoveryCode.objects.values())) + str(
        list(AuditEntry.objects.values())
    )
    assert begun.secret not in kept
    assert not any(code in kept or tidy_code(code) in kept for code in codes)


def test_it_begins_with_the_password(doctor: Actor) -> None:
    with pytest.raises(Invalid) as refused:
        services.begin_second_factor(doctor, password="wrong")  # noqa: S106
    assert set(refused.value.fields) == {"password"}
    assert not SecondFactor.objects.exists()


def test_a_secret_shown_long_ago_is_not_confirmed(doctor: Actor) -> None:
    begun = services.begin_second_factor(doctor, password=PASSWORD)
    SecondFactor.objects.update(created_at=timezone.now() - timedelta(minutes=16))
    with pytest.raises(Conflict):
        services.confirm_second_factor(doctor, code=now_of(begun.secret))


def test_residents_have_none(db: None) -> None:
    made = Account(username="r-1", kind=AccountKind.RESIDENT)
    made.set_unusable_password()
    made.save()
    actor = Actor(made.pk, Reach.SELF, frozenset({Role.RESIDENT}))
    with pytest.raises(Conflict):
        services.begin_second_factor(actor, password="")


def test_the_old_phone_opens_until_the_new_one_does(
    doctor: Actor, account: Account, secret: str
) -> None:
    with pytest.raises(Invalid) as refused:
        services.begin_second_factor(doctor, password=PASSWORD, code="000000")
    assert set(refused.value.fields) == {"code"}
    begun = services.begin_second_factor(doctor, password=PASSWORD, code=now_of(secret))
    SecondFactor.objects.update(last_step=0)
    assert passes(account, now_of(secret))
    services.confirm_second_factor(doctor, code=now_of(begun.secret))
    SecondFactor.objects.update(last_step=0)
    assert not passes(account, now_of(secret))
    assert passes(account, now_of(begun.secret))


# --- asked for ----------------------------------------------------------------


def test_a_code_opens_once(account: Account, secret: str) -> None:
    code = now_of(secret)
    assert passes(account, f" {code[:3]} {code[3:]} ")
    assert not passes(account, code)


def test_a_code_before_the_last_one_used_does_not_open(
    account: Account, secret: str
) -> None:
    before = TOTP(secret).at(timezone.now() - timedelta(seconds=30))
    assert passes(account, now_of(secret))
    assert not passes(account, before)


def test_a_recovery_code_opens_once_and_is_counted_down(
    doctor: Actor, account: Account, secret: str
) -> None:
    codes = services.renew_recovery_codes(
        doctor, password=PASSWORD, code=now_of(secret)
    )
    passed = services.pass_second_step(account.pk, code=codes[3].upper(), origin=HERE)
    assert passed == services.Passed("recovery", 9)
    assert not passes(account, codes[3])
    assert passes(account, codes[4])


def test_renewed_recovery_codes_replace_the_old(
    doctor: Actor, account: Account
) -> None:
    begun = services.begin_second_factor(doctor, password=PASSWORD)
    old = services.confirm_second_factor(doctor, code=now_of(begun.secret))
    services.renew_recovery_codes(doctor, password=PASSWORD, code=old[0])
    assert not passes(account, old[1])


def test_five_wrong_codes_rest_the_account_and_no_other(
    account: Account, secret: str, guard: Actor
) -> None:
    for n in range(5):
        assert not passes(account, f"00000{n}", origin=f"10.2.2.{n}")
    with pytest.raises(TooManyTries):
        passes(account, now_of(secret))
    services.unlock(guard, account.pk)
    assert passes(account, now_of(secret))


def test_an_account_at_rest_is_let_in_again_after_a_quarter_of_an_hour(
    account: Account, secret: str
) -> None:
    for _n in range(5):
        passes(account, "000000")
    Tally.objects.update(since=timezone.now() - timedelta(minutes=15))
    assert passes(account, now_of(secret))


def released(key: Key[int], value: int) -> None:
    """A region's own limit."""
    one, two = (
        Account.objects.create(username=f"u{new_id().hex[-8:]}", kind=AccountKind.STAFF)
        for _n in range(2)
    )
    ParameterValue.objects.create(
        key=key.name, starts_on=date(2026, 1, 1), value=value, source="test",
        state="released", proposed_by=one, decided_by=two,
    )  # fmt: skip
    forget()


def test_one_address_does_not_try_without_end(account: Account, secret: str) -> None:
    released(TRIES_OF_ADDRESS, 3)
    for _n in range(3):
        assert not passes(account, "000000")
    with pytest.raises(TooManyTries):
        passes(account, now_of(secret))
    assert passes(account, now_of(secret), origin="10.9.9.9")


def test_an_address_is_counted_without_being_written_down() -> None:
    limit = Limit("tries-of-address", 3, timedelta(minutes=15))
    assert HERE not in tallies._index(limit, HERE)
    assert len(tallies._index(limit, HERE)) == 64


def test_codes_of_residents_are_not_asked_for_without_end_from_one_address(
    db: None,
) -> None:
    released(CODES_OF_ADDRESS, 2)
    services.ask_from(HERE)
    services.ask_from(HERE)
    with pytest.raises(TooManyTries):
        services.ask_from(HERE)
    services.ask_from("10.9.9.9")


def test_old_counts_are_thrown_away(db: None) -> None:
    limit = Limit("codes-of-address", 2, timedelta(hours=1))
    tallies.take_turn(limit, HERE)
    tallies.sweep()
    assert Tally.objects.count() == 1
    Tally.objects.update(since=timezone.now() - timedelta(days=2))
    tallies.sweep()
    assert not Tally.objects.exists()


def test_a_password_asked_again_is_not_guessed_at_an_unattended_desk(
    doctor: Actor,
) -> None:
    for _n in range(5):
        with pytest.raises(Invalid):
            services.change_password(doctor, old="wrong", new="Better-horse-10")
    with pytest.raises(TooManyTries):
        services.change_password(doctor, old=PASSWORD, new="Better-horse-10")


# --- taking it off ------------------------------------------------------------


def test_where_nobody_demands_it_one_takes_off_ones_own(
    doctor: Actor, account: Account, secret: str
) -> None:
    demanded = replace(doctor, must_have_second_factor=True)
    with pytest.raises(Conflict):
        services.end_second_factor(demanded, password=PASSWORD, code=now_of(secret))
    services.end_second_factor(doctor, password=PASSWORD, code=now_of(secret))
    assert not in_force(account)


@pytest.mark.parametrize(
    "role", [Role.SECURITY_ADMIN, Role.SYSTEM_ADMIN, Role.AUDIT_ADMIN]
)
def test_administrators_do_not_take_off_their_own(
    doctor: Actor, account: Account, secret: str, role: Role
) -> None:
    admin = replace(doctor, roles=frozenset({role}))
    with pytest.raises(Conflict):
        services.end_second_factor(admin, password=PASSWORD, code=now_of(secret))
    with pytest.raises((Conflict, NotPermitted)):
        services.reset_second_factor(admin, account.pk, **REASON)
    assert in_force(account)


@pytest.mark.parametrize("role", sorted(Role))
def test_only_a_security_administrator_resets_another(
    account: Account, secret: str, role: Role
) -> None:
    other = Account.objects.create(username="other", kind=AccountKind.STAFF)
    actor = Actor(other.pk, Reach.AREA, frozenset({role}))
    if role is Role.SECURITY_ADMIN:
        services.reset_second_factor(actor, account.pk, **REASON)
        assert not in_force(account)
    else:
        with pytest.raises(NotPermitted):
            services.reset_second_factor(actor, account.pk, **REASON)
        assert in_force(account)


def test_a_reset_says_why_and_tells_its_owner(
    account: Account, secret: str, guard: Actor
) -> None:
    services.reset_second_factor(guard, account.pk, **REASON)
    entry = AuditEntry.objects.get(action="second_factor.reset")
    assert entry.detail == {"reason": "phone_lost", "checked": "face_to_face"}
    assert Notice.objects.get().account_id == account.pk
    with pytest.raises(Conflict):
        services.reset_second_factor(guard, account.pk, **REASON)


def test_sessions_opened_before_end_with_each_change(
    doctor: Actor, account: Account, guard: Actor
) -> None:
    def mark() -> str:
        return str(Account.objects.get(pk=account.pk).get_session_auth_hash())

    marks = [mark()]
    begun = services.begin_second_factor(doctor, password=PASSWORD)
    assert mark() == marks[0]
    services.confirm_second_factor(doctor, code=now_of(begun.secret))
    marks.append(mark())
    services.reset_second_factor(guard, account.pk, **REASON)
    marks.append(mark())
    assert marks[0] != marks[1]
    assert marks[1] != marks[2]


# --- races --------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_one_code_typed_in_two_windows_at_once_opens_one() -> None:
    account = Account(username=f"u{new_id().hex[-8:]}", kind=AccountKind.STAFF)
    account.set_password(PASSWORD)
    account.save()
    actor = Actor(account.pk, Reach.INSTITUTION, frozenset({Role.NURSE}))
    begun = services.begin_second_factor(actor, password=PASSWORD)
    codes = services.confirm_second_factor(actor, code=now_of(begun.secret))
    SecondFactor.objects.update(last_step=0)
    for code in (now_of(begun.secret), codes[0]):
        line = Barrier(4)

        def enter(_n: int, code: str = code, line: Barrier = line) -> bool:
            try:
                line.wait(5)
                return passes(account, code)
            finally:
                connection.close()

        with ThreadPoolExecutor(4) as pool:
            assert sorted(pool.map(enter, range(4))) == [False] * 3 + [True]
        Tally.objects.all().delete()
