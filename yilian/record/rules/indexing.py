"""From a resource to the few things it is found by.

The table of search parameters is compiled once into plain walks; a resource gives
its tokens (`name=system|code`, `name=code`), references (`name=Type/id`), strings
(`name=` and every beginning of a word, for search by prefix), its clinical span and
its status.
"""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Final, NamedTuple

from yilian.record.rules.moments import NEVER, Span, span_of

Path = tuple[str, ...]

PREFIX_LENGTH: Final = 8
_STATUS: Final = (("status",), ("clinicalStatus", "coding", "code"))
_PERSON_NAMES: Final = ("text", "family", "given")
_LONGEST: Final = 300
_PLACEHOLDER: Final = "{{"  # a number that is filled in at answer time, never indexed
_WORD_GAP: Final = re.compile(r"[\s,·]+")


@dataclass(frozen=True, slots=True)
class Parameter:
    name: str
    paths: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class Parameters:
    """What one type is searched by."""

    when: tuple[Parameter, ...] = ()
    token: tuple[Parameter, ...] = ()
    reference: tuple[Parameter, ...] = ()
    string: tuple[Parameter, ...] = ()

    def names(self, kind: str) -> frozenset[str]:
        return frozenset(parameter.name for parameter in getattr(self, kind))


class Index(NamedTuple):
    tokens: list[str]
    references: list[str]
    strings: list[str]
    when: Span
    status: str


@cache
def table() -> Mapping[str, Parameters]:
    source = resources.files("yilian.record.rules").joinpath("search_parameters.toml")
    read = tomllib.loads(source.read_text(encoding="utf-8"))
    return {
        name: Parameters(
            **{kind: tuple(map(_compiled, lines)) for kind, lines in kinds.items()}
        )
        for name, kinds in read.items()
    }


def parameters_of(type_name: str) -> Parameters:
    known = table()
    return known.get(type_name) or known["any"]


def index(resource: Mapping[str, Any]) -> Index:
    known = parameters_of(resource["resourceType"])
    return Index(
        _distinct(_tokens(resource, known.token)),
        _distinct(_references(resource, known.reference)),
        _distinct(_strings(resource, known.string)),
        _when(resource, known.when),
        _status(resource),
    )


def found_at(value: Any, path: Path) -> Iterator[Any]:
    """Everything that stands at a path, whatever repeats on the way."""
    if isinstance(value, list):
        for one in value:
            yield from found_at(one, path)
    elif not path:
        yield value
    elif isinstance(value, Mapping):
        inner = value.get(path[0])
        if inner is not None:
            yield from found_at(inner, path[1:])


def prefixes(text: str) -> Iterator[str]:
    """Every beginning of each word, and of the whole: what a search by name types."""
    whole = fold(text)
    for word in {whole, *_WORD_GAP.split(whole)}:
        for length in range(1, min(len(word), PREFIX_LENGTH) + 1):
            yield word[:length]


def fold(text: str) -> str:
    return " ".join(text.casefold().split())


def _compiled(line: str) -> Parameter:
    name, colon, paths = line.partition(":")
    if not colon:
        first, *others = name.split("-")
        paths = first + "".join(word.capitalize() for word in others)
    return Parameter(
        name, tuple(tuple(path.strip().split(".")) for path in paths.split("|"))
    )


def _values(
    resource: Mapping[str, Any], parameters: Iterable[Parameter]
) -> Iterator[tuple[str, Any]]:
    for parameter in parameters:
        for path in parameter.paths:
            if path[0] in resource:
                for value in found_at(resource, path):
                    yield parameter.name, value


def _tokens(
    resource: Mapping[str, Any], parameters: Iterable[Parameter]
) -> Iterator[str]:
    for name, value in _values(resource, parameters):
        for system, code in _codes(value):
            if len(code) <= _LONGEST:
                yield f"{name}={code}"
                yield f"{name}={system}|{code}"


def _codes(value: Any) -> Iterator[tuple[str, str]]:
    """(system, code) of a code, Coding, CodeableConcept, Identifier, ContactPoint."""
    if isinstance(value, bool):
        yield "", "true" if value else "false"
    elif isinstance(value, str):
        yield "", value
    elif isinstance(value, Mapping):
        codings = value.get("coding")
        if isinstance(codings, list):
            for coding in codings:
                yield from _codes(coding)
            return
        code = value.get("code", value.get("value"))
        if isinstance(code, str) and not code.startswith(_PLACEHOLDER):
            yield str(value.get("system", "")), code


def _references(
    resource: Mapping[str, Any], parameters: Iterable[Parameter]
) -> Iterator[str]:
    for name, value in _values(resource, parameters):
        target = value.get("reference") if isinstance(value, Mapping) else None
        if isinstance(target, str) and "/" in target and len(target) <= _LONGEST:
            yield f"{name}={target.partition('/_history/')[0]}"


def _strings(
    resource: Mapping[str, Any], parameters: Iterable[Parameter]
) -> Iterator[str]:
    for name, value in _values(resource, parameters):
        for text in _texts(value):
            for beginning in prefixes(text[:_LONGEST]):
                yield f"{name}={beginning}"


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for part in _PERSON_NAMES:
            yield from (found for found in found_at(value, (part,)) if _is_text(found))


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _when(resource: Mapping[str, Any], parameters: tuple[Parameter, ...]) -> Span:
    for _name, value in _values(resource, parameters[:1]):
        span = span_of(value)
        if span != NEVER:
            return span
    return NEVER


def _status(resource: Mapping[str, Any]) -> str:
    for path in _STATUS:
        for value in found_at(resource, path):
            if isinstance(value, str):
                return value[:40]
    return ""


def _distinct(found: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(found))
