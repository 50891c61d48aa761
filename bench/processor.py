"""Processor time by kind of process: on a machine that others use as well, the one
figure that does not depend on them."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

TICKS: Final = os.sysconf("SC_CLK_TCK")
_MARK: Final = b"YILIAN_SUPERVISED="
KINDS: Final = {
    "pages": b"config.wsgi",
    "live": b"interfaces.live",
    "worker": b"worker",
    "deliverer": b"deliver",
}


def spent(data: Path, cluster: Path) -> Mapping[str, float]:
    """Milliseconds so far of each kind; processes that ended count in their parent."""
    sums = dict.fromkeys([*KINDS, "postgres"], 0.0)
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            kind = _kind(entry, data, cluster)
            if kind:
                sums[kind] += _milliseconds(entry, kind)
    return sums


def _kind(entry: Path, data: Path, cluster: Path) -> str | None:
    try:
        if (entry / "comm").read_text().strip() == "postgres":
            return "postgres" if (entry / "cwd").samefile(cluster) else None
        if _MARK + os.fsencode(data) not in (entry / "environ").read_bytes().split(
            b"\0"
        ):
            return None
        command = (entry / "cmdline").read_bytes()
    except OSError:  # gone, or somebody else's
        return None
    return next((kind for kind, sign in KINDS.items() if sign in command), None)


def _milliseconds(entry: Path, kind: str) -> float:
    try:
        fields = (entry / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    own = fields[11:13]
    ended = fields[13:15] if kind == "postgres" else []
    return sum(map(int, [*own, *ended])) * 1000 / TICKS
