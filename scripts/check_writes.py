"""Fail when a file other than services.py writes to the database.

One place that writes is one place that checks permission, locks, audits and
publishes. `services.py`, `services/`, `demo/` and `config/runtime/` (which makes
the database itself) may write. Mark a deliberate exception with
`# writes: <why>` on a line of the call.

A name alone cannot tell a queryset from a dict. So `update` counts when it is
given only keywords, `copy` when it is given a statement, and `execute` unless its
statement can be read here and only reads.
"""

import ast
import re
import sys
from collections.abc import Mapping
from pathlib import Path

ALWAYS = {"save", "delete", "create", "bulk_create", "bulk_update", "get_or_create",
          "update_or_create", "executemany"}  # fmt: skip
JUDGED = {"update", "execute", "copy"}
WRITES = {name for base in ALWAYS | JUDGED for name in (base, f"a{base}")}
MAY_WRITE = re.compile(r"/services(\.py$|/)|^yilian/(demo|config/runtime)/")
NOT_OURS = {"tests", "migrations", "conftest.py"}
CHANGES = re.compile(
    r"\b(insert|update|delete|merge|truncate|copy|alter|create|drop)\b"
)
FOR_UPDATE = re.compile(r"\bfor (no key )?update\b")
READS = ("select", "with", "explain", "show", "values", "declare", "fetch")


def violations(path: Path, name: str) -> list[str]:
    source = path.read_text(encoding="utf-8")
    lines = source.splitlines()
    tree = ast.parse(source)
    texts = _constants(tree)
    return [
        f"{name}:{call.lineno}: .{call.func.attr}() outside services"
        for call in ast.walk(tree)
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and call.func.attr in WRITES
        and _may_write(call, call.func.attr, texts)
        and not _marked(lines[call.lineno - 1 : call.end_lineno])
    ]


def _may_write(call: ast.Call, name: str, texts: Mapping[str, str]) -> bool:
    match name.removeprefix("a") if name.removeprefix("a") in JUDGED else name:
        case "update":
            return bool(call.keywords) and not call.args
        case "copy":
            return len(call.args) == 1 and not _is_shutil(call)
        case "execute":
            return not (_by_migration(call) or _only_reads(_text(call, texts)))
        case _:
            return True


def _by_migration(call: ast.Call) -> bool:
    owner = call.func.value if isinstance(call.func, ast.Attribute) else None
    return isinstance(owner, ast.Name) and owner.id == "schema_editor"


def _is_shutil(call: ast.Call) -> bool:
    owner = call.func.value if isinstance(call.func, ast.Attribute) else None
    return isinstance(owner, ast.Name) and owner.id in {"shutil", "copy"}


def _text(call: ast.Call, texts: Mapping[str, str]) -> str:
    match call.args[0] if call.args else None:
        case ast.Constant(value=str(text)):
            return text
        case ast.Name(id=name):
            return texts.get(name, "")
        case _:
            return ""


def _only_reads(statement: str) -> bool:
    plain = FOR_UPDATE.sub("", statement.strip().lower())
    return plain.startswith(READS) and not CHANGES.search(plain)


def _constants(tree: ast.Module) -> dict[str, str]:
    """Texts that the file gives a name to at its top."""
    found = {}
    for node in tree.body:
        match node:
            case (
                ast.Assign(
                    targets=[ast.Name(id=name)], value=ast.Constant(value=str(text))
                )
                | ast.AnnAssign(
                    target=ast.Name(id=name), value=ast.Constant(value=str(text))
                )
            ):
                found[name] = text
    return found


def _marked(lines: list[str]) -> bool:
    return any("# writes:" in line for line in lines)


def main(root: Path) -> int:
    files = {str(path.relative_to(root)): path for path in root.glob("yilian/**/*.py")}
    found = [
        line
        for name, path in sorted(files.items())
        if not MAY_WRITE.search(name) and not NOT_OURS & {*path.parts}
        for line in violations(path, name)
    ]
    sys.stdout.write("".join(f"{line}\n" for line in found))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1] if len(sys.argv) > 1 else ".")))
