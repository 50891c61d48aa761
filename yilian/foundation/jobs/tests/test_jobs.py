"""Clocks beat when they are due, and what a dead worker held is taken back."""

import pytest
from django.db import connection
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob

from yilian.foundation.jobs import rules, services
from yilian.foundation.jobs.rules import CLOCKS, Clock

SEAL = "yilian.foundation.audit.services.seal"


def test_a_clock_of_five_minutes_beats_every_fifth_minute() -> None:
    clock = Clock("x", 5)
    assert [m for m in range(12) if clock.is_due(m * 60)] == [0, 5, 10]


def test_a_clock_cannot_beat_more_than_once_a_minute() -> None:
    with pytest.raises(ValueError, match="once a minute"):
        rules.every(0, "x")


def test_the_seal_is_one_of_the_clocks_the_worker_knows() -> None:
    assert CLOCKS[SEAL].minutes == 1
    assert {services.RUN_CLOCK, "jobs.beat", "outbox.deliver"} <= set(app.tasks)
    assert "outbox.deliver_together" in app.tasks


@pytest.mark.django_db
def test_a_clock_whose_last_run_still_waits_is_not_put_in_twice() -> None:
    assert services.start_clock(Clock(SEAL, 1))
    assert not services.start_clock(Clock(SEAL, 1))
    assert ProcrastinateJob.objects.filter(task_name=services.RUN_CLOCK).count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize(("silent_for", "rescued"), [(11, 1), (5, 0)])
def test_jobs_of_a_silent_worker_go_back_into_the_queue(
    silent_for: int, rescued: int
) -> None:
    services.defer("outbox.deliver", delivery_id="x")
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO procrastinate_workers (last_heartbeat)"
            " VALUES (now() - make_interval(secs => %s)) RETURNING id",
            [silent_for],
        )
        cursor.execute(
            "SELECT id FROM procrastinate_fetch_job_v2(NULL, %s)", cursor.fetchone()
        )
    assert services.rescue_stalled() == rescued
    assert ProcrastinateJob.objects.filter(status="todo").count() == rescued
