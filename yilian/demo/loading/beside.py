"""Work on the second core: a process of its own, with a connection of its own.

The history is written while places and staff are loaded and the stories are played:
the record points at nothing by foreign key (decisions 6). Ends with its parent, also
when that is killed.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from ctypes import c_int
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from multiprocessing.synchronize import Event
from threading import Thread
from time import sleep

from django.db import connections

_LOOKS_EVERY = 0.5
_CONTEXT = get_context("fork")


class BesideFailed(RuntimeError):
    """Why stands above: the other process has said it."""


def signal() -> Event:
    """From one process to the other; made before the other is begun."""
    return _CONTEXT.Event()


class Blocks:
    """Work in numbered blocks: whoever is free takes the next one, in any process.

    Made before the other process is begun, and known to both.
    """

    def __init__(self, count: int) -> None:
        self.count = count
        self._begun = _CONTEXT.Value(c_int, 0)
        self._done = _CONTEXT.Value(c_int, 0)

    def __iter__(self) -> Iterator[int]:
        while (number := self._next()) < self.count:
            yield number
            with self._done:
                self._done.value += 1

    @property
    def done(self) -> float:
        return self._done.value / self.count if self.count else 1.0

    def _next(self) -> int:
        with self._begun:
            number = self._begun.value
            self._begun.value += 1
        return number


class Beside:
    """The other process; waiting for it ends when it fails."""

    def __init__(self, process: BaseProcess) -> None:
        self._process = process

    def wait_for(self, sign: Event) -> None:
        while not sign.wait(_LOOKS_EVERY):
            if not self._process.is_alive():
                self.wait_for_end()

    def wait_for_end(self) -> None:
        self._process.join()
        if self._process.exitcode:
            raise BesideFailed(f"exit code {self._process.exitcode}")


@contextmanager
def beside(work: Callable[[], object]) -> Iterator[Beside]:
    connections.close_all()  # a connection is never shared by two processes
    process = _CONTEXT.Process(target=_run, args=(work, os.getpid()))
    process.start()
    try:
        yield Beside(process)
    finally:
        if process.is_alive():
            process.terminate()
        process.join()


def _run(work: Callable[[], object], parent: int) -> None:
    Thread(target=_watch, args=(parent,), daemon=True).start()
    work()
    connections.close_all()


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        sleep(_LOOKS_EVERY)
    os._exit(1)
