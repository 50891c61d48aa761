"""Which parameters hold on a day. What was released is read once and kept: a row of
it never changes; which row wins is asked of the database each time."""

from collections.abc import Iterable
from datetime import date
from functools import lru_cache
from uuid import UUID

from yilian.foundation.vault.services import digest
from yilian.insurance.policy.models import ParameterSetVersion
from yilian.insurance.policy.rules import releases
from yilian.insurance.policy.rules.files import read_set
from yilian.insurance.policy.rules.releases import Head, NoParametersInForce, Span
from yilian.insurance.policy.rules.sets import ParameterSet
from yilian.kernel.areas import NINGXIA
from yilian.kernel.canonical import canonical_json
from yilian.kernel.errors import Conflict, NotFound
from yilian.kernel.text import _


class ParametersTampered(Conflict):
    """A released document is no longer the one that was released."""

    code = "parameters-tampered"


def released(day: date, area: str = NINGXIA) -> ParameterSet:
    """The set in force on a day; raises `NoParametersInForce` where there is none."""
    return released_version(day, area)[1]


def released_version(day: date, area: str = NINGXIA) -> tuple[UUID, ParameterSet]:
    """With the id of the release, for a bill to point at."""
    head = releases.winner(heads(area), day, area)
    return head.id, version(head.id)


def released_line(area: str = NINGXIA) -> ParameterSet:
    """Every day with what was in force then, as one set: for a year of bills that
    releases cut through. Rows name the set and version they come from."""
    found = releases.spans(heads(area), area)
    if not found:
        raise NoParametersInForce(date.min, area)
    return _line(area, tuple((span, head.id) for span, head in found))


def version(version_id: UUID) -> ParameterSet:
    """A released set by its id; raises `NotFound`."""
    return _read(version_id)


def version_named(set_id: str, number: str) -> ParameterSet:
    """By the names that a settlement's trace carries."""
    rows = ParameterSetVersion.objects.filter(set_id=set_id, version=number)
    found = rows.values_list("pk", flat=True).first()
    if found is None:
        raise NotFound
    return _read(found)


def heads(area: str = NINGXIA) -> list[Head]:
    """Releases of the area and of those around it, a few dozen at most."""
    around = [area[:length] for length in range(len(NINGXIA), len(area) + 1)]
    rows = ParameterSetVersion.objects.filter(area_code__in=around).order_by("number")
    return [
        Head(*facts)
        for facts in rows.values_list("pk", "number", "area_code", "effective_from")
    ]


def spans_with_sets(
    found: Iterable[Head], area: str
) -> list[tuple[Span, ParameterSet]]:
    return [
        (span, version(head.id)) for span, head in releases.spans(list(found), area)
    ]


def digest_of(document: object) -> str:
    """SM3 over the canonical JSON."""
    return digest(canonical_json(document).encode()).hex()


@lru_cache(maxsize=64)
def _read(version_id: UUID) -> ParameterSet:
    rows = ParameterSetVersion.objects.filter(pk=version_id)
    row = rows.values_list("document", "digest").first()
    if row is None:
        raise NotFound
    document, kept = row
    if digest_of(document) != kept:
        raise ParametersTampered(
            _(
                "参数集 {set} 的内容与发布时不一致，已停止使用。"
                "请立即报告系统管理员和审计管理员。"
            ),
            set=document.get("id", "?"),
        )
    return read_set(document)


@lru_cache(maxsize=16)
def _line(area: str, parts: tuple[tuple[Span, UUID], ...]) -> ParameterSet:
    sets = [(span, version(version_id)) for span, version_id in parts]
    newest = sets[-1][1]
    return releases.spliced(
        sets, set_id=f"{area}@{newest.id}", version=f"{newest.version}/{len(parts)}"
    )
