"""New rows that nearly every act of settlement writes, by statements composed once."""

from collections.abc import Iterable

from django.db import connection
from django.db.models import Model

from yilian.foundation.access.composed import Insertion


def write(insertion: Insertion, rows: Iterable[Model]) -> None:
    """In their order; what they rest on stands before them."""
    with connection.cursor() as cursor:
        for row in rows:
            cursor.execute(*insertion.of(row))
            row._state.adding = False
