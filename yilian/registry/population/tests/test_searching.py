"""Finding residents: exactly, by prefix, masked, written down, and fast."""

import time
from datetime import date
from typing import Any

import pytest
from django.db import connection

from yilian.foundation.access.actor import Actor, Role, system_actor
from yilian.foundation.audit.models import AuditEntry
from yilian.foundation.tests.plans import explained
from yilian.kernel.errors import Invalid, NotPermitted
from yilian.kernel.identity_number import IdentityKind
from yilian.kernel.ids import new_id
from yilian.registry.directory.models import Institution
from yilian.registry.population import services
from yilian.registry.population.models import Person
from yilian.registry.population.queries.search import found_page, understand
from yilian.registry.population.services import Given
from yilian.registry.population.tests import world
from yilian.registry.population.tests.test_registering import NUMBER, X_NUMBER


@pytest.fixture
def known(desk: Actor) -> Person:
    return services.register(
        desk,
        key=new_id(),
        name="马·秀英",
        identifiers=[
            Given(IdentityKind.ID_CARD, NUMBER),
            Given(IdentityKind.PASSPORT, "E12345678"),
        ],
        phone="138 0000 1234",
    )


def names(actor: Actor, text: str) -> list[str]:
    return [card.name for card in services.search_persons(actor, text).lines]


@pytest.mark.parametrize(
    "text",
    [
        NUMBER,
        f" {NUMBER[:6]} {NUMBER[6:14]} {NUMBER[14:]} ",
        "e12345678",
        "13800001234",
        "+86 138-0000-1234",
        "马·秀",
        "马.秀英",
        "maxiu",
        "MaXiuYing",
        "mxy",
        "ma xiu",
    ],
)
def test_found_by_number_phone_name_pinyin_and_initials(
    text: str, known: Person, doctor: Actor
) -> None:
    assert names(doctor, text) == ["马·秀英"]


@pytest.mark.parametrize(
    "text",
    [
        "%%",
        "__",
        "马%",
        "马_秀英",
        "' OR 1=1 --",
        "<b>马</b>",
        "😀😀",
        "xiuying",
        "13800001235",
    ],
)
def test_signs_mean_themselves_and_middles_do_not_match(
    text: str, known: Person, doctor: Actor
) -> None:
    assert names(doctor, text) == []


@pytest.mark.parametrize("text", ["", "  ", "\u3000", "马", "m", "a\x00b", "马" * 65])
def test_what_can_mean_nobody_is_refused_in_words(text: str, doctor: Actor) -> None:
    with pytest.raises(Invalid):
        services.search_persons(doctor, text)


def test_a_wrong_check_digit_is_told_instead_of_nobody(
    known: Person, doctor: Actor
) -> None:
    wrong = NUMBER[:-1] + ("1" if NUMBER[-1] != "1" else "2")
    with pytest.raises(Invalid) as refusal:
        services.search_persons(doctor, wrong)
    assert "校验码" in str(refusal.value.fields["text"])


def test_small_x_finds_the_same(desk: Actor) -> None:
    services.register(
        desk,
        key=new_id(),
        name="王军",
        identifiers=[Given(IdentityKind.ID_CARD, X_NUMBER)],
    )
    assert names(desk, X_NUMBER.lower()) == ["王*"]


def test_strangers_see_masked_names_and_each_page_is_one_audit_row(
    known: Person, stranger: Actor
) -> None:
    page = services.search_persons(stranger, "13800001234")
    (card,) = page.lines
    assert (card.name, card.is_masked) == ("马·**", True)
    assert NUMBER not in str(card)
    row = AuditEntry.objects.get(action="person.search")
    assert row.person_ids == [known.id]
    assert row.detail == {"by": "phone", "count": 1}


@pytest.mark.parametrize("role", list(Role))
def test_who_may_search(role: Role, township: Institution) -> None:
    actor = world.staff(township, role)
    if role in {Role.PHYSICIAN, Role.NURSE, Role.REFERRAL_DESK}:
        assert names(actor, "nobody") == []
        return
    with pytest.raises(NotPermitted):
        services.search_persons(actor, "nobody")


def test_pages_follow_without_gap_or_repeat_and_spoilt_cursors_begin_anew(
    doctor: Actor,
) -> None:
    for number in range(45):
        world.person("张三丰", address=str(number))
    seen, cursor = [], None
    while True:
        page = services.search_persons(doctor, "zhang", cursor=cursor)
        seen += [card.id for card in page.lines]
        cursor = page.next
        if cursor is None:
            break
    assert len(seen) == len(set(seen)) == 45
    first = services.search_persons(doctor, "zhang").lines[0].id
    for spoilt in ("1" + "0" * 20, "x", str(new_id()), "\x00", "-1"):
        page = services.search_persons(doctor, "zhang", cursor=spoilt)
        assert page.lines[0].id == first


@pytest.fixture
def ten_thousand(db: None, sink: Any) -> None:
    surnames, given = "王李张马杨赵陈刘黄白", "秀建国英小军兰花强芳"
    persons = [
        Person(
            name=f"{surnames[n % 10]}{given[n // 10 % 10]}{given[n // 100 % 10]}",
            sex="1",
            born_on=date(1950, 1, 1),
            **(services.phone_columns(f"139{n:08}") if n % 100 == 0 else {}),
        )
        for n in range(10_000)
    ]
    identifiers = [
        services.new_identifier(one.id, IdentityKind.PASSPORT, f"E{n:08}")
        for n, one in enumerate(persons)
        if n % 100 == 0
    ]
    services.load_many(system_actor("test"), persons=persons, identifiers=identifiers)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM population_person")


@pytest.mark.parametrize("text", ["13900000100", "E00000100", "王秀", "wxx", "wangxiu"])
def test_no_search_reads_the_whole_table(
    text: str, ten_thousand: None, doctor: Actor
) -> None:
    with explained() as plans:
        assert found_page(doctor, understand(text), None).lines
    assert not [str(plan) for plan in plans if Person._meta.db_table in plan.read_whole]


def test_a_page_is_one_query_however_long(
    ten_thousand: None, doctor: Actor, django_assert_num_queries: Any
) -> None:
    asked = understand("wang")
    with django_assert_num_queries(1):
        page = found_page(doctor, asked, None)
    assert len(page.lines) == 20
    began = time.perf_counter()
    found_page(doctor, understand("王秀"), None)
    assert time.perf_counter() - began < 1


def test_loading_reads_names_and_puts_each_patient_in_the_record(
    ten_thousand: None, sink: Any
) -> None:
    assert Person.objects.filter(pinyin="").count() == 0
    assert len(sink.kept) == 10_000
    assert AuditEntry.objects.get(action="person.load").detail["person"] == 10_000
