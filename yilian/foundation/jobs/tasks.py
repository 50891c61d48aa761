"""The beat that starts every clock that is due."""

from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from yilian.foundation.jobs import services
from yilian.foundation.jobs.rules import due


@app.periodic(cron="* * * * *")
@app.task(name="jobs.beat", queue=services.CLOCKS_QUEUE, queueing_lock="jobs.beat")
def beat(timestamp: int) -> None:
    for clock in due(timestamp):
        services.start_clock(clock)


@app.task(name=services.RUN_CLOCK, retry=RetryStrategy(max_attempts=2, wait=5))
def run_clock(path: str) -> None:
    services.run_clock(path)
