"""Putting jobs in the queue, and taking back those of workers that died."""

from collections.abc import Iterable, Sequence
from typing import Any, Final

from django.db import connection, transaction
from django.utils.module_loading import import_string
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued

from yilian.foundation.jobs.rules import Clock

RUN_CLOCK: Final = "jobs.run_clock"
CLOCKS_QUEUE: Final = "clocks"
SILENT_SECONDS: Final = 10  # a worker says every two seconds that it lives


def defer(task: str, *, lock: str | None = None, **facts: Any) -> None:
    """In the transaction of the caller: what is rolled back leaves no job. Jobs with
    the same lock run one after the other, in the order they were put in."""
    app.configure_task(task, lock=lock).defer(**facts)


def defer_many(task: str, facts: Sequence[dict[str, Any]]) -> None:
    """One job for each, in one statement; they wait for nobody."""
    if facts:
        app.configure_task(task).batch_defer(*facts)


def defer_behind(task: str, told: Sequence[tuple[str, dict[str, Any]]]) -> None:
    """One job for each, behind its own lock, in one statement and in their order."""
    jobs = [
        app.configure_task(task, lock=lock).make_new_job(**facts)
        for lock, facts in told
    ]
    if jobs:
        app.job_manager.batch_defer_jobs(jobs)


def locks_in_use(locks: Iterable[str]) -> set[str]:
    """Those of them that some job holds or waits for."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT lock FROM procrastinate_jobs"
            " WHERE status IN ('todo', 'doing') AND lock = ANY(%s)",
            [list(locks)],
        )
        return {lock for (lock,) in cursor.fetchall()}


def start_clock(clock: Clock) -> bool:
    """False when the run before is still waiting: it is not put in twice."""
    job = app.configure_task(
        RUN_CLOCK, queue=CLOCKS_QUEUE, lock=clock.path, queueing_lock=clock.path
    )
    try:
        with transaction.atomic():
            job.defer(path=clock.path)
    except AlreadyEnqueued:
        return False
    return True


def run_clock(path: str) -> None:
    import_string(path)()


def rescue_stalled() -> int:
    """Jobs whose worker fell silent go back into the queue, and how many."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT procrastinate_retry_job_v2(id, now(), NULL, NULL, NULL) FROM ("
            "  SELECT job.id FROM procrastinate_jobs job"
            "  LEFT JOIN procrastinate_workers w ON w.id = job.worker_id"
            "  WHERE job.status = 'doing' AND (w.id IS NULL OR"
            "    w.last_heartbeat < now() - make_interval(secs => %s))"
            "  ORDER BY job.id FOR UPDATE OF job SKIP LOCKED) stalled",
            [SILENT_SECONDS],
        )
        return len(cursor.fetchall())
