"""A folder in which the workers of one server keep their measures together.

To be called before `prometheus_client` is imported: it decides at import whether
its numbers are one process's own or shared.
"""

import os
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Final

VARIABLE: Final = "PROMETHEUS_MULTIPROC_DIR"


def share_measures(folder: Path) -> None:
    """One folder for each life of the server, named after the workers' parent; those
    of servers that are gone are cleared away."""
    mine = folder / str(os.getppid())
    with suppress(OSError):  # without a folder each worker counts for itself
        mine.mkdir(parents=True, exist_ok=True, mode=0o700)
        for other in folder.iterdir():
            if other.name.isdecimal() and not _lives(int(other.name)):
                shutil.rmtree(other, ignore_errors=True)
        os.environ[VARIABLE] = str(mine)


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
