"""What was measured on."""

import os
import platform
import resource
from importlib.metadata import version
from pathlib import Path


def facts() -> str:
    info = Path("/proc/cpuinfo").read_text("utf-8")
    model = next((x.split(":")[1].strip() for x in info.splitlines()
                  if x.startswith("model name")), platform.processor())  # fmt: skip
    load = ", ".join(f"{x:.1f}" for x in os.getloadavg())
    return (
        f"{os.cpu_count()} cores, {model}; Python {platform.python_version()}, "
        f"numpy {version('numpy')}; load before: {load}"
    )


def most_memory_gib() -> float:
    """The largest this process has been, and the largest of its children."""
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    return max(own, children) / 2**20


def processor_seconds() -> float:
    """Of this process and its ended children."""
    whose = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    used = [resource.getrusage(who) for who in whose]
    return sum(each.ru_utime + each.ru_stime for each in used)
