"""`yilian up`: from an empty folder to a region in the browser, and kept running.

In this order: one start per folder, leftovers of a killed one ended, the ports
free, the database up and migrated, the demo built, then the crew. Meanwhile a
page on the port tells a waiting browser how far it is. From then on `watch.py`
looks after all of it until somebody asks us to stop.
"""

import http.client
import json
import os
import resource
import signal
import socket
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from types import FrameType
from typing import Final

from yilian.config.runtime import demo_region, migration
from yilian.config.runtime.crew import MARK, Crew, Member, end_leftovers
from yilian.config.runtime.environment import Place, entered
from yilian.config.runtime.folder import DataFolder
from yilian.config.runtime.locks import try_exclusive
from yilian.config.runtime.trouble import CannotStart
from yilian.config.runtime.voice import voice
from yilian.config.runtime.waiting import waiting_page
from yilian.config.runtime.watch import Watch

Say = Callable[[str], None]
TICK: Final = 0.5
PATIENCE: Final = 60.0  # then we say that we still wait
MOST_DEATHS: Final = 5  # of pages that were never ready: starting again helps nobody
LET_GO: Final = 2.0
MOST_LINES: Final = 65536  # open files and connections of one process
MOST_CONNECTIONS: Final = "8192"  # a browser keeps six, and one for live updates
LIVE: Final = "yilian.interfaces.live.app"
DELIVER: Final = "yilian.foundation.outbox.deliver"
EVERYWHERE: Final = {"0.0.0.0", "::"}  # noqa: S104 compared, not bound


class Stopped(BaseException):
    """Somebody asked us to stop."""

    def __init__(self, number: int) -> None:
        self.by = signal.Signals(number).name
        super().__init__(self.by)


@dataclass(frozen=True, slots=True)
class Address:
    host: str
    port: int

    @property
    def url(self) -> str:
        seen = "localhost" if self.host in {"127.0.0.1", *EVERYWHERE} else self.host
        return f"http://{seen}:{self.port}"


def up(*, demo: bool, port: int, say: Say) -> None:
    """Returns when asked to stop, with everything stopped."""
    address = Address(os.environ.get("YILIAN_HOST", "127.0.0.1"), port)
    folder = DataFolder.named()
    os.environ["PORT"] = str(port)
    _open_many_lines()
    with voice(say, folder.log("up")) as tell:
        try:
            with _stopped_by_signals() as wish:
                folder.prepare()
                with _only_one(folder, address):
                    end_leftovers(folder.path)
                    _refuse_taken(address)
                    with entered(folder) as place:
                        _prepare(place, address, demo=demo, say=tell)
                        _serve(place, address, tell, wish)
        except Stopped as stopped:
            tell(f"已停止（{stopped.by}）。 Stopped.")


def _prepare(place: Place, address: Address, *, demo: bool, say: Say) -> None:
    with waiting_page(address.host, address.port) as progress:
        is_unbuilt = demo_region.is_to_be_built(place, demo=demo)
        if not is_unbuilt and migration.is_needed(place):
            say("正在准备数据库… Preparing the database…")
            migration.apply(place)
        is_demo = demo_region.settle_purpose(place, demo=demo)
        os.environ["YILIAN_DEMO"] = "1" if is_demo else "0"
        if is_unbuilt:
            demo_region.build_beside(progress, say)


def _serve(place: Place, address: Address, say: Say, wish: "Wish") -> None:
    """Pages first: the others would only take the processor from their start."""
    crew = Crew()
    watch = Watch(place, crew, say)
    try:
        crew.enlist(*_members(place, _pages(address)))
        _wait_until_ready(watch, address, say, wish)
        crew.enlist(*_members(place, _background(address)))
        _welcome(place, address, say)
        while True:
            time.sleep(TICK)
            wish.heed()
            watch.look()
    finally:
        crew.stop()


def _members(place: Place, commands: Mapping[str, list[str]]) -> list[Member]:
    environment = {**os.environ, MARK: str(place.folder.path), "PYTHONUNBUFFERED": "1"}
    return [
        Member(name, command, place.folder.log(name), environment)
        for name, command in commands.items()
    ]


def _pages(address: Address) -> dict[str, list[str]]:
    return {"pages": _granian("wsgi", "yilian.config.wsgi:application", address)}


def servers(address: Address) -> dict[str, list[str]]:
    """Commands of the two that listen, for those who supervise them otherwise."""
    both = {**_pages(address), **_background(address)}
    return {name: both[name] for name in ("pages", "live") if name in both}


def _background(address: Address) -> dict[str, list[str]]:
    commands = {"worker": [*demo_region.CLI, "worker"]}
    if _importable(DELIVER):
        commands["deliverer"] = [*demo_region.CLI, "deliver"]
    if _importable(LIVE):
        beside = Address(address.host, address.port + 1)
        commands["live"] = _granian("asgi", f"{LIVE}:application", beside)
    if os.environ.get("YILIAN_MLLP_PORT"):
        commands["exchange"] = [*demo_region.CLI, "exchange"]
    return commands


def _granian(interface: str, application: str, address: Address) -> list[str]:
    facts = {"interface": interface, "host": address.host, "port": str(address.port)}
    facts |= {"backlog": "4096", "backpressure": MOST_CONNECTIONS}
    if interface == "wsgi":
        workers = min(4, max(2, (os.cpu_count() or 1) // 2))
        # A thread for everybody who waits or sends slowly; few of them work at the
        # same time (interfaces/web/gate.py).
        facts |= {"workers": str(workers), "blocking-threads": "512"}
    options = [word for name, value in facts.items() for word in (f"--{name}", value)]
    restart = ["--respawn-failed-workers", "--workers-kill-timeout", "10"]
    quiet = ["--no-ws", "--http", "1", "--log-level", "warning"]
    return [sys.executable, "-m", "granian", *options, *restart, *quiet, application]


def _importable(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:
        return False


def _wait_until_ready(watch: Watch, address: Address, say: Say, wish: "Wish") -> None:
    """However slow the machine is; only pages that die again and again end it."""
    [pages] = watch.crew.members
    said_at = time.monotonic()
    while not _answers(address):
        wish.heed()
        watch.look()
        if pages.deaths >= MOST_DEATHS:
            raise CannotStart(
                f"页面进程启动后连续退出 {pages.deaths} 次，详情见 {pages.log}。",
                f"The pages died {pages.deaths} times at their start; {pages.log} "
                "says why.",
            )
        if time.monotonic() > said_at + PATIENCE:
            said_at = time.monotonic()
            say(f"页面还没有准备好，继续等待…（{pages.log}） Still waiting for them…")
        time.sleep(0.1)


def _answers(address: Address) -> bool:
    host = "127.0.0.1" if address.host in EVERYWHERE else address.host
    try:
        with urllib.request.urlopen(
            f"http://{host}:{address.port}/healthz", timeout=5
        ) as answer:
            return bool(answer.status == 200)  # noqa: PLR2004 OK
    except (urllib.error.URLError, OSError, http.client.HTTPException):
        return False


def _welcome(place: Place, address: Address, say: Say) -> None:
    say("")
    say(f"医联已就绪：{address.url}  Yilian is ready.")
    try:
        for line in demo_region.cast_lines():
            say(line)
    except OSError:  # no room to ask: the page of the cast says it as well
        say(f"{address.url}/demo/cast")
    say(f"数据在 {place.folder.path}；按 Ctrl-C 停止。 Ctrl-C stops.")


@contextmanager
def _only_one(folder: DataFolder, address: Address) -> Iterator[None]:
    """The lock dies with us; the note beside it only says who holds it."""
    handle = try_exclusive(folder.lock("up"))
    note = folder.lock("up.json")
    if handle is None:
        raise _already_running(folder, note.read_text() if note.exists() else "{}")
    try:
        note.write_text(json.dumps({"pid": os.getpid(), "url": address.url}))
        yield
    finally:
        note.unlink(missing_ok=True)
        os.close(handle)


def _already_running(folder: DataFolder, note: str) -> CannotStart:
    try:
        known = json.loads(note)
    except ValueError:  # read while it was being written
        known = {}
    url, pid = known.get("url", "?"), known.get("pid", "?")
    return CannotStart(
        f"这个数据文件夹（{folder.path}）已在运行：{url}（进程 {pid}）。"
        "请直接打开该地址，或先停止它，或用 YILIAN_DATA 和 PORT 另起一个。",
        f"This data folder ({folder.path}) is already running at {url} (process "
        f"{pid}). Open that address, or stop it first, or start another with "
        "YILIAN_DATA and PORT.",
    )


def _refuse_taken(address: Address) -> None:
    """Not at once: a killed process lets go of its port a moment after its end."""
    for port in address.port, address.port + 1:
        give_up_at = time.monotonic() + LET_GO
        while not _is_free(address.host, port):
            if time.monotonic() > give_up_at:
                raise _no_port(port)
            time.sleep(0.05)


def _is_free(host: str, port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def _no_port(port: int) -> CannotStart:
    return CannotStart(
        f"端口 {port} 不能使用（已被占用或无权限）。请用 PORT=8100 换一个："
        "页面用 PORT，实时消息用 PORT+1。",
        f"Port {port} cannot be used (taken, or not permitted). Choose another with "
        "PORT=8100: pages use PORT, live updates PORT+1.",
    )


def _open_many_lines() -> None:
    """Each open page is a connection, and 1,024 files are soon used up."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_LINES if most == resource.RLIM_INFINITY else min(MOST_LINES, most)
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))


@dataclass(slots=True)
class Wish:
    """That we stop. What a signal raises is lost where Python lets nothing out (between
    a fork and its end, while something is thrown away): so it is asked for again."""

    number: int = 0

    def heed(self) -> None:
        if self.number:
            raise Stopped(self.number)


@contextmanager
def _stopped_by_signals() -> Iterator[Wish]:
    """Ctrl-C, a polite kill and a closed terminal all unwind the same way.

    Whoever started us with `nohup` wants us to outlive the terminal.
    """
    wish = Wish()
    chosen = [signal.SIGINT, signal.SIGTERM]
    if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:
        chosen.append(signal.SIGHUP)

    def stop(number: int, _frame: FrameType | None) -> None:
        for each in chosen:
            signal.signal(each, signal.SIG_IGN)  # stopping is not interrupted
        wish.number = number
        wish.heed()

    before = {number: signal.signal(number, stop) for number in chosen}
    try:
        yield wish
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
