"""What a FHIR search asks, read from its parameters, strictly.

A parameter that is not known is refused, never overlooked: an overlooked filter
shows more than was asked for.
"""

import base64
import binascii
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from yilian.kernel.errors import Invalid
from yilian.kernel.ids import NIL
from yilian.kernel.text import _
from yilian.record.rules.indexing import PREFIX_LENGTH, Parameters, fold, parameters_of
from yilian.record.rules.moments import span_of


class SearchWrong(Invalid):
    code = "search-wrong"
    status = 400


# Types that belong to nobody: anyone who works here may list them.
OF_NOBODY: Final = frozenset(
    {
        "Device", "HealthcareService", "Location", "Medication", "Organization",
        "Practitioner", "PractitionerRole", "Schedule", "Slot", "Substance",
    }
)  # fmt: skip
MOST: Final = 100
USUAL: Final = 20
_LONGEST: Final = 400
_MOST_PARAMETERS: Final = 30
_MOST_CHOICES: Final = 100
_LEAST_NAME: Final = 2
_PERSON: Final = frozenset({"patient", "subject"})
_FORM: Final = frozenset({"_format", "_pretty"})
_OPS: Final = ("eq", "ne", "lt", "le", "gt", "ge", "sa", "eb")
_TARGETS: Final[Mapping[str, str]] = {
    "encounter": "Encounter",
    "organization": "Organization",
    "service-provider": "Organization",
    "practitioner": "Practitioner",
    "location": "Location",
    "slot": "Slot",
    "schedule": "Schedule",
    "prescription": "MedicationRequest",
    "claim": "Claim",
}
_COMMA: Final = re.compile(r"(?<!\\),")
_ID: Final = re.compile(r"[A-Za-z0-9.\-]{1,64}")


@dataclass(frozen=True, slots=True)
class Asked:
    """One page of a search. `person_id` None: no one person is named."""

    type: str
    person_id: UUID | None = None
    is_nowhere: bool = False  # a patient that cannot exist
    ids: tuple[str, ...] | None = None
    tokens: list[list[str]] = field(default_factory=list)
    references: list[list[str]] = field(default_factory=list)
    strings: list[list[str]] = field(default_factory=list)
    spans: list[dict[str, str]] = field(default_factory=list)
    updated: list[dict[str, str]] = field(default_factory=list)
    count: int = USUAL
    after: str | None = None

    def as_json(self) -> dict[str, Any]:
        asked: dict[str, Any] = {
            "tokens": self.tokens,
            "references": self.references,
            "strings": self.strings,
            "spans": self.spans,
            "updated": self.updated,
        }
        if self.ids is not None:
            asked["ids"] = list(self.ids)
        if self.after is not None:
            asked["after"] = self.after
        return asked


def read_query(type_name: str, pairs: Iterable[tuple[str, str]]) -> Asked:
    reader = _Reader(type_name, parameters_of(type_name))
    for number, (name, value) in enumerate(pairs):
        if number >= _MOST_PARAMETERS or len(value) > _LONGEST or "\0" in value:
            raise SearchWrong(_("查询条件过多或过长。"))
        reader.take(name, value)
    return reader.asked()


def cursor_after(resource_id: str) -> str:
    return base64.urlsafe_b64encode(f"1|{resource_id}".encode()).decode().rstrip("=")


class _Reader:
    def __init__(self, type_name: str, known: Parameters) -> None:
        self.type, self.known = type_name, known
        self.facts: dict[str, Any] = {"type": type_name}
        self.lists: dict[str, list[Any]] = {
            "tokens": [], "references": [], "strings": [], "spans": [], "updated": [],
        }  # fmt: skip
        self.is_narrow = False

    def take(self, name: str, value: str) -> None:
        if name in _FORM:
            return
        special = {
            "_id": self._ids,
            "_count": self._count,
            "_cursor": self._cursor,
            "_lastUpdated": self._updated,
        }.get(name)
        if special is not None:
            special(value)
        elif name in _PERSON:
            self._person(value)
        else:
            self._parameter(name, value)

    def asked(self) -> Asked:
        if self.type in OF_NOBODY and "person_id" not in self.facts:
            self.facts["person_id"] = NIL
        elif not self.is_narrow:
            raise SearchWrong(
                _("请至少用 patient、_id、identifier 或一个引用参数指明要查的内容。")
            )
        return Asked(**(self.facts | self.lists))

    def _parameter(self, name: str, value: str) -> None:
        for kind, take in (
            ("token", self._token),
            ("reference", self._reference),
            ("string", self._string),
            ("when", self._when),
        ):
            if name in self.known.names(kind):
                take(name, value)
                return
        raise SearchWrong(
            _("{type} 不支持查询参数“{name}”。"), type=self.type, name=name[:60]
        )

    def _person(self, value: str) -> None:
        found = value.removeprefix("Patient/")
        try:
            person_id = UUID(found)
        except ValueError:
            person_id, self.facts["is_nowhere"] = NIL, True
        if self.facts.get("person_id", person_id) != person_id:
            self.facts["is_nowhere"] = True  # of two patients at once: nothing
        self.facts["person_id"] = person_id
        self.is_narrow = True

    def _ids(self, value: str) -> None:
        ids = tuple(one for one in _choices(value) if _ID.fullmatch(one))
        self.facts["ids"] = ids
        self.is_narrow = True

    def _count(self, value: str) -> None:
        if not (value.isascii() and value.isdigit() and 0 < len(value) <= 9):  # noqa: PLR2004
            raise SearchWrong(_("_count 应为 1 到 {most} 的整数。"), most=MOST)
        self.facts["count"] = min(max(int(value), 1), MOST)

    def _cursor(self, value: str) -> None:
        try:
            padded = value + "=" * (-len(value) % 4)
            mark, _bar, last = base64.urlsafe_b64decode(padded).decode().partition("|")
        except (ValueError, binascii.Error):
            mark, last = "", ""
        if mark != "1" or not _ID.fullmatch(last):
            raise SearchWrong(_("翻页标记无效，请从第一页重新查询。"))
        self.facts["after"] = last

    def _token(self, name: str, value: str) -> None:
        choices = _choices(value)
        if any(choice.endswith("|") for choice in choices):
            raise SearchWrong(_("“{name}”须写出代码，不能只写体系。"), name=name)
        self.lists["tokens"].append([f"{name}={choice}" for choice in choices])
        self.is_narrow |= name == "identifier"

    def _reference(self, name: str, value: str) -> None:
        self.lists["references"].append(
            [f"{name}={self._target(name, choice)}" for choice in _choices(value)]
        )
        self.is_narrow = True

    def _target(self, name: str, value: str) -> str:
        if "/" in value:
            return value
        if name not in _TARGETS:
            raise SearchWrong(_("“{name}”须写成 类型/编号。"), name=name)
        return f"{_TARGETS[name]}/{value}"

    def _string(self, name: str, value: str) -> None:
        texts = [fold(choice) for choice in _choices(value)]
        if any(len(text) < _LEAST_NAME for text in texts):
            raise SearchWrong(_("“{name}”至少写两个字。"), name=name)
        self.lists["strings"].append(
            [f"{name}={text[:PREFIX_LENGTH]}" for text in texts]
        )
        self.is_narrow = True

    def _when(self, name: str, value: str) -> None:
        self.lists["spans"].append(_moment(name, value))

    def _updated(self, value: str) -> None:
        self.lists["updated"].append(_moment("_lastUpdated", value))


def _choices(value: str) -> list[str]:
    choices = [
        choice.strip().replace("\\,", ",")
        for choice in _COMMA.split(value)
        if choice.strip()
    ]
    if not 0 < len(choices) <= _MOST_CHOICES:
        raise SearchWrong(_("查询条件的值为空或过多。"))
    return choices


def _moment(name: str, value: str) -> dict[str, str]:
    op, rest = (value[:2], value[2:]) if value[:2] in _OPS else ("eq", value)
    span = span_of(rest.replace(" ", "+"))  # a plus sign that was not escaped
    if span.start is None or span.end is None:
        raise SearchWrong(_("“{name}”的日期写得不对，例如 ge2026-01-31。"), name=name)
    return {"op": op, "start": _iso(span.start), "end": _iso(span.end)}


def _iso(at: datetime) -> str:
    return at.isoformat()
