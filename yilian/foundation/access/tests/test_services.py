"""What an act writes goes together or not at all, in one statement."""

from typing import Any, Final

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from yilian.foundation.access.composed import Insertion
from yilian.foundation.access.services import Said, together, write, write_once
from yilian.foundation.audit.models import AuditEntry
from yilian.foundation.notify.models import ShortMessage

pytestmark = pytest.mark.django_db
_ENTRY: Final = Insertion(AuditEntry)
_MESSAGE: Final = Insertion(ShortMessage)


def _said(action: str, **facts: Any) -> Said:
    return _ENTRY.of(AuditEntry(action=action, **facts))


def _message(cause: str) -> Said:
    row = ShortMessage(phone_cipher=b"p", text_cipher=b"t", cause=cause)
    statement, values = _MESSAGE.of(row)
    return f"{statement} ON CONFLICT DO NOTHING", values


def _actions() -> set[str]:
    return set(AuditEntry.objects.values_list("action", flat=True))


def test_what_is_written_together_is_one_statement() -> None:
    with CaptureQueriesContext(connection) as seen, together():
        write(_said("a.a"))
        with together():
            write(_said("b.b", detail={"n": 1}))
        write(_said("c.c"))
    assert len(seen) == 1
    assert _actions() == {"a.a", "b.b", "c.c"}
    assert AuditEntry.objects.get(action="b.b").detail == {"n": 1}


def test_by_itself_it_is_written_at_once() -> None:
    write(_said("a.a"))
    assert _actions() == {"a.a"}


def test_where_an_act_is_broken_off_nothing_of_it_is_written() -> None:
    def break_off() -> None:
        with together():
            write(_said("a.a"))
            raise LookupError

    with pytest.raises(LookupError):
        break_off()
    write(_said("b.b"))
    assert _actions() == {"b.b"}


def test_what_the_database_refuses_takes_the_others_with_it() -> None:
    twice = AuditEntry(action="b.b")
    write(_ENTRY.of(twice))

    def say_again() -> None:
        with transaction.atomic(), together():
            write(_said("a.a"))
            write(_ENTRY.of(twice))

    with pytest.raises(IntegrityError):
        say_again()
    assert _actions() == {"b.b"}


def test_what_follows_a_row_is_written_only_with_it() -> None:
    for _again in range(2):
        with together():
            write_once(_message("one"), _said("of.one"))
            write_once(_message("two"), _said("of.two"))
    write_once(_message("two"), _said("of.two"))
    assert sorted(ShortMessage.objects.values_list("cause", flat=True)) == [
        "one",
        "two",
    ]
    told = AuditEntry.objects.values_list("action", flat=True)
    assert sorted(told) == ["of.one", "of.two"]


def test_of_the_same_cause_twice_in_one_act_one_is_told() -> None:
    with together():
        write_once(_message("one"), _said("first"))
        write_once(_message("one"), _said("second"))
    assert ShortMessage.objects.count() == 1
    assert AuditEntry.objects.count() == 1
