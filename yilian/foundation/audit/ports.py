"""Names of institutions, which stand in the registry above."""

from collections.abc import Callable, Iterable, Mapping
from typing import Protocol
from uuid import UUID

from django.conf import settings
from django.utils.module_loading import import_string


class Named(Protocol):
    @property
    def name(self) -> str: ...


def institution_names(ids: Iterable[UUID | None]) -> dict[UUID, str]:
    """One question for all; ids that nobody knows are left out."""
    lines: Callable[[set[UUID]], Mapping[UUID, Named]] = import_string(
        settings.YILIAN_INSTITUTIONS
    )
    wanted = {one for one in ids if one}
    found = lines(wanted) if wanted else {}
    return {one: line.name for one, line in found.items()}
