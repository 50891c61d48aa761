"""Marking texts for translation where Django must not be known.

`_` marks and returns the Chinese source unchanged; whoever shows it to a person
translates it (`DomainError` in the middleware, tables of names in templates).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field


def _(chinese: str) -> str:
    return chinese


@dataclass(frozen=True)
class Text:
    """A marked template with its values; nested texts translate on their own."""

    template: str
    values: Mapping[str, object] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.template.format(**self.values)
