"""What a resource from outside must be: fhirkit's word, and what it does not look at.

fhirkit knows every element and type; it misses required code bindings, days that
are in no calendar, bad ids, wrong reference targets, contained resources and script
in narratives. Each finding is a marked text; a resource with one is refused.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

import fhirkit

from yilian.interfaces.fhir_api.facts import facts, sets
from yilian.kernel.text import Text, _
from yilian.record.rules.moments import is_possible
from yilian.record.rules.text import written

Resource = Mapping[str, Any]

_TYPES: Final = frozenset(fhirkit.RESOURCE_TYPES)
_ID: Final = re.compile(r"[A-Za-z0-9.\-]{1,64}")
_MOST_SHOWN: Final = 3
_DATE_NAMES: Final = frozenset(
    {
        "start", "end", "date", "issued", "authoredOn", "recorded", "created", "sent",
        "received", "lastModified", "started", "authored", "effectiveInstant",
        "availabilityTime", "time",
    }
)  # fmt: skip
_LOOKS_DATED: Final = re.compile(r"\d{4}-\d\d(-\d\d(T.*)?)?")
_BEFORE_DIV: Final = re.compile(
    r"<\s*(script|iframe|object|embed|form|link|meta|base|style|svg)\b"
    r"|\son[a-z]+\s*=|javascript\s*:|data\s*:\s*text/html",
    re.IGNORECASE,
)
_FACTS: Final = facts()
_GENDER: Final = frozenset(_FACTS["gender"])
_CLINICAL: Final = frozenset(_FACTS["clinical_status"])
_STATUS: Final = sets(_FACTS["status"])
_SUBJECTS: Final = sets(_FACTS["subject"])
_TARGETS: Final = sets(_FACTS["target"])
_GENDERED: Final = frozenset({"Patient", "Practitioner", "RelatedPerson"})
# Here these names mean something wider.
_WIDER: Final = frozenset(
    {("Provenance", "patient"), ("DocumentReference", "encounter")}
)


def problems_of(resource: Resource) -> list[Text]:
    """Why it cannot be taken; empty when it can."""
    if resource.get("resourceType") not in _TYPES:
        return [Text(_("不认识的资源类型。"))]
    found = [problem for check in CHECKS for problem in check(resource)]
    return (_of_fhirkit(resource) + found)[:_MOST_SHOWN]


def _of_fhirkit(resource: Resource) -> list[Text]:
    try:
        issues = fhirkit.validate(written(resource))
    except fhirkit.ParseError:
        return [Text(_("不是合法的 FHIR 资源。"))]
    return [
        Text(_("{path}：不合 FHIR R4 的规定。"), {"path": issue.path})
        for issue in issues
        if issue.severity == "error"
    ]


def _id(resource: Resource) -> Iterator[Text]:
    given = resource.get("id")
    if given is not None and not (isinstance(given, str) and _ID.fullmatch(given)):
        yield Text(_("资源编号不合格式：只能有字母、数字、“-”和“.”，最多 64 个。"))


def _status(resource: Resource) -> Iterator[Text]:
    known = _STATUS.get(resource["resourceType"])
    if known is not None and resource.get("status") not in known:
        yield Text(_("status 的值不在 FHIR R4 规定之内。"))
    is_gendered = resource["resourceType"] in _GENDERED
    if is_gendered and resource.get("gender", "unknown") not in _GENDER:
        yield Text(_("gender 的值不在 FHIR R4 规定之内。"))
    if resource["resourceType"] == "Condition":
        yield from _clinical_status(resource)


def _clinical_status(resource: Resource) -> Iterator[Text]:
    concept = resource.get("clinicalStatus")
    codings = concept.get("coding") if isinstance(concept, Mapping) else None
    codes = {c.get("code") for c in codings or () if isinstance(c, Mapping)}
    if codes and not codes & _CLINICAL:
        yield Text(_("clinicalStatus 的值不在 FHIR R4 规定之内。"))


def _dates(resource: Resource) -> Iterator[Text]:
    for path, name, value in _strings(resource, ""):
        is_dated = name in _DATE_NAMES or name.endswith(("Date", "DateTime"))
        if is_dated and _LOOKS_DATED.match(value) and not is_possible(value):
            yield Text(_("{path}：日历上没有这一天或这一刻。"), {"path": path})


def _targets(resource: Resource) -> Iterator[Text]:
    type_name = resource["resourceType"]
    for name, allowed in {
        **_TARGETS,
        **({"subject": _SUBJECTS[type_name]} if type_name in _SUBJECTS else {}),
    }.items():
        target = _target_of(resource.get(name))
        if (type_name, name) in _WIDER or target is None:
            continue
        if target not in allowed:
            yield Text(
                _("{path} 不能引用 {target}。"), {"path": name, "target": target[:40]}
            )


def _target_of(value: Any) -> str | None:
    """The type that a literal reference names; None for every other form."""
    reference = value.get("reference") if isinstance(value, Mapping) else None
    if not isinstance(reference, str) or reference.startswith(("urn:", "#")):
        return None
    plain = reference.partition("?")[0].partition("/_history/")[0]
    parts = plain.split("/")
    name = parts[0] if "?" in reference else parts[-2] if len(parts) > 1 else ""
    return name if name in _TYPES else None


def _contained(resource: Resource) -> Iterator[Text]:
    inner = resource.get("contained", [])
    if not isinstance(inner, list):
        yield Text(_("contained 不是列表。"))
        return
    for one in inner:
        if not isinstance(one, Mapping) or one.get("resourceType") not in _TYPES:
            yield Text(_("包含的资源没有类型。"))
        elif not isinstance(one.get("id"), str):
            yield Text(_("包含的资源没有编号。"))
        elif "contained" in one or "versionId" in (one.get("meta") or {}):
            yield Text(_("包含的资源里不能再有包含，也不能有版本。"))


def _narrative(resource: Resource) -> Iterator[Text]:
    for path, name, value in _strings(resource, ""):
        if name == "div" and _BEFORE_DIV.search(value):
            yield Text(_("{path}：叙述中有脚本或会执行的内容。"), {"path": path})


def _strings(value: Any, path: str, name: str = "") -> Iterator[tuple[str, str, str]]:
    if isinstance(value, str):
        yield path, name, value
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            if isinstance(inner, str | Mapping | list):
                yield from _strings(inner, f"{path}.{key}" if path else key, key)
    elif isinstance(value, list):
        for at, inner in enumerate(value):
            yield from _strings(inner, f"{path}[{at}]", name)


CHECKS: Final[tuple[Callable[[Resource], Iterator[Text]], ...]] = (
    _id,
    _status,
    _dates,
    _targets,
    _contained,
    _narrative,
)
