"""Finding a diagnosis while somebody types: code, Chinese text, pinyin initials."""

from dataclasses import dataclass
from typing import Final

from django.db.models import Case, QuerySet, Value, When
from django.db.models.functions import Length

from yilian.foundation.access.composed import ComposedValues
from yilian.foundation.terminology.models import Concept
from yilian.foundation.terminology.rules import ICD10, Asked, By, understand

LIMIT: Final = 20


@dataclass(frozen=True, slots=True)
class ConceptLine:
    code: str
    name: str

    @property
    def words(self) -> str:
        """The name under which a picker shows it."""
        return self.name


def search_icd10(text: str, limit: int = LIMIT) -> list[ConceptLine]:
    """The nearest first: what begins with the text, then the shorter names."""
    rows = matching(understand(text))[:limit]
    return [ConceptLine(code, name) for code, name in rows.values_list("code", "name")]


def icd10_name(code: str) -> str | None:
    """Also of a code that is no longer given: old records keep it."""
    known = _NAME.ask(code=code)
    return known[0][0] if known else None


_NAME: Final = ComposedValues(
    lambda code: Concept.objects.filter(system=ICD10, code=code).values_list("name")
)


def matching(asked: Asked) -> QuerySet[Concept]:
    rows = Concept.objects.filter(system=ICD10, retired_on=None)
    if asked.by == By.CODE:
        return rows.filter(code__startswith=asked.text).order_by("code")
    if asked.by == By.INITIALS:
        found = rows.filter(initials__startswith=asked.text)
        return found.order_by(Length("initials"), "code")
    if asked.by == By.BEGINNING:
        found = rows.filter(name__startswith=asked.text)
        return found.order_by(Length("name"), "code")
    if asked.by == By.PAIRS:
        found = rows.filter(bigrams__contains=list(asked.pairs))
        begins = When(name__startswith=asked.text, then=Value(0))
        first = Case(begins, default=Value(1))
        return found.order_by(first, Length("name"), "code")
    return rows.none()
