"""The text of a resource as it is kept (decisions 7).

What was received, with `id` and `meta` in front. The version and the moment are
known only where it is written, so the text comes in two parts with a gap between.
"""

import hashlib
import re
import secrets
from collections.abc import Callable, Mapping
from decimal import Decimal
from json import JSONEncoder
from typing import Any, Final, NamedTuple

from yilian.kernel.canonical import without_server_facts
from yilian.kernel.errors import Invalid
from yilian.kernel.text import _

# The C encoder knows no Decimal. One is handed over between two marks and unwrapped
# in the text; no text that was received holds NUL (`parse_json` refuses it), let
# alone this process's own mark.
_MARK: Final = f"\0{secrets.token_hex(4)}"
_NUL: Final = "\\u0000"
# Behind an even number of backslashes; else they stand for themselves.
_WRITTEN_NUL: Final = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")
_WRITTEN_MARK: Final = _MARK.replace("\0", _NUL)
_SERVER_SETS: Final = frozenset({"versionId", "lastUpdated"})
_FIRST: Final = frozenset({"resourceType", "id", "meta"})
_DIGEST_SIZE: Final = 16
_TYPE: Final = re.compile(r"[A-Z][A-Za-z]{1,39}")
_ID: Final = re.compile(r"[A-Za-z0-9.\-]{1,64}")


class Kept(NamedTuple):
    """`before` + `"versionId":…,"lastUpdated":…` + `after` is the text.

    `said` is equal for two resources that say the same, however ordered.
    """

    before: str
    after: str
    said: bytes


def keep(resource: Mapping[str, Any]) -> Kept:
    """In the order received; digits of a Decimal as they came.

    Type and id are names of FHIR's alphabet, which nothing in JSON escapes.
    """
    _require_names(resource)
    meta = resource.get("meta") or {}
    own = {name: value for name, value in meta.items() if name not in _SERVER_SETS}
    type_name, resource_id = resource["resourceType"], resource["id"]
    rest = {name: value for name, value in resource.items() if name not in _FIRST}
    after_meta = written(own)[1:] if own else "}"  # its closing brace included
    comma = "," if own else ""
    tail = written(rest)[1:]
    joint = "," if rest else ""
    return Kept(
        before=f'{{"resourceType":"{type_name}","id":"{resource_id}","meta":{{',
        after=comma + after_meta + joint + tail,
        said=_digest(resource),
    )


def _require_names(resource: Mapping[str, Any]) -> None:
    names = resource["resourceType"], resource["id"]
    if not (_TYPE.fullmatch(names[0]) and _ID.fullmatch(names[1])):
        raise Invalid(_("资源类型或编号不合 FHIR 的格式。"))


def _digest(resource: Mapping[str, Any]) -> bytes:
    said = written(without_server_facts(resource), _by_name)
    return hashlib.blake2b(said.encode(), digest_size=_DIGEST_SIZE).digest()


def _wrapped(value: Any) -> str:
    if isinstance(value, Decimal) and value.is_finite():
        return f"{_MARK}{value}{_MARK}"
    raise TypeError(f"JSON cannot keep a {type(value).__name__}")


_as_received: Final = JSONEncoder(
    ensure_ascii=False, separators=(",", ":"), default=_wrapped, check_circular=False
).encode
_by_name: Final = JSONEncoder(
    ensure_ascii=False,
    separators=(",", ":"),
    default=_wrapped,
    check_circular=False,
    sort_keys=True,
).encode


def written(value: Any, encode: Callable[[Any], str] = _as_received) -> str:
    """As `kernel.canonical.dump_json`, ten times as fast."""
    text = encode(value)
    if _NUL in text:
        text = text.replace(f'"{_WRITTEN_MARK}', "").replace(f'{_WRITTEN_MARK}"', "")
        if _WRITTEN_NUL.search(text):
            raise Invalid(_("内容中有不能保存的字符（NUL）。"))
    return text
