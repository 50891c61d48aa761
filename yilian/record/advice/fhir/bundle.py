"""The resources of a Bundle, and what their references point to."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from yilian.kernel.errors import Invalid
from yilian.kernel.text import _
from yilian.record.advice.fhir.values import Resource, items, part, text

_LAST_TWO: Final = 2


class NotFhir(Invalid):
    code = "advice-not-fhir"


@dataclass(frozen=True, slots=True)
class Entry:
    ref: str  # Type/id, else the fullUrl, else its place in the Bundle
    resource: Resource
    full_url: str = ""

    @property
    def type(self) -> str:
        return text(self.resource, "resourceType")


@dataclass(frozen=True)
class Bundle:
    entries: tuple[Entry, ...]

    def of(self, *types: str) -> Iterator[Entry]:
        return (entry for entry in self.entries if entry.type in types)

    def find(self, reference: str) -> Entry | None:
        return self._by_name.get(reference) or self._by_name.get(_tail(reference))

    def resolve(self, holder: Resource, key: str) -> str | None:
        """What a reference points to, under the one name used for it here."""
        reference = text(part(holder, key), "reference")
        if not reference:
            return None
        found = self.find(reference)
        return found.ref if found else _tail(reference)

    @cached_property
    def _by_name(self) -> Mapping[str, Entry]:
        by_url = {entry.full_url: entry for entry in self.entries if entry.full_url}
        return by_url | {entry.ref: entry for entry in self.entries}


def open_bundle(source: object) -> Bundle:
    """From a Bundle, a list of resources or of entries, or one resource."""
    rows = list(_rows(source))
    entries: dict[str, Entry] = {}
    for place, (resource, full_url) in enumerate(rows):
        entry = Entry(_name(resource, full_url, place), resource, full_url)
        # Of two versions of one resource the newer counts.
        if entry.ref in entries and _version(entries[entry.ref]) > _version(entry):
            continue
        entries[entry.ref] = entry
    return Bundle(tuple(entries.values()))


def _rows(source: object) -> Iterator[tuple[Resource, str]]:
    if isinstance(source, list):
        yield from ((_resource(item), "") for item in source)
        return
    top = _resource(source)
    if top.get("resourceType") != "Bundle":
        yield top, ""
        return
    listed = top.get("entry", [])
    if not isinstance(listed, list):
        raise NotFhir(_("Bundle 的 entry 不是列表。"))
    for entry in items(top, "entry"):
        is_deletion = text(part(entry, "request"), "method") == "DELETE"
        if "resource" in entry and not is_deletion:
            yield _resource(entry["resource"]), text(entry, "fullUrl")


def _resource(value: Any) -> Resource:
    if not isinstance(value, Mapping) or not text(value, "resourceType"):
        raise NotFhir(_("不是 FHIR 资源：缺少 resourceType。"))
    return value


def _name(resource: Resource, full_url: str, place: int) -> str:
    if identifier := text(resource, "id"):
        return f"{text(resource, 'resourceType')}/{identifier}"
    return full_url or f"Bundle.entry[{place}]"


def _version(entry: Entry) -> tuple[str, int]:
    meta = part(entry.resource, "meta")
    version = text(meta, "versionId")
    return text(meta, "lastUpdated"), int(version) if version.isdigit() else 0


def _tail(reference: str) -> str:
    """`Type/id` of an absolute or versioned reference."""
    plain = reference.split("/_history/")[0]
    if plain.startswith("urn:") or "/" not in plain:
        return plain
    return "/".join(plain.split("/")[-_LAST_TWO:])
