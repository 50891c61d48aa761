"""Work on the second core: a process of its own, with a connection of its own.

The history is written while places and staff are loaded: the record points at
nothing by foreign key (decisions 6). Ends with its parent, also when that is killed.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from threading import Thread
from time import sleep

from django.db import connections

_LOOKS_EVERY = 0.5


class BesideFailed(RuntimeError):
    """Why stands above: the other process has said it."""


@contextmanager
def beside(work: Callable[[], object]) -> Iterator[Callable[[], None]]:
    """Gives back how to wait for the end of `work`."""
    connections.close_all()  # a connection is never shared by two processes
    process = get_context("fork").Process(target=_run, args=(work, os.getpid()))
    process.start()
    try:
        yield lambda: _wait(process)
    finally:
        if process.is_alive():
            process.terminate()
        process.join()


def _wait(process: BaseProcess) -> None:
    process.join()
    if process.exitcode:
        raise BesideFailed(f"exit code {process.exitcode}")


def _run(work: Callable[[], object], parent: int) -> None:
    Thread(target=_watch, args=(parent,), daemon=True).start()
    work()
    connections.close_all()


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        sleep(_LOOKS_EVERY)
    os._exit(1)
