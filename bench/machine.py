"""What every figure is printed with: the machine, the software, how busy it was."""

import os
import platform
from collections.abc import Iterator
from pathlib import Path


def facts() -> Iterator[str]:
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    cores = f"{os.cpu_count()} cores ({_processor()})"
    yield f"machine            {cores}, {memory:.0f} GiB"
    yield f"system             {platform.system()} {platform.release()}"
    yield f"software           Python {platform.python_version()}"
    yield f"load before        {load}"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    named = (line.partition(":")[2] for line in lines if line.startswith("model name"))
    return next(named, platform.machine()).strip()
