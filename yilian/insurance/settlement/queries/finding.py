"""One row by its own id: keys here begin with the person, addresses do not."""

from typing import TypeVar
from uuid import UUID

from django.db.models import Model, QuerySet

from yilian.kernel.errors import NotFound
from yilian.registry.directory.models import Institution

M = TypeVar("M", bound=Model)


def by_id(visible: QuerySet[M], row_id: UUID) -> M:
    """The row, or 404 in the same words whether it is hidden or absent."""
    row = visible.filter(id=row_id).first()
    if row is None:
        raise NotFound
    return row


def house_name(institution_id: UUID) -> str:
    """Of any house of the register; "" where there is none."""
    names = Institution.objects.filter(pk=institution_id)
    return names.values_list("short_name", flat=True).first() or ""
