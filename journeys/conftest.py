"""A running region for journeys: the real processes, a real browser, invented people.

The whole system is started as its user starts it (`yilian up --demo`), in a folder
of its own, with few residents. Without Chromium the journeys are skipped.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from bench.faults.stage import beside
from journeys.backstage import Backstage, is_well, until
from journeys.faulty import Scene

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
YILIAN = (sys.executable, "-m", "yilian.config.cli")
ROOT = Path(__file__).resolve().parent.parent
RESIDENTS = "200"
MORE_PEOPLE = "40"
PATIENCE_SECONDS = 400  # a busy machine is no reason to fail


@dataclass(frozen=True)
class Region:
    """Where it answers, and a way to run `yilian …` beside it."""

    address: str
    run: Callable[..., subprocess.CompletedProcess[str]]
    data: Path


@pytest.fixture(scope="session")
def region(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Region]:
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed: journeys need a browser")
    running = os.environ.get("YILIAN_JOURNEYS_AT")
    if running:  # while writing a journey: a region that is already up
        env = dict(os.environ)
        data = Path(os.environ["YILIAN_DATA"])
        yield Region(running, lambda *words: _run(env, *words), data)
        return
    folder = tmp_path_factory.mktemp("region")
    port = _free_pair()
    env = _environment(folder, port)

    built = _run(env, "demo", "--residents", RESIDENTS)
    assert built.returncode == 0, built.stdout + built.stderr
    log = (folder / "up.log").open("w")
    process = subprocess.Popen(
        [*YILIAN, "up", "--demo"], env=env, cwd=ROOT, stdout=log, stderr=log
    )
    address = f"http://127.0.0.1:{port}"
    try:
        _wait(address, process, folder / "up.log")
        data = Path(env["YILIAN_DATA"])
        yield Region(address, lambda *words: _run(env, *words), data)
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=60)
        log.close()


@pytest.fixture(scope="session")
def more_people(region: Region) -> None:
    """So few residents as there are would soon all have something open."""
    made = beside(region.data, "bench.people", MORE_PEOPLE)
    assert made.returncode == 0, made.stderr


@pytest.fixture(scope="module")
def scene(region: Region, more_people: None) -> Iterator[Scene]:
    """The players over plain HTTP, in a region that is well."""
    until(lambda: is_well(region.address), PATIENCE_SECONDS, "the region's recovery")
    found = Scene.of(region.address, Backstage(region.data))
    yield found
    found.tidy_up()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Ends with its module: while it is open its loop runs in this process, and
    Django and asyncio refuse to work beside it in the tests that follow."""
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=[
                "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
                "--disable-background-networking", "--disable-component-update",
                "--disable-sync",
            ],
        )  # fmt: skip


@pytest.fixture
def enter(region: Region, browser: Browser) -> Iterator[Callable[[str], Page]]:
    """`enter("county_desk")`: a window of its own, signed in as one of the cast."""
    contexts: list[BrowserContext] = []

    def sign_in(username: str, width: int = 1440) -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": 1000}, locale="zh-CN"
        )
        context.set_default_timeout(15_000)
        contexts.append(context)
        page = context.new_page()
        page.goto(f"{region.address}/demo/cast")
        page.locator(f"button[value='{username}']").click()
        page.wait_for_load_state()
        return page

    yield sign_in
    for context in contexts:
        context.close()


def _run(env: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*YILIAN, *words], env=env, cwd=ROOT, text=True, capture_output=True,
        timeout=PATIENCE_SECONDS, check=False,
    )  # fmt: skip


def _environment(folder: Path, port: int) -> dict[str, str]:
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("YILIAN_", "DATABASE_URL", "PYTEST"))
    }
    return kept | {"YILIAN_DATA": str(folder / "data"), "PORT": str(port)}


def _free_pair() -> int:
    """A port whose neighbour, for live updates, is free as well."""
    for _ in range(50):
        with socket.socket() as one:
            one.bind(("127.0.0.1", 0))
            port: int = one.getsockname()[1]
            with socket.socket() as other:
                try:
                    other.bind(("127.0.0.1", port + 1))
                except OSError:
                    continue
                return port
    raise RuntimeError("no two free ports side by side")


def _wait(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < end:
        assert process.poll() is None, log.read_text()
        try:
            with urllib.request.urlopen(f"{address}/healthz", timeout=5) as answer:  # noqa: S310
                if answer.status == 200:
                    return
        except (urllib.error.URLError, OSError):
            time.sleep(0.3)
    raise AssertionError(f"not ready in time:\n{log.read_text()}")
