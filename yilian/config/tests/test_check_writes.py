"""The write checker: what it must see, and what it must let pass."""

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[3] / "scripts" / "check_writes.py"


def _complaints(root: Path, file: str, source: str) -> int:
    path = root / "yilian" / file
    path.parent.mkdir(parents=True)
    path.write_text(source, encoding="utf-8")
    ran = subprocess.run(  # noqa: S603
        [sys.executable, SCRIPT, root], capture_output=True, text=True, check=False
    )
    assert ran.stderr == ""
    return len(ran.stdout.splitlines())


@pytest.mark.parametrize(
    "source",
    [
        "row.save()",
        "await row.asave()",
        "Referral.objects.create(state='x')",
        "rows.filter(a=1).update(state='x')",
        "await rows.aupdate(state='x')",
        "cursor.execute('UPDATE t SET a = 1')",
        "cursor.execute('WITH a AS (DELETE FROM t RETURNING *) SELECT * FROM a')",
        "cursor.execute(statement)",
        "cursor.executemany('INSERT INTO t VALUES (%s)', rows)",
        "cursor.copy('COPY t FROM STDIN')",
    ],
)
def test_a_write_outside_services_is_seen(tmp_path: Path, source: str) -> None:
    assert _complaints(tmp_path, "care/referral/views.py", source) == 1


@pytest.mark.parametrize(
    "source",
    [
        "facts.update(other)",
        "digest.update(b'')",
        "d = facts.copy()",
        "shutil.copy(a, b)",
        "cursor.execute('SELECT 1')",
        "QUERY = 'SELECT a FROM t FOR UPDATE'\ncursor.execute(QUERY, [1])",
        "QUERY: Final = 'SELECT updated_at FROM t'\ncursor.execute(QUERY)",
        "row.save()  # writes: the session's own row",
        "schema_editor.execute(statement)",
    ],
)
def test_a_read_is_let_pass(tmp_path: Path, source: str) -> None:
    assert _complaints(tmp_path, "care/referral/queries.py", source) == 0


@pytest.mark.parametrize(
    "file",
    [
        "care/referral/services.py",
        "care/referral/services/steps.py",
        "demo/build.py",
        "care/referral/tests/test_services.py",
        "care/referral/migrations/0001_initial.py",
    ],
)
def test_where_writing_belongs_it_is_let_pass(tmp_path: Path, file: str) -> None:
    assert _complaints(tmp_path, file, "row.save()") == 0
