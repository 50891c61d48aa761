"""Registering a resident, once: likely duplicates are shown first, 建档."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar, Final
from uuid import UUID

from django.db import connection, transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from django.db.models import Q
from django.utils import timezone

from yilian.foundation.access.actor import Actor
from yilian.foundation.access.scope import require
from yilian.foundation.audit.services import record
from yilian.foundation.idempotency.services import once
from yilian.kernel.errors import Conflict, DomainError, Invalid
from yilian.kernel.identity_number import (
    Checked,
    IdentityKind,
    contradictions,
    temporary_number,
)
from yilian.kernel.names import clean_name, pinyin_of
from yilian.kernel.safe_text import clean_line
from yilian.kernel.sex import GB_CODES, Sex
from yilian.kernel.text import Text, _
from yilian.registry.directory.models import Institution
from yilian.registry.population import fhir, policies
from yilian.registry.population.models import Person, PersonIdentifier, Proxy
from yilian.registry.population.rules import (
    AGE_OF_OWN_WORD,
    FIRST_YEAR,
    SEX_NAMES,
    Ground,
    Likeness,
    Relation,
    Scope,
    age_on,
    one_digit_away,
)
from yilian.registry.population.services.grants import give_grant
from yilian.registry.population.services.numbers import (
    Given,
    check_number,
    field_words,
    hold_numbers,
    holder_of,
    index_of,
    new_identifier,
    phone_facts,
)
from yilian.registry.ports import record_sink

NOT_AT_DESK: Final = _("只有本机构的医师、护士或转诊办公室可以登记居民信息。")
_MOST_SHOWN: Final = 10
_SEXES: Final = {code: sex for sex, code in GB_CODES.items()}


@dataclass(frozen=True, slots=True)
class Guardian:
    """Somebody already registered who stands for a child."""

    person_id: UUID
    relation: Relation = Relation.PARENT
    evidence: str = ""


@dataclass(frozen=True, slots=True)
class Likely:
    """Somebody already registered who may be the same person."""

    person_id: UUID
    likeness: frozenset[Likeness]


class NumberKnown(Conflict):
    """The number belongs to somebody registered; `person_id` says to whom."""

    code = "person-already-registered"
    words: ClassVar[str] = _(
        "这个证件号码已经登记过，请直接打开已有的档案，不要重复建档。"
    )

    def __init__(self, person_id: UUID) -> None:
        self.person_id = person_id
        super().__init__(self.words)


class NumberUnderAnotherName(NumberKnown):
    code = "number-under-another-name"
    words: ClassVar[str] = _(
        "这个证件号码已登记在另一个姓名下。请对照证件核对号码和姓名；"
        "如果是同一人改名，请打开已有档案办理更正。"
    )


class LikelyDuplicates(Conflict):
    """These may be the same person; each must be looked at and set aside."""

    code = "likely-duplicates"

    def __init__(self, likely: Sequence[Likely]) -> None:
        self.likely = tuple(likely)
        super().__init__(
            _("可能已有 {count} 份档案是同一人，请先核对；确认都不是，再继续登记。"),
            count=len(likely),
        )


@transaction.atomic
def register(
    actor: Actor,
    *,
    key: UUID,
    name: str,
    sex: str = "0",
    born_on: date | None = None,
    identifiers: Sequence[Given] = (),
    phone: str = "",
    area_code: str = "",
    address: str = "",
    ethnicity: str = "",
    insured_type: str = "none",
    insured_area: str = "",
    guardians: Sequence[Guardian] = (),
    not_these: Collection[UUID] = (),
) -> Person:
    """A new resident; without a number they get a temporary one until theirs is known.

    The registrar's own institution sees the identity from now on, the registrar
    alone does not (decisions 4).
    """
    require(policies.can_register(actor), NOT_AT_DESK)
    facts = {
        "name": name,
        "sex": sex,
        "born_on": born_on,
        "phone": phone,
        "area_code": area_code,
        "address": address,
        "ethnicity": ethnicity,
        "insured_type": insured_type,
        "insured_area": insured_area,
    }

    def make() -> UUID:
        checked = _check_numbers(identifiers)
        columns = checked_facts(facts, [number for _given, number in checked])
        hold_numbers((n.kind, n.value, given.system) for given, n in checked)
        _require_new(columns["name"], checked)
        _require_guardian(columns["born_on"], guardians)
        _require_no_likeness(columns, checked, not_these)
        return _create(actor, columns, checked, guardians)

    return Person.objects.get(pk=once(actor, key, "population.register", make))


def guardian_by_number(number: str, relation: Relation, evidence: str = "") -> Guardian:
    """Whoever is registered under this identity number, to stand for a child."""
    given = Given(IdentityKind.ID_CARD, number)
    try:
        checked = check_number(given, today=timezone.localdate())
    except DomainError as error:
        raise Invalid(fields={"guardian": field_words(error)}) from None
    known = holder_of(checked.kind, checked.value)
    if known is None:
        words = _("没有找到监护人的档案，请先为监护人建档。")
        raise Invalid(fields={"guardian": words})
    return Guardian(known.person_id, relation, evidence)


def checked_facts(facts: dict[str, Any], numbers: Sequence[Checked]) -> dict[str, Any]:
    """Columns of a person from what was typed; every wrong field is named at once."""
    wrong: dict[str, str | Text] = {}
    columns: dict[str, Any] = {}
    readers = {
        "name": _name_columns,
        "phone": phone_facts,
        "area_code": _area_columns,
        "address": lambda typed: {"address": clean_line(typed, max_length=200)},
    }
    for field, typed in facts.items():
        read = readers.get(field, lambda typed, field=field: {field: typed})
        try:
            columns |= read(typed)
        except DomainError as error:
            wrong[field] = field_words(error)
    _fill_in(columns, numbers)
    wrong |= _birth_problem(columns.get("born_on"))
    wrong |= _contradictions(columns, numbers)
    if columns.get("sex", "0") not in SEX_NAMES:
        wrong["sex"] = _("请选择性别。")
    if wrong:
        raise Invalid(fields=wrong)
    return columns


def put_patient(actor: Actor, person: Person) -> None:
    """The record keeps its Patient in step with the register."""
    numbers = PersonIdentifier.objects.filter(person=person).order_by("created_at")
    record_sink().put(actor, fhir.patient(person, numbers), person.id)


def likely_same(columns: dict[str, Any], numbers: Sequence[Checked]) -> list[Likely]:
    """Who may be the same person, the likest first."""
    found: dict[UUID, set[Likeness]] = {}
    for likeness, persons in _likeness_queries(columns, numbers):
        for person_id in persons.values_list("pk", flat=True)[:_MOST_SHOWN]:
            found.setdefault(person_id, set()).add(likeness)
    ranked = sorted(found.items(), key=lambda item: (-len(item[1]), item[0]))
    return [Likely(id_, frozenset(why)) for id_, why in ranked[:_MOST_SHOWN]]


def _likeness_queries(columns: dict[str, Any], numbers: Sequence[Checked]) -> Any:
    persons = Person.objects.order_by("pk")
    name, sound, born_on = columns["name"], columns["pinyin"], columns["born_on"]
    if born_on:
        yield Likeness.SAME_NAME_AND_BIRTH, persons.filter(name=name, born_on=born_on)
        same_sound = persons.filter(pinyin=sound, born_on=born_on).exclude(name=name)
        if sound:
            yield Likeness.SAME_SOUND_AND_BIRTH, same_sound
    if columns["phone_index"]:
        yield Likeness.SAME_PHONE, persons.filter(phone_index=columns["phone_index"])
    near = [
        index_of(number.kind, other)
        for number in numbers
        if number.kind is IdentityKind.ID_CARD
        for other in one_digit_away(number.value)
    ]
    if near:
        holders = PersonIdentifier.objects.filter(
            value_index__in=near, kind=IdentityKind.ID_CARD.value, retired_at=None
        )
        alike = Q(pinyin=sound) | Q(born_on=born_on)
        yield (
            Likeness.NEARLY_SAME_NUMBER,
            persons.filter(alike, pk__in=holders.values("person")),
        )


def _check_numbers(identifiers: Sequence[Given]) -> list[tuple[Given, Checked]]:
    today = timezone.localdate()
    checked = []
    for given in identifiers:
        try:
            checked.append((given, check_number(given, today=today)))
        except DomainError as error:
            raise Invalid(fields={"number": field_words(error)}) from None
    return checked


def _require_new(name: str, checked: Sequence[tuple[Given, Checked]]) -> None:
    for given, number in checked:
        known = holder_of(number.kind, number.value, given.system)
        if known is None:
            continue
        if known.person.name == name:
            raise NumberKnown(known.person_id)
        raise NumberUnderAnotherName(known.person_id)


def _require_guardian(born_on: date | None, guardians: Sequence[Guardian]) -> None:
    today = timezone.localdate()
    if born_on is None or guardians or age_on(born_on, today) >= AGE_OF_OWN_WORD:
        return
    raise Invalid(
        fields={"guardian": _("未满 14 岁须登记监护人；请先登记或查找监护人的档案。")}
    )


def _require_no_likeness(
    columns: dict[str, Any],
    checked: Sequence[tuple[Given, Checked]],
    not_these: Collection[UUID],
) -> None:
    numbers = [number for _given, number in checked]
    left = [
        one for one in likely_same(columns, numbers) if one.person_id not in not_these
    ]
    if left:
        raise LikelyDuplicates(left)


def _create(
    actor: Actor,
    columns: dict[str, Any],
    checked: Sequence[tuple[Given, Checked]],
    guardians: Sequence[Guardian],
) -> UUID:
    assert actor.institution_id is not None, "policies.can_register"  # noqa: S101
    person = Person.objects.create(registered_by_id=actor.institution_id, **columns)
    numbers = [(number.kind, number.value, given.system) for given, number in checked]
    if not numbers:
        issued = _temporary_number(actor.institution_id)
        numbers = [(IdentityKind.TEMPORARY, issued, "")]
    PersonIdentifier.objects.bulk_create(
        new_identifier(person.id, *number) for number in numbers
    )
    for guardian in guardians:
        Proxy.objects.create(
            person=person,
            proxy_id=guardian.person_id,
            relation=guardian.relation.value,
            period=DateRange(timezone.localdate(), None),
            evidence=clean_line(guardian.evidence, max_length=200),
        )
    give_grant(
        actor,
        person_id=person.id,
        institution_id=actor.institution_id,
        ground=Ground.REGISTRATION,
        scope=Scope.IDENTITY,
        evidence_kind="registration",
        evidence_id=person.id,
        is_sole=True,
    )
    kinds = [kind.value for kind, _value, _system in numbers]
    record(actor, "person.register", person_id=person.id, detail={"numbers": kinds})
    put_patient(actor, person)
    return person.id


def _temporary_number(institution_id: UUID) -> str:
    """The next one of this house today; asked for one after another."""
    code = Institution.objects.values_list("code", flat=True).get(pk=institution_id)
    code = "".join(c for c in code.upper() if c.isascii() and c.isalnum())
    today = timezone.localdate()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtext(%s))", [f"temporary-number:{code}"]
        )
    issued = PersonIdentifier.objects.filter(
        kind=IdentityKind.TEMPORARY.value,
        value_masked__startswith=f"T{code}{today:%Y%m%d}",
    ).count()
    return temporary_number(code, today, issued + 1)


def _name_columns(typed: str) -> dict[str, str]:
    name = clean_name(typed)
    read = pinyin_of(name)
    return {
        "name": name,
        "pinyin": read.full[:240],
        "initials": read.initials[:60],
    }


def _area_columns(typed: str) -> dict[str, str]:
    code = typed.strip()
    if code and not (code.isascii() and code.isdigit() and len(code) <= 12):  # noqa: PLR2004
        raise Invalid(_("行政区划代码最多 12 位数字。"))
    return {"area_code": code}


def _fill_in(columns: dict[str, Any], numbers: Sequence[Checked]) -> None:
    """What the number says and nobody typed."""
    for number in numbers:
        if columns.get("born_on") is None and number.born_on:
            columns["born_on"] = number.born_on
        if columns.get("sex") in (None, "", "0") and number.sex:
            columns["sex"] = GB_CODES[number.sex]
    if not columns.get("sex"):
        columns["sex"] = "0"


def _birth_problem(born_on: date | None) -> dict[str, str | Text]:
    if born_on is None:
        return {}
    if born_on > timezone.localdate():
        return {"born_on": _("出生日期在今天之后，请核对。")}
    if born_on.year < FIRST_YEAR:
        return {"born_on": _("出生日期早于 1850 年，请核对。")}
    return {}


def _contradictions(
    columns: dict[str, Any], numbers: Sequence[Checked]
) -> dict[str, str | Text]:
    sex = _SEXES.get(columns.get("sex", "0"), Sex.UNKNOWN)
    wrong: dict[str, str | Text] = {}
    for number in numbers:
        wrong |= contradictions(number, born_on=columns.get("born_on"), sex=sex)
    return wrong
