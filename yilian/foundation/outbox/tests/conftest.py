"""The tests' own listeners, and a worker that stops when nothing waits."""

import asyncio
from collections.abc import Callable

import pytest
from django.db import connection
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob
from pytest_django import Settings

from yilian.foundation.outbox import services
from yilian.foundation.tests.stage import let_others_finish

HERE = "yilian.foundation.outbox.tests.events"


def dispatch() -> int:
    let_others_finish()
    return services.dispatch()


@pytest.fixture(autouse=True)
def _listeners(settings: Settings) -> None:
    settings.YILIAN_SUBSCRIPTIONS = f"{HERE}.SUBSCRIPTIONS"
    settings.YILIAN_LIVE_NOTICES = f"{HERE}.LIVE"


@pytest.fixture(autouse=True)
def _empty_queue(transactional_db: None) -> None:
    """Django's flush leaves the tables of Procrastinate alone."""
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE procrastinate_jobs, procrastinate_workers CASCADE")


@pytest.fixture
def work() -> Callable[[], None]:
    """Do every job that waits."""
    waiting = ProcrastinateJob.objects.filter(
        queue_name="default", status__in=["todo", "doing"]
    )

    async def until_empty() -> None:
        async with app.open_async():
            worker = asyncio.create_task(
                app.run_worker_async(
                    queues=["default"],
                    install_signal_handlers=False,
                    fetch_job_polling_interval=0.02,
                )
            )
            while await waiting.aexists():
                await asyncio.sleep(0.02)
            worker.cancel()
            await asyncio.gather(worker, return_exceptions=True)

    def do() -> None:
        connector = app.connector.get_worker_connector()  # type: ignore[attr-defined]
        with app.replace_connector(connector):
            asyncio.run(until_empty())

    return do
