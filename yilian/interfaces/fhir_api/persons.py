"""Whose a resource is: found by its references to a patient, or nobody's at all."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final
from uuid import UUID

from yilian.interfaces.fhir_api.facts import facts
from yilian.kernel.errors import Invalid
from yilian.kernel.ids import NIL
from yilian.kernel.text import _
from yilian.record.rules.asking import OF_NOBODY
from yilian.record.rules.indexing import found_at


class NobodyNamed(Invalid):
    code = "load-nobody-named"


# Where a resource names its person, in this order.
_PLACES: Final = (
    ("subject",), ("patient",), ("for",), ("beneficiary",), ("individual",),
    ("participant", "actor"), ("link", "target"), ("target",), ("actor",),
    ("entity", "what"), ("focus",), ("context", "related"), ("request",),
    ("member", "entity"), ("instantiatesReference",),
)  # fmt: skip
# Beside what anyone may list: definitions and catalogues.
MAY_BE_NOBODYS: Final = OF_NOBODY | frozenset(facts()["nobody"]["definitions"])
_PATIENT: Final = "Patient/"


def person_of(
    resource: Mapping[str, Any], person_behind: Callable[[str], UUID | None]
) -> UUID:
    """References are resolved already; raises when a person is missing.

    `person_behind` tells whose another resource is: a Provenance belongs to the
    person of what it vouches for.
    """
    for reference in _named(resource):
        if reference.startswith(_PATIENT):
            return UUID(reference.removeprefix(_PATIENT))
        person_id = person_behind(reference)
        if person_id not in (None, NIL):
            return person_id
    if resource["resourceType"] in MAY_BE_NOBODYS:
        return NIL
    raise NobodyNamed(_("没有写明是哪位患者的，不能存入档案。"))


def _named(resource: Mapping[str, Any]) -> Iterator[str]:
    for place in _PLACES:
        for value in found_at(resource, place):
            reference = value.get("reference") if isinstance(value, Mapping) else None
            if isinstance(reference, str):
                yield reference
