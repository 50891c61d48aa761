"""Registering a resident: numbers, names, duplicates, children."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.utils import timezone

from yilian.foundation.access.actor import Actor, Role
from yilian.foundation.audit.models import AuditEntry
from yilian.foundation.vault.services import keyed_index
from yilian.kernel.errors import DomainError, Invalid, NotPermitted
from yilian.kernel.identity_number import IdentityKind
from yilian.kernel.ids import new_id
from yilian.kernel.resident_id import check_character
from yilian.registry.directory.models import Institution
from yilian.registry.population import queries, services
from yilian.registry.population.models import Person, PersonIdentifier
from yilian.registry.population.rules import Likeness, Scope, one_digit_away
from yilian.registry.population.services import Given, Guardian
from yilian.registry.population.tests import world
from yilian.registry.population.tests.sink import Sink

BODY = "64012119600308002"
NUMBER = BODY + check_character(BODY)
X_NUMBER = "34052419800101001X"


def register(actor: Actor, **facts: Any) -> Person:
    number = facts.pop("number", None)
    given: dict[str, Any] = {"key": new_id(), "name": "马秀英"} | facts
    if number:
        given["identifiers"] = [Given(IdentityKind.ID_CARD, number)]
    return services.register(actor, **given)


def fields_of(refusal: Invalid) -> dict[str, str]:
    return {name: str(words) for name, words in refusal.fields.items()}


def test_the_number_says_birth_and_sex_and_is_kept_only_in_cipher(
    desk: Actor, sink: Sink
) -> None:
    person = register(desk, number=NUMBER, phone="138 0000 1234")
    assert (person.born_on, person.sex) == (date(1960, 3, 8), "2")
    assert (person.pinyin, person.initials) == ("maxiuying", "mxy")
    kept = PersonIdentifier.objects.get()
    assert kept.value_masked == f"640121{'*' * 8}{NUMBER[-4:]}"
    assert NUMBER.encode() not in bytes(kept.value_cipher)
    assert person.phone_masked == "138****1234"
    body = str(sink.last("Patient"))
    assert NUMBER not in body
    assert "13800001234" not in body
    assert f"{{{{identity:{kept.id}}}}}" in body
    assert AuditEntry.objects.filter(action="person.register").count() == 1


def test_the_house_sees_the_identity_but_the_registrar_not_by_their_own_act(
    desk: Actor, doctor: Actor, stranger: Actor
) -> None:
    person = register(desk, number=NUMBER)
    assert queries.sight_of(doctor, person.id).scope is Scope.IDENTITY
    assert queries.sight_of(desk, person.id).scope is Scope.NONE
    assert queries.sight_of(stranger, person.id).scope is Scope.NONE


def test_the_same_form_sent_twice_registers_once(desk: Actor) -> None:
    key = new_id()
    first = register(desk, key=key, number=NUMBER)
    assert register(desk, key=key, number=NUMBER) == first
    assert Person.objects.count() == 1


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (BODY + ("1" if NUMBER[-1] != "1" else "2"), "校验码"),
        ("640121196002300023", "不存在"),
        ("64012120960308002X", "今天之后"),
        ("6401211960030800", "18 位"),
        ("64012119600308002\x00", "18 位"),
        ("'; DROP TABLE x;--", "18 位"),
    ],
)
def test_a_wrong_number_is_refused_in_words_at_its_field(
    number: str, words: str, desk: Actor
) -> None:
    with pytest.raises(Invalid) as refusal:
        register(desk, number=number)
    said = fields_of(refusal.value)["number"]
    assert words in said or "校验码" in said or "只能是数字" in said
    assert number[:14] not in said
    assert Person.objects.count() == 0


def test_two_swapped_digits_are_hinted_at_and_a_known_number_is_told(
    desk: Actor,
) -> None:
    register(desk, number=NUMBER)
    swapped = NUMBER[:12] + NUMBER[13] + NUMBER[12] + NUMBER[14:]
    assert swapped != NUMBER
    with pytest.raises(Invalid) as refusal:
        register(desk, name="李建国", number=swapped)
    said = fields_of(refusal.value)["number"]
    assert "输反" in said
    assert "系统中有一个相邻两位对调的号码" in said


def test_small_x_and_capital_x_are_one_person(desk: Actor) -> None:
    person = register(desk, number=X_NUMBER, name="王军")
    with pytest.raises(services.NumberKnown) as refusal:
        register(desk, number=X_NUMBER.lower(), name="王军")
    assert refusal.value.person_id == person.id


def test_the_same_number_under_another_name_is_refused_and_shows_whose_card(
    desk: Actor,
) -> None:
    person = register(desk, number=NUMBER)
    with pytest.raises(services.NumberUnderAnotherName) as refusal:
        register(desk, number=NUMBER, name="李建国")
    assert refusal.value.person_id == person.id
    assert "马秀英" not in str(refusal.value)
    assert queries.card(desk, person.id).name == "马*英"


@pytest.mark.parametrize(
    ("facts", "field"),
    [
        ({"born_on": date(1961, 3, 8)}, "born_on"),
        ({"sex": "1"}, "sex"),
        ({"born_on": date(2200, 1, 1), "number": None}, "born_on"),
        ({"born_on": date(1700, 1, 1), "number": None}, "born_on"),
        ({"sex": "7", "number": None}, "sex"),
        ({"name": " \u3000 "}, "name"),
        ({"name": "马"}, "name"),
        ({"name": "马😀英"}, "name"),
        ({"name": "马\x00英"}, "name"),
        ({"name": "<b>马秀英</b>"}, "name"),
        ({"phone": "12345"}, "phone"),
        ({"area_code": "64o1"}, "area_code"),
        ({"address": "望远镇" * 100}, "address"),
        ({"address": "望远镇\x00"}, "address"),
    ],
)
def test_what_cannot_be_is_refused_at_its_field(
    facts: dict[str, Any], field: str, desk: Actor
) -> None:
    with pytest.raises(Invalid) as refusal:
        register(desk, **({"number": NUMBER} | facts))
    assert list(refusal.value.fields) == [field]
    assert Person.objects.count() == 0


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("马 · 艾力", "马·艾力"),
        ("𠮷野", "𠮷野"),
        ("John Smith", "John Smith"),
        ("O'Neil", "O'Neil"),
    ],
)
def test_names_of_all_peoples_are_names(name: str, kept: str, desk: Actor) -> None:
    assert register(desk, name=name, born_on=date(1980, 1, 1)).name == kept


def test_without_a_number_a_temporary_one_is_given_until_the_real_one_is_known(
    desk: Actor, doctor: Actor, township: Institution
) -> None:
    person = register(desk, born_on=date(1960, 3, 8))
    temporary = person.identifiers.get()
    today = timezone.localdate()
    assert temporary.value_masked == f"T{township.code}{today:%Y%m%d}0001"
    other = register(desk, name="李建国", born_on=date(1970, 1, 1))
    assert other.identifiers.get().value_masked.endswith("0002")
    services.add_identifier(doctor, person.id, kind=IdentityKind.ID_CARD, value=NUMBER)
    temporary.refresh_from_db()
    assert temporary.retired_at is not None


def likely(actor: Actor, **facts: Any) -> dict[UUID, frozenset[Likeness]]:
    with pytest.raises(services.LikelyDuplicates) as refusal:
        register(actor, **facts)
    return {one.person_id: one.likeness for one in refusal.value.likely}


def mistyped(number: str) -> str:
    """One digit of the serial wrong: valid all the same, female still."""
    return next(
        n
        for n in one_digit_away(number)
        if n[:16] == number[:16] and int(n[16]) % 2 == 0
    )


def test_likely_duplicates_are_shown_first_and_must_be_set_aside(desk: Actor) -> None:
    known = register(desk, number=NUMBER, phone="13800001234")
    facts = {"number": mistyped(NUMBER)}
    found = likely(desk, **facts)
    assert found == {
        known.id: {Likeness.SAME_NAME_AND_BIRTH, Likeness.NEARLY_SAME_NUMBER}
    }
    assert queries.card(desk, known.id).name == "马*英"
    with pytest.raises(services.LikelyDuplicates):
        register(desk, **facts, not_these=[new_id()])
    assert register(desk, **facts, not_these=list(found)) != known


def test_the_same_sound_and_the_same_phone_are_noticed(desk: Actor) -> None:
    known = register(desk, number=NUMBER, phone="13800001234")
    found = likely(desk, name="马秀莹", born_on=date(1960, 3, 8))
    assert found[known.id] == {Likeness.SAME_SOUND_AND_BIRTH}
    found = likely(desk, name="李建国", phone="+86 138-0000-1234")
    assert found[known.id] == {Likeness.SAME_PHONE}


def test_a_child_needs_a_guardian(desk: Actor, doctor: Actor) -> None:
    child = {"name": "马小军", "born_on": timezone.localdate() - timedelta(days=900)}
    with pytest.raises(Invalid) as refusal:
        register(desk, **child)
    assert list(refusal.value.fields) == ["guardian"]
    mother = register(desk, number=NUMBER)
    person = register(desk, **child, guardians=[Guardian(mother.id)])
    assert [p.proxy_id for p in person.proxies.all()] == [mother.id]


@pytest.mark.parametrize("role", list(Role))
def test_who_may_register(role: Role, township: Institution) -> None:
    may = role in {Role.PHYSICIAN, Role.NURSE, Role.REFERRAL_DESK}
    actor = world.staff(township, role)
    if may:
        assert register(actor, number=NUMBER)
        return
    with pytest.raises(NotPermitted):
        register(actor, number=NUMBER)


def test_a_stale_page_overwrites_nothing(desk: Actor, doctor: Actor) -> None:
    person = register(desk, number=NUMBER)
    services.correct(doctor, person.id, revision=1, address="望远镇二队")
    with pytest.raises(DomainError, match="已被他人更新"):
        services.correct(doctor, person.id, revision=1, address="望远镇三队")
    person.refresh_from_db()
    assert (person.address, person.revision) == ("望远镇二队", 2)


def test_a_correction_still_agrees_with_the_number(desk: Actor, doctor: Actor) -> None:
    person = register(desk, number=NUMBER)
    with pytest.raises(Invalid) as refusal:
        services.correct(doctor, person.id, revision=1, born_on=date(1970, 1, 1))
    assert list(refusal.value.fields) == ["born_on"]
    renamed = services.correct(doctor, person.id, revision=1, name="马秀兰")
    assert (renamed.pinyin, renamed.born_on) == ("maxiulan", date(1960, 3, 8))


def test_who_does_not_see_the_record_cannot_turn_its_code_to_another_phone(
    desk: Actor, doctor: Actor
) -> None:
    person = register(desk, number=NUMBER, phone="13800001234")
    with pytest.raises(NotPermitted, match="核验本人"):
        services.correct(doctor, person.id, revision=1, phone="13900001234")
    person.refresh_from_db()
    assert person.phone_index == keyed_index("phone", "13800001234")
