"""JSON that keeps what was received: digits, order, nothing twice (decisions 7).

`parse_json` reads numbers with a point or an exponent as `Number`, a Decimal that
remembers its digits; `dump_json` writes them back as they came. A float is refused,
because it has lost them.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from json.encoder import encode_basestring
from typing import Any, Final, NoReturn

from yilian.kernel.errors import Invalid
from yilian.kernel.text import _


class JsonWrong(Invalid):
    code = "json-wrong"


class Number(Decimal):
    """A Decimal that is written as it was received: 1.50, 1e-7, -0."""

    __slots__ = ("received",)
    received: str

    def __new__(cls, received: str) -> "Number":
        number = super().__new__(cls, received)
        number.received = received
        return number

    def __str__(self) -> str:
        return self.received


MAX_DEPTH: Final = 64
MAX_DIGITS: Final = 64
_NEGATIVE_ZERO: Final = "-0"
_WORDS: Final = {None: "null", True: "true", False: "false"}

Out = Callable[[str], object]


def parse_json(text: str) -> Any:
    """Any JSON value; raises `JsonWrong` with the place and the reason."""
    try:
        value = json.loads(
            text,
            parse_float=_number,
            parse_int=_integer,
            parse_constant=_refuse_constant,
            object_pairs_hook=_object,
        )
    except json.JSONDecodeError as error:
        raise JsonWrong(
            _("不是合法的 JSON：第 {line} 行第 {column} 个字符处有误。"),
            line=error.lineno,
            column=error.colno,
        ) from None
    except RecursionError:
        raise _too_deep() from None
    # Few brackets cannot nest deeply, and only escapes bring in bad characters.
    if text.count("{") + text.count("[") > MAX_DEPTH:
        _require_depth([value])
    if "\\u" in text or not _is_encodable(text):
        _require_characters(value)
    return value


def parse_object(text: str) -> dict[str, Any]:
    """A JSON object, as every resource is one."""
    value = parse_json(text)
    if not isinstance(value, dict):
        raise JsonWrong(_("应为一个 JSON 对象（以“{{”开头）。"))
    return value


def dump_json(value: Any) -> str:
    """Compact, in the order given, Chinese as it is."""
    pieces: list[str] = []
    _write(value, pieces.append, by_name=False)
    return "".join(pieces)


def canonical_json(value: Any) -> str:
    """As `dump_json` with sorted names: equal values give equal text."""
    pieces: list[str] = []
    _write(value, pieces.append, by_name=True)
    return "".join(pieces)


def is_unchanged(one: str, other: str) -> bool:
    """Whether two texts of a resource say the same, but for what the server sets.

    The server sets `id`, `meta.versionId` and `meta.lastUpdated`. The order of names
    says nothing; the digits of a number do: 1.50 is not 1.5.
    """
    return _what_was_said(one) == _what_was_said(other)


def without_server_facts(resource: Mapping[str, Any]) -> dict[str, Any]:
    """A copy without what the server sets; without `meta` when nothing is left."""
    said = {name: value for name, value in resource.items() if name != "id"}
    meta = said.get("meta")
    if isinstance(meta, dict):
        said["meta"] = {
            name: value
            for name, value in meta.items()
            if name not in {"versionId", "lastUpdated"}
        }
        if not said["meta"]:
            del said["meta"]
    return said


def _what_was_said(text: str) -> str:
    return canonical_json(without_server_facts(parse_object(text)))


def _number(digits: str) -> Number:
    _require_length(digits)
    return Number(digits)


def _integer(digits: str) -> int | Number:
    _require_length(digits)
    return Number(digits) if digits == _NEGATIVE_ZERO else int(digits)


def _require_length(digits: str) -> None:
    if len(digits) > MAX_DIGITS:
        raise JsonWrong(
            _("JSON 中有过长的数字，最多 {max_digits} 位。"), max_digits=MAX_DIGITS
        )


def _refuse_constant(_name: str) -> NoReturn:
    raise JsonWrong(_("JSON 中不能有 NaN 或 Infinity。"))


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise JsonWrong(_("JSON 的同一对象中有重复的名称。"))
    return found


def _require_depth(value: Any) -> None:
    level = [value]
    for _depth in range(MAX_DEPTH + 1):
        level = [inner for outer in level for inner in _containers(outer)]
        if not level:
            return
    raise _too_deep()


def _containers(value: Any) -> Iterable[Any]:
    inside = value.values() if isinstance(value, dict) else value
    return [inner for inner in inside if isinstance(inner, dict | list)]


def _require_characters(value: Any) -> None:
    if isinstance(value, str):
        if "\x00" in value or not _is_encodable(value):
            raise _not_storable()
    elif isinstance(value, dict):
        for name, inner in value.items():
            _require_characters(name)
            _require_characters(inner)
    elif isinstance(value, list):
        for inner in value:
            _require_characters(inner)


def _is_encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _not_storable() -> JsonWrong:
    return JsonWrong(_("JSON 的文字中有不能保存的字符（NUL 或不成对的代理字符）。"))


def _too_deep() -> JsonWrong:
    return JsonWrong(_("JSON 嵌套过深，最多 {max_depth} 层。"), max_depth=MAX_DEPTH)


def _write(value: Any, out: Out, *, by_name: bool) -> None:
    if isinstance(value, dict):
        _write_object(value, out, by_name=by_name)
    elif isinstance(value, list | tuple):
        _write_list(value, out, by_name=by_name)
    else:
        out(_scalar(value))


def _write_object(value: dict[str, Any], out: Out, *, by_name: bool) -> None:
    names = sorted(value) if by_name else value
    separator = "{"
    for name in names:
        out(separator + encode_basestring(name) + ":")
        _write(value[name], out, by_name=by_name)
        separator = ","
    out("}" if value else "{}")


def _write_list(value: Sequence[Any], out: Out, *, by_name: bool) -> None:
    separator = "["
    for item in value:
        out(separator)
        _write(item, out, by_name=by_name)
        separator = ","
    out("]" if value else "[]")


def _scalar(value: Any) -> str:
    if isinstance(value, str):
        return encode_basestring(value)
    if value is None or isinstance(value, bool):
        return _WORDS[value]
    if isinstance(value, int):
        return int.__str__(value)
    if isinstance(value, Decimal) and value.is_finite():
        return str(value)
    raise TypeError(f"JSON cannot keep a {type(value).__name__}; numbers are Decimal")
