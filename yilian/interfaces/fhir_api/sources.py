"""Files as they are found: bundles of any kind, and single resources."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from yilian.kernel.canonical import JsonWrong, Number, dump_json, parse_object
from yilian.kernel.errors import Invalid
from yilian.kernel.text import Text, _

LARGEST: Final = 200_000_000  # bytes
_KINDS: Final = frozenset(
    {"batch", "transaction", "collection", "searchset", "history", "document"}
)
_WRITES: Final = frozenset({"POST", "PUT"})


class NotFhir(Invalid):
    code = "not-fhir"


@dataclass(frozen=True, slots=True)
class Entry:
    """One resource on its way in. `problem`: why it is refused already."""

    number: int  # from 1
    resource: Mapping[str, Any]
    full_url: str = ""
    method: str = ""
    url: str = ""
    if_none_exist: str = ""
    problem: Text | None = None

    @property
    def type(self) -> str:
        return str(self.resource.get("resourceType", ""))

    @property
    def given_id(self) -> str:
        if self.method == "PUT" and "?" not in self.url:
            return self.url.rpartition("/")[2]
        given = self.resource.get("id")
        return given if isinstance(given, str) else ""


@dataclass(frozen=True, slots=True)
class Source:
    """What one file holds. A transaction is taken whole or not at all."""

    name: str
    entries: Sequence[Entry]
    is_whole: bool = False


def files_in(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*.json") if path.is_file())


def read_source(path: Path, name: str) -> Source:
    """Raises a DomainError in words when nothing of it can be read."""
    if path.stat().st_size > LARGEST:
        raise NotFhir(_("文件太大，没有读取。"))
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise NotFhir(_("文件不是 UTF-8 编码。")) from None
    top, is_spoilt = _object(text)
    if not isinstance(top.get("resourceType"), str):
        raise NotFhir(_("不是 FHIR 资源：缺少 resourceType。"))
    if top["resourceType"] != "Bundle":
        return Source(name, [Entry(1, top)])
    kind = top.get("type")
    if kind not in _KINDS:
        raise NotFhir(_("这种 Bundle 不能载入：{kind}。"), kind=str(kind)[:40])
    return Source(name, list(_entries(top, is_spoilt)), is_whole=kind == "transaction")


def _object(text: str) -> tuple[dict[str, Any], bool]:
    """One spoilt entry must not spoil the file: then each is looked at by itself."""
    try:
        return parse_object(text), False
    except JsonWrong:
        loose = _loose(text)
        if loose.get("resourceType") != "Bundle":
            raise
        return loose, True


def _loose(text: str) -> dict[str, Any]:
    try:
        loose = json.loads(text, parse_float=Number)
    except (ValueError, RecursionError):
        return {}
    return loose if isinstance(loose, dict) else {}


def _entries(bundle: Mapping[str, Any], is_spoilt: bool) -> Iterator[Entry]:
    listed = bundle.get("entry") or []
    if not isinstance(listed, list):
        raise NotFhir(_("Bundle 的 entry 不是列表。"))
    for number, entry in enumerate(listed, start=1):
        made = _entry(number, entry)
        yield _looked_at(made) if is_spoilt else made


def _entry(number: int, entry: Any) -> Entry:
    request = entry.get("request") if isinstance(entry, dict) else None
    asked = request if isinstance(request, dict) else {}
    method = str(asked.get("method") or "")
    if method and method not in _WRITES:
        words = _("只能新增或更新（POST、PUT），不能 {method}。")
        return Entry(number, {}, problem=Text(words, {"method": method[:10]}))
    if not isinstance(entry, dict) or not isinstance(entry.get("resource"), dict):
        return Entry(number, {}, problem=Text(_("这一项没有资源。")))
    return Entry(
        number=number,
        resource=entry["resource"],
        full_url=str(entry.get("fullUrl") or ""),
        method=method,
        url=str(asked.get("url") or ""),
        if_none_exist=str(asked.get("ifNoneExist") or ""),
    )


def _looked_at(entry: Entry) -> Entry:
    try:
        parse_object(dump_json(entry.resource))
    except JsonWrong as error:
        return Entry(entry.number, {}, problem=error.text)
    except TypeError:  # NaN and its like
        return Entry(entry.number, {}, problem=Text(_("有不能保存的数字。")))
    return entry
