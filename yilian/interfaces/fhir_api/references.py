"""What references of a file point to: inside it, in the other files, or in the record.

`urn:uuid:…` and full addresses become `Type/id`; `Practitioner?identifier=…` becomes
the one that has this identifier; `Patient/x` becomes the person.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final
from urllib.parse import parse_qs
from uuid import UUID, uuid5

from yilian.foundation.access.actor import Actor
from yilian.interfaces.fhir_api.sources import Entry
from yilian.kernel.errors import Invalid
from yilian.kernel.text import _
from yilian.record.queries import reading
from yilian.record.rules.text import written

_SPACE: Final = UUID("5b0f4d1e-6a1c-5f0e-9c58-6f1d0c1b2a77")
_BATCH: Final = 200
_URN: Final = "urn:uuid:"


class ReferenceWrong(Invalid):
    code = "load-reference-wrong"


def kept_id(entry: Entry, code: str) -> str:
    """The id a resource has in the record; the same on every run.

    Ids given by a server (PUT, collections, single files) stay. For a POST a UUID
    that came along stays; any other one is made from what came.
    """
    if entry.method != "POST" and entry.given_id:
        return entry.given_id
    for candidate in (entry.resource.get("id"), entry.full_url.removeprefix(_URN)):
        if _is_uuid(candidate):
            return str(candidate).lower()
    seed = entry.given_id or entry.full_url or written(entry.resource)
    return str(uuid5(_SPACE, f"{code}|{entry.type}|{seed}"))


def identifiers(resource: Mapping[str, Any]) -> Iterator[str]:
    """`system|value` of each."""
    listed = resource.get("identifier")
    for one in listed if isinstance(listed, list) else [listed]:
        if isinstance(one, Mapping) and isinstance(one.get("value"), str):
            yield f"{one.get('system') or ''}|{one['value']}"


class Directory:
    """Who has which identifier: in the files of this run and in the record."""

    def __init__(self, actor: Actor) -> None:
        self.actor = actor
        self.in_files: dict[tuple[str, str], set[str]] = {}
        self.in_record: dict[tuple[str, str], set[str]] = {}

    def note(self, entry: Entry, resource_id: str) -> None:
        for token in identifiers(entry.resource):
            self.in_files.setdefault((entry.type, token), set()).add(resource_id)

    def forget(self) -> None:
        """After a rollback: what was created in between is not there."""
        self.in_record.clear()

    def prepare(self, wanted: set[tuple[str, str]]) -> None:
        """Look many up at once; what was looked up stays known for the run."""
        new = sorted(wanted - self.in_record.keys())
        for type_name in {name for name, _token in new}:
            tokens = [token for name, token in new if name == type_name]
            for start in range(0, len(tokens), _BATCH):
                part = tokens[start : start + _BATCH]
                found = reading.with_identifiers(self.actor, type_name, part)
                for token in part:
                    self.in_record[type_name, token] = set(found.get(token, ()))

    def of_record(self, type_name: str, token: str) -> set[str]:
        self.prepare({(type_name, token)})
        return self.in_record[type_name, token]

    def find(self, type_name: str, token: str) -> str:
        """The record first: what stands there was created under its own id."""
        found = self.of_record(type_name, token) or self.in_files.get(
            (type_name, token), set()
        )
        if len(found) != 1:
            words = (
                _("引用的 {type} 找到不止一个。")
                if found
                else _("引用的 {type} 不在文件中，也不在系统中。")
            )
            raise ReferenceWrong(words, type=type_name[:40])
        return next(iter(found))


def condition_of(reference: str) -> tuple[str, str] | None:
    """(type, `system|value`) of a conditional reference; None for any other."""
    type_name, mark, query = reference.partition("?")
    if not mark:
        return None
    asked = parse_qs(query.replace("+", "%2B"))
    if set(asked) != {"identifier"} or len(asked["identifier"]) != 1:
        raise ReferenceWrong(_("条件引用只支持按 identifier 查找。"))
    token = asked["identifier"][0]
    return type_name, token if "|" in token else f"|{token}"


def rewritten(value: Any, resolve: Callable[[str], str]) -> Any:
    """A copy in which every literal reference has been resolved."""
    if isinstance(value, dict):
        return {
            name: resolve(inner)
            if name == "reference" and isinstance(inner, str)
            else rewritten(inner, resolve)
            for name, inner in value.items()
        }
    if isinstance(value, list):
        return [rewritten(inner, resolve) for inner in value]
    return value


def references_in(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for name, inner in value.items():
            if name == "reference" and isinstance(inner, str):
                yield inner
            else:
                yield from references_in(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from references_in(inner)


def _is_uuid(value: Any) -> bool:
    try:
        UUID(str(value))
    except ValueError:
        return False
    return "-" in str(value)
