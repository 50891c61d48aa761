"""What a database is for, and the way to a demo region in it.

A database is for work or for a demo, never for both: real people and invented
ones must not meet, and a half-built demo may be thrown away.
"""

import os
import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from typing import Final

from yilian.config.runtime import facts, migration
from yilian.config.runtime.environment import Place, recreate
from yilian.config.runtime.trouble import CannotStart
from yilian.config.runtime.waiting import Progress

CLI: Final = (sys.executable, "-m", "yilian.config.cli")
_PERCENT: Final = re.compile(r"(\d{1,3}) ?%")


def settle_purpose(place: Place, *, demo: bool) -> bool:
    """Whether this is a demo; the first start decides it for good."""
    purpose = facts.get(place.urls.owner, facts.PURPOSE)
    if purpose == facts.WORK and demo:
        raise CannotStart(
            "这个数据库已用于正式工作，不能再建演示区域。"
            "请用 YILIAN_DATA 指定另一个文件夹。",
            "This database is used for real work; no demo is built into it. Name "
            "another folder in YILIAN_DATA.",
        )
    if purpose is None and not demo:
        facts.put(place.urls.owner, facts.PURPOSE, facts.WORK)
    if purpose == facts.DEMO_BEGUN:
        _start_over(place)
    return demo or purpose in {facts.DEMO, facts.DEMO_BEGUN}


def is_built(place: Place) -> bool:
    return facts.get(place.urls.owner, facts.PURPOSE) == facts.DEMO


def is_to_be_built(place: Place, *, demo: bool) -> bool:
    """By `build`, which makes the tables as well."""
    purpose = facts.get(place.urls.owner, facts.PURPOSE)
    return purpose == facts.DEMO_BEGUN or (demo and purpose is None)


def build(place: Place, tell: Callable[[Callable[[], object]], object]) -> None:
    """Built wholly or, when killed on the way, begun anew by the next start.

    The tables are made while the region is planned: `tell` is given how to wait for
    them, and asks nothing of the database before.
    """
    with ThreadPoolExecutor(1) as beside:
        made = beside.submit(_make_tables, place)

        def wait() -> None:
            beside.shutdown()  # who builds begins a process, and no thread goes along
            made.result()

        tell(wait)
        wait()
    facts.put(place.urls.owner, facts.PURPOSE, facts.DEMO)


def _make_tables(place: Place) -> None:
    if migration.is_needed(place):
        migration.apply(place)
    facts.put(place.urls.owner, facts.PURPOSE, facts.DEMO_BEGUN)


def build_beside(progress: Progress, say: Callable[[str], None]) -> None:
    """In a process of its own: it needs much memory, and gives it back."""
    say("正在建立演示区域… Building the demo region…")
    with subprocess.Popen(  # noqa: S603 our own command
        [*CLI, "demo"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        start_new_session=True,
    ) as process:
        try:
            _follow(process, progress, say)
        except BaseException:
            process.kill()
            raise
    if process.returncode != 0:
        raise CannotStart(
            "演示区域没有建成，原因见上。修正后重新启动即可，会从头再建。",
            "The demo region could not be built; the reason stands above. Start again "
            "after mending it: it is built anew.",
        )


def cast_lines() -> Sequence[str]:
    """Who can be played in the demo, asked in a process that may load Django."""
    if os.environ.get("YILIAN_DEMO") != "1" or find_spec("yilian.demo.cast") is None:
        return []
    asked = subprocess.run(  # noqa: S603 our own command
        [*CLI, "cast"], capture_output=True, text=True, check=False
    )
    return asked.stdout.splitlines()


def _follow(
    process: "subprocess.Popen[str]", progress: Progress, say: Callable[[str], None]
) -> None:
    for line in process.stdout or ():
        say(line.rstrip())
        found = _PERCENT.search(line)
        if found:
            progress.percent = min(int(found[1]), 100)


def _start_over(place: Place) -> None:
    if not place.embedded:
        raise CannotStart(
            "这个数据库里的演示区域只建了一半。请清空该数据库后重试。",
            "The demo region in this database is only half built. Empty the database "
            "and retry.",
        )
    recreate(place)
