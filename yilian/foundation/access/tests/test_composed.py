"""A question composed once gives what its queryset would, whatever it is told."""

from datetime import datetime, timedelta

import pytest
from django.contrib.sessions.models import Session
from django.db import connection
from django.db.models import Count, F
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from yilian.foundation.access.composed import (
    Composed,
    ComposedValues,
    Insertion,
    Replacement,
)
from yilian.foundation.audit.models import AuditEntry
from yilian.foundation.identity.models import Account, OneTimeCode
from yilian.kernel.ids import new_id

pytestmark = pytest.mark.django_db
NOW = timezone.now()


def _code(by: Account | None, expires_at: datetime = NOW) -> OneTimeCode:
    return OneTimeCode.objects.create(
        purpose="sign_in", subject_index="s", code_digest="d",
        asked_by=by, expires_at=expires_at,
    )  # fmt: skip


def _account(name: str) -> Account:
    return Account.objects.create(username=name, kind="staff", password="!")  # noqa: S106


def test_it_gives_the_rows_of_its_queryset_for_each_value() -> None:
    one, other = _account("one"), _account("other")
    asked = Composed(lambda key: Account.objects.filter(pk=key))
    assert asked.ask(key=one.pk) == [one]
    assert asked.ask(key=other.pk)[0].username == "other"
    assert asked.ask(key=new_id()) == []


def test_rows_bring_their_relations_and_annotations() -> None:
    one = _account("one")
    _code(one)
    _code(None)
    asked = Composed(
        lambda since: (
            OneTimeCode.objects.filter(expires_at__gte=since)
            .select_related("asked_by")
            .annotate(made=F("created_at"))
            .order_by("asked_by")
        )
    )
    with_account, without = asked.ask(since=NOW)
    assert with_account.asked_by == one
    assert without.asked_by is None
    assert with_account.made == with_account.created_at  # type: ignore[attr-defined]
    assert asked.ask(since=NOW + timedelta(seconds=1)) == []


def test_each_question_is_one_statement(
    django_assert_num_queries: type[CaptureQueriesContext],
) -> None:
    asked = Composed(
        lambda key, now: Session.objects.filter(session_key=key, expire_date__gt=now)
    )
    asked.ask(key="k", now=NOW)
    with django_assert_num_queries(1):  # type: ignore[arg-type]
        asked.ask(key="k", now=NOW)


def test_a_row_that_was_asked_for_can_be_changed() -> None:
    """It is an ordinary row: it knows where it came from."""
    one = _account("one")
    [found] = Composed(lambda key: Account.objects.filter(pk=key)).ask(key=one.pk)
    found.language = "en"
    found.save()
    one.refresh_from_db()
    assert (one.language, Account.objects.count()) == ("en", 1)


@pytest.mark.parametrize("key", ["", "no such key", "with\0nul"])
def test_a_cookie_that_names_no_session_opens_an_empty_one(key: str) -> None:
    from yilian.foundation.identity.session_store import SessionStore

    store = SessionStore(key)
    assert dict(store.items()) == {}
    assert store.session_key is None


def test_an_inserted_row_is_the_row_that_was_told() -> None:
    shown = [new_id(), new_id()]
    told = AuditEntry(action="a.b", person_ids=shown, detail={"n": 1}, roles="nurse")
    stamped = AuditEntry(action="c.d", at=NOW - timedelta(days=1))
    with connection.cursor() as cursor:
        for row in (told, stamped):
            cursor.execute(*Insertion(AuditEntry).of(row))
    kept = AuditEntry.objects.get(pk=told.pk)
    assert (kept.person_ids, kept.detail, kept.roles) == (shown, {"n": 1}, "nurse")
    assert kept.at is not None
    assert kept.xid > 0
    assert AuditEntry.objects.get(pk=stamped.pk).at == NOW - timedelta(days=1)


def test_a_row_that_stands_is_replaced_as_it_is_now_and_no_other() -> None:
    one, other = _account("one"), _account("other")
    said = Replacement(Account)
    for row, name in ((one, "first"), (other, "second")):
        row.username = name
        with connection.cursor() as cursor:
            cursor.execute(*said.of(row))
            assert cursor.rowcount == 1
    assert Account.objects.get(pk=one.pk).username == "first"
    assert Account.objects.get(pk=other.pk).username == "second"
    assert Account.objects.get(pk=one.pk).kind == one.kind


def test_values_and_sums_are_asked_in_the_same_way() -> None:
    one = _account("one")
    _code(one)
    _code(None)
    _code(None)
    asked = ComposedValues(
        lambda since: (
            OneTimeCode.objects.filter(expires_at__gte=since)
            .order_by("asked_by")
            .values_list("asked_by")
            .annotate(Count("pk"))
        )
    )
    assert asked.ask(since=NOW) == [(one.pk, 1), (None, 2)]
    assert asked.ask(since=NOW + timedelta(seconds=1)) == []


def test_of_a_row_that_was_read_only_what_has_changed_is_said() -> None:
    one = _account("one")
    said = Replacement(Account)
    said.read(one)
    Account.objects.filter(pk=one.pk).update(language="en")
    one.username = "first"
    for _again in range(2):  # the second time there is nothing new
        with connection.cursor() as cursor:
            cursor.execute(*said.of(one))
    kept = Account.objects.get(pk=one.pk)
    assert (kept.username, kept.language) == ("first", one.language)


def test_what_was_changed_in_its_place_is_said_too() -> None:
    entry = AuditEntry.objects.create(action="a.b", detail={"n": [1]}, person_ids=[])
    said = Replacement(AuditEntry)
    said.read(entry)
    entry.detail["n"].append(2)
    entry.person_ids.append(shown := new_id())
    statement, values = said.of(entry)
    assert statement.count("%s") == len(values) == 3
    assert {"detail", "person_ids"} <= set(statement.split('"'))
    assert [shown] in values
