"""The second factor at the door and on the pages, with real posts and institutions."""

import re
from typing import Any, Final

import pytest
from django.test import Client
from django.utils import timezone
from pyotp import TOTP
from pytest_django import Settings

from yilian.foundation.access.actor import Role
from yilian.foundation.audit.models import AuditEntry
from yilian.foundation.identity.models import Account, SecondFactor
from yilian.foundation.vault.services import decrypt
from yilian.registry.directory.models import Institution
from yilian.registry.directory.tests.cast import (
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
SIGN_IN: Final = "/account/sign-in"
SECOND: Final = "/account/sign-in/code"
SECURITY: Final = "/account/security"
BEGIN: Final = "/account/second-factor/begin"
CONFIRM: Final = "/account/second-factor/confirm"
WORK: Final = "/institutions/"


@pytest.fixture
def county() -> Institution:
    return make_institution()


@pytest.fixture
def account(county: Institution) -> Account:
    found = make_account("wang.yisheng", PASSWORD)
    make_post(county, Role.PHYSICIAN, account=found)
    return found


def words(answer: Any) -> str:
    return str(answer.content.decode())


def sign_in(client: Client, username: str = "wang.yisheng", **more: str) -> Any:
    return client.post(SIGN_IN, {"username": username, "password": PASSWORD} | more)


def secret_of(account: Account) -> str:
    return decrypt(
        SecondFactor.objects.filter(account=account).latest("created_at").secret_cipher
    )


def code_of(account: Account) -> str:
    """As the phone shows it a moment later: the same code opens once."""
    SecondFactor.objects.update(last_step=0)
    return TOTP(secret_of(account)).at(timezone.now())


def enrol(client: Client, account: Account) -> list[str]:
    client.post(BEGIN, {"password": PASSWORD})
    answer = client.post(CONFIRM, {"code": code_of(account)})
    assert answer.status_code == 200
    return re.findall(r"<code>([a-z2-9]{5}-[a-z2-9]{5})</code>", words(answer))


@pytest.fixture
def codes(account: Account) -> list[str]:
    client = Client()
    sign_in(client)
    return enrol(client, account)


# --- the way in ---------------------------------------------------------------


def test_half_way_in_no_page_opens_and_only_leaving_is_possible(
    client: Client, account: Account, codes: list[str]
) -> None:
    assert sign_in(client, next=WORK)["Location"] == SECOND
    for closed in (WORK, SECURITY, "/account/password", "/"):
        assert SIGN_IN in client.get(closed)["Location"]
    for closed in (BEGIN, CONFIRM, "/account/post"):
        assert SIGN_IN in client.post(closed)["Location"]
    assert client.get(SIGN_IN)["Location"] == SECOND
    client.post("/account/sign-out")
    assert client.get(SECOND)["Location"] == SIGN_IN


def test_the_code_leads_to_the_page_first_asked_for(
    client: Client, account: Account, codes: list[str]
) -> None:
    sign_in(client, next=WORK)
    before = client.session.session_key
    wrong = client.post(SECOND, {"code": "000000"})
    assert wrong.status_code == 422
    assert client.get(WORK).status_code == 302
    assert client.post(SECOND, {"code": code_of(account)})["Location"] == WORK
    assert client.get(WORK).status_code == 200
    assert client.session.session_key != before
    opened = AuditEntry.objects.filter(action="session.open").latest("pk")
    assert opened.detail == {"how": "password+totp"}
    refused = AuditEntry.objects.get(action="session.refused")
    assert refused.detail == {"how": "second"}
    assert refused.object_id == account.pk


def test_a_recovery_code_opens_once_and_says_how_many_are_left(
    client: Client, account: Account, codes: list[str]
) -> None:
    sign_in(client)
    done = client.post(SECOND, {"recovery": "1", "code": codes[0]}, follow=True)
    assert "还剩 9 个" in words(done)
    client.post("/account/sign-out")
    sign_in(client)
    again = client.post(SECOND, {"recovery": "1", "code": codes[0]})
    assert again.status_code == 422
    assert client.get(WORK).status_code == 302


def test_half_way_ends_after_five_minutes(
    client: Client, account: Account, codes: list[str]
) -> None:
    sign_in(client)
    session = client.session
    session["half_way"] = session["half_way"] | {
        "since": session["half_way"]["since"] - 301
    }
    session.save()
    answer = client.post(SECOND, {"code": code_of(account)})
    assert answer["Location"] == SIGN_IN


@pytest.mark.parametrize("change", ["password", "lock"])
def test_half_way_ends_when_the_account_changes(
    client: Client, account: Account, codes: list[str], change: str
) -> None:
    sign_in(client)
    account.refresh_from_db()
    if change == "password":
        account.set_password("Better-horse-10")
    else:
        account.is_active = False
    account.save()
    assert client.post(SECOND, {"code": code_of(account)})["Location"] == SIGN_IN
    assert client.get(WORK).status_code == 302


def test_somebody_else_s_code_does_not_open(
    client: Client, account: Account, codes: list[str], county: Institution
) -> None:
    other = make_account("li.hushi", PASSWORD)
    make_post(county, Role.NURSE, account=other)
    theirs = Client()
    sign_in(theirs, "li.hushi")
    their_codes = enrol(theirs, other)
    sign_in(client)
    assert client.post(SECOND, {"code": code_of(other)}).status_code == 422
    assert (
        client.post(SECOND, {"recovery": "1", "code": their_codes[0]}).status_code
        == 422
    )


def test_too_many_wrong_codes_rest_the_account(
    client: Client, account: Account, codes: list[str]
) -> None:
    sign_in(client)
    for _n in range(5):
        assert client.post(SECOND, {"code": "000000"}).status_code == 422
    answer = client.post(SECOND, {"code": code_of(account)})
    assert answer.status_code == 429
    assert "15 分钟" in words(answer)


@pytest.mark.parametrize("typed", ["", "<b>", "\x00", "1" * 200, "😀", "' OR 1=1"])
def test_anything_may_be_typed_for_a_code(
    client: Client, account: Account, codes: list[str], typed: str
) -> None:
    sign_in(client)
    answer = client.post(SECOND, {"code": typed})
    assert answer.status_code == 422
    assert "<b>" not in words(answer).split("<main")[1]


# --- putting it on ------------------------------------------------------------


def test_it_is_put_on_with_a_picture_and_the_letters_of_the_secret(
    client: Client, account: Account
) -> None:
    sign_in(client)
    assert client.post(BEGIN, {"password": "wrong"}).status_code == 422
    page = client.post(BEGIN, {"password": PASSWORD})
    secret = secret_of(account)
    assert 'class="qr"' in words(page)
    assert secret[:4] + " " + secret[4:8] in words(page)
    assert "no-store" in page["Cache-Control"]
    again = client.post(CONFIRM, {"code": "000000"})
    assert again.status_code == 422
    assert secret[:4] in words(again)
    assert secret[:4] not in words(client.get(SECURITY))
    done = client.post(CONFIRM, {"code": code_of(account)})
    assert len(re.findall(r"<li><code>", words(done))) == 10
    assert client.get(WORK).status_code == 200


def test_other_sessions_end_when_it_is_put_on(client: Client, account: Account) -> None:
    other = Client()
    sign_in(other)
    sign_in(client)
    enrol(client, account)
    assert client.get(WORK).status_code == 200
    assert other.get(WORK).status_code == 302


def test_changing_it_asks_for_password_and_code(
    client: Client, account: Account, codes: list[str]
) -> None:
    sign_in(client)
    client.post(SECOND, {"code": code_of(account)})
    for path in (BEGIN, "/account/second-factor/codes", "/account/second-factor/end"):
        for wrong in (
            {"password": "wrong", "code": code_of(account)},
            {"password": PASSWORD, "code": "000000"},
            {"password": PASSWORD},
        ):
            assert client.post(path, wrong).status_code == 422, (path, wrong)
    new = client.post(
        "/account/second-factor/codes",
        {"password": PASSWORD, "code": code_of(account)},
    )
    assert codes[0] not in words(new)
    client.post(
        "/account/second-factor/end", {"password": PASSWORD, "code": code_of(account)}
    )
    assert client.get(WORK).status_code == 200
    client.post("/account/sign-out")
    assert sign_in(client)["Location"] == "/"


# --- demanded by the institution ----------------------------------------------


def test_where_it_is_demanded_whoever_has_none_is_sent_to_put_it_on(
    client: Client, account: Account, county: Institution
) -> None:
    sign_in(client)
    assert client.get(WORK).status_code == 200
    Institution.objects.filter(pk=county.pk).update(requires_second_factor=True)
    assert client.get(WORK)["Location"] == SECURITY
    part = client.get(WORK, headers={"HX-Request": "true"})
    assert (part.status_code, part["HX-Redirect"]) == (401, SECURITY)
    page = words(client.get(SECURITY))
    assert "才能继续工作" in page
    assert "hx-get" not in page  # a part of the page would be sent here again
    enrol(client, account)
    assert client.get(WORK).status_code == 200
    end = {"password": PASSWORD, "code": code_of(account)}
    assert client.post("/account/second-factor/end", end).status_code == 409


def test_a_post_elsewhere_is_not_asked_for_it(
    client: Client, account: Account, county: Institution
) -> None:
    second = make_post(make_institution("宁医大总院"), Role.PHYSICIAN, account=account)
    Institution.objects.filter(pk=county.pk).update(requires_second_factor=True)
    sign_in(client)
    assert client.get(WORK)["Location"] == SECURITY
    client.post("/account/post", {"post": str(second.pk)})
    assert client.get(WORK).status_code == 200


def test_the_demos_cast_is_not_asked_and_a_password_is(
    client: Client, account: Account, county: Institution, settings: Settings
) -> None:
    Institution.objects.filter(pk=county.pk).update(requires_second_factor=True)
    sign_in(client)
    session = client.session
    session["how"] = "cast"
    session.save()
    settings.YILIAN_DEMO = False
    assert client.get(WORK)["Location"] == SECURITY
    settings.YILIAN_DEMO = True
    assert client.get(WORK).status_code == 200


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.RESIDENT}))
@pytest.mark.parametrize("place", ["own", "authority", "elsewhere"])
def test_only_its_security_administrator_makes_an_institution_demand_it(
    client: Client, county: Institution, role: Role, place: str
) -> None:
    houses = {"own": county, "authority": make_authority()}
    house = houses.get(place) or make_institution("别家医院", area_code="640200")
    actor = make_account("admin", PASSWORD)
    make_post(house, role, account=actor)
    sign_in(client, "admin")
    address = f"/institutions/{county.pk}/sign-in-rule"
    answer = client.post(address, {"requires_second_factor": "on"})
    may = role is Role.SECURITY_ADMIN and place != "elsewhere"
    assert answer.status_code == (302 if may else 403)
    county.refresh_from_db()
    assert county.requires_second_factor is may
    entry = AuditEntry.objects.filter(action="institution.set_sign_in_rule")
    assert entry.filter(outcome="done").count() == may


# --- reset by another ---------------------------------------------------------


RESET: Final = {"reason": "phone_lost", "checked": "called_back"}


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.RESIDENT}))
def test_only_the_security_administrator_resets(
    client: Client, account: Account, codes: list[str], role: Role
) -> None:
    admin = make_account("admin", PASSWORD)
    make_post(make_authority(), role, account=admin)
    sign_in(client, "admin")
    address = f"/institutions/accounts/{account.pk}/second-factor/reset"
    page = client.get(f"/institutions/accounts/{account.pk}")
    answer = client.post(address, RESET)
    account.refresh_from_db()
    if role is Role.SECURITY_ADMIN:
        assert "确认重置" in words(page)
        assert answer.status_code == 302
        assert account.second_factor_id is None
    else:
        assert page.status_code != 200 or "确认重置" not in words(page)
        assert answer.status_code in {403, 404}
        assert account.second_factor_id is not None


def test_a_reset_wants_a_reason_and_how_the_person_was_known(
    client: Client, account: Account, codes: list[str]
) -> None:
    admin = make_account("admin", PASSWORD)
    make_post(make_authority(), Role.SECURITY_ADMIN, account=admin)
    mine = Client()
    sign_in(mine)
    mine.post(SECOND, {"code": code_of(account)})
    sign_in(client, "admin")
    address = f"/institutions/accounts/{account.pk}/second-factor/reset"
    assert client.post(address, {}).status_code == 422
    assert client.post(address, RESET | {"reason": "because"}).status_code == 422
    assert mine.get(WORK).status_code == 200
    client.post(address, RESET)
    assert mine.get(WORK).status_code == 302
    assert sign_in(mine)["Location"] == "/"


def test_who_keeps_one_house_does_not_reset_somebody_of_another_too(
    client: Client, account: Account, codes: list[str], county: Institution
) -> None:
    far = make_institution("固原市人民医院", area_code="640402")
    make_post(far, Role.PHYSICIAN, account=account)
    admin = make_account("admin", PASSWORD)
    make_post(make_authority(), Role.SECURITY_ADMIN, account=admin)
    sign_in(client, "admin")
    address = f"/institutions/accounts/{account.pk}/second-factor/reset"
    assert client.post(address, RESET).status_code == 403


def test_an_administrator_does_not_reset_their_own(client: Client) -> None:
    admin = make_account("admin", PASSWORD)
    make_post(make_authority(), Role.SECURITY_ADMIN, account=admin)
    sign_in(client, "admin")
    enrol(client, admin)
    address = f"/institutions/accounts/{admin.pk}/second-factor/reset"
    assert client.post(address, RESET).status_code == 409
    end = {"password": PASSWORD, "code": code_of(admin)}
    assert client.post("/account/second-factor/end", end).status_code == 409
    admin.refresh_from_db()
    assert admin.second_factor_id is not None
