"""Migration operations that make the database the referee.

`AppendOnly` takes UPDATE and DELETE of a table away from the role that serves
pages (decisions 10). The role's name is a setting, because an ordinary
PostgreSQL may carry several installations.
"""

from typing import Any

from django.conf import settings
from django.db import migrations


class _Rights(migrations.RunPython):
    """Asks for no model: Django need not make the classes of all of them anew."""

    def database_forwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        self.code(None, schema_editor)  # type: ignore[arg-type]


class AppendOnly(_Rights):
    """Rows of these tables are only ever inserted by the application role."""

    def __init__(self, *tables: str) -> None:
        self.tables = tables
        super().__init__(self._revoke, self._grant)

    def deconstruct(self) -> Any:
        return (self.__class__.__qualname__, list(self.tables), {})

    def _revoke(self, apps: Any, schema_editor: Any) -> None:
        self._run(schema_editor, "REVOKE UPDATE, DELETE ON {} FROM {}")

    def _grant(self, apps: Any, schema_editor: Any) -> None:
        self._run(schema_editor, "GRANT UPDATE, DELETE ON {} TO {}")

    def _run(self, schema_editor: Any, statement: str) -> None:
        quote = schema_editor.quote_name
        for table in self.tables:
            schema_editor.execute(
                statement.format(quote(table), quote(settings.YILIAN_APP_ROLE))
            )


class UpdateOnly(_Rights):
    """The application role may change these columns of a table, and no others."""

    def __init__(self, table: str, *columns: str) -> None:
        self.table, self.columns = table, columns
        super().__init__(self._narrow, self._widen)

    def deconstruct(self) -> Any:
        return (self.__class__.__qualname__, [self.table, *self.columns], {})

    def _narrow(self, apps: Any, schema_editor: Any) -> None:
        quote = schema_editor.quote_name
        role, table = quote(settings.YILIAN_APP_ROLE), quote(self.table)
        columns = ", ".join(quote(column) for column in self.columns)
        schema_editor.execute(f"REVOKE UPDATE, DELETE ON {table} FROM {role}")
        schema_editor.execute(f"GRANT UPDATE ({columns}) ON {table} TO {role}")

    def _widen(self, apps: Any, schema_editor: Any) -> None:
        quote = schema_editor.quote_name
        role, table = quote(settings.YILIAN_APP_ROLE), quote(self.table)
        schema_editor.execute(f"GRANT UPDATE, DELETE ON {table} TO {role}")
