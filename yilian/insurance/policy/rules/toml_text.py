"""A set as the text of a TOML file that `files.parse_set` reads back, row by row."""

import re
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, Final

from yilian.insurance.policy.rules.documents import as_document
from yilian.insurance.policy.rules.keys import KEYS
from yilian.insurance.policy.rules.sets import ParameterSet

_DAYS: Final = ("starts_on", "effective_from", "effective_to")
_BARE: Final = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)
_ESCAPED: Final = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}


def as_toml(parameters: ParameterSet) -> str:
    return "\n".join(_lines(as_document(parameters))) + "\n"


def _lines(document: Mapping[str, Any]) -> Iterator[str]:
    for name, value in document.items():
        if name not in KEYS:
            yield f"{name} = {_said(name, value)}"
    for name, rows in document.items():
        if name in KEYS:
            for row in rows:
                yield ""
                yield f"# {KEYS[name].title}"
                yield f"[[{_text(name)}]]"
                yield from (f"{part} = {_said(part, row[part])}" for part in row)


def _said(name: str, value: Any) -> str:
    if name in _DAYS:
        return date.fromisoformat(value).isoformat()
    return _value(value)


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, list):
        return f"[{', '.join(map(_value, value))}]"
    if isinstance(value, Mapping):
        inside = ", ".join(f"{_name(k)} = {_value(v)}" for k, v in value.items())
        return f"{{ {inside} }}" if inside else "{}"
    return _text(str(value))


def _name(name: str) -> str:
    return name if _BARE.fullmatch(name) else _text(name)


def _text(text: str) -> str:
    return f'"{"".join(map(_sign, text))}"'


def _sign(character: str) -> str:
    if character in _ESCAPED:
        return _ESCAPED[character]
    is_control = ord(character) < ord(" ") or ord(character) == 0x7F  # noqa: PLR2004
    return f"\\u{ord(character):04x}" if is_control else character
