"""The two questions before every act: may I see it, may I do it."""

from typing import TypeVar
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db.models import Model, QuerySet

from yilian.kernel.errors import NotFound, NotPermitted

M = TypeVar("M", bound=Model)


def find(visible: QuerySet[M], row_id: UUID | str) -> M:
    """The row, or 404 in the same words whether it is hidden or absent."""
    try:
        row = visible.filter(pk=row_id).first()
    except (ValidationError, ValueError):
        row = None
    if row is None:
        raise NotFound
    return row


def require(allowed: bool, why_not: str) -> None:
    """403 in words (`why_not` is a marked text that says who may)."""
    if not allowed:
        raise NotPermitted(why_not)
