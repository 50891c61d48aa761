"""The jobs that hand events to handlers: one to one, and many together."""

from uuid import UUID

from procrastinate import BaseRetryStrategy, JobContext, RetryDecision
from procrastinate.contrib.django import app
from procrastinate.jobs import Job

from yilian.foundation.outbox import services
from yilian.foundation.outbox.rules import MOST_TRIES, seconds_to_wait


class UntilDead(BaseRetryStrategy):
    """The delivery decides when it is dead; whatever else goes wrong, a database
    that is away above all, is tried again."""

    def get_retry_decision(
        self, *, exception: BaseException, job: Job
    ) -> RetryDecision:
        if isinstance(exception, services.NotDelivered):
            return RetryDecision(retry_in={"seconds": exception.seconds})
        tries = min(job.attempts + 1, MOST_TRIES)
        return RetryDecision(retry_in={"seconds": seconds_to_wait(tries)})


@app.task(name=services.DELIVER, pass_context=True, retry=UntilDead())
def deliver(context: JobContext, delivery_id: str) -> None:
    # An attempt that left no answer, because its worker was killed, counts too.
    tries = context.job.attempts + 1
    if tries > MOST_TRIES:
        services.give_up(UUID(delivery_id))
        return
    services.attempt(UUID(delivery_id), tries=tries)


@app.task(name=services.DELIVER_TOGETHER, pass_context=True, retry=UntilDead())
def deliver_together(context: JobContext, delivery_ids: list[str]) -> None:
    is_first = context.job.attempts == 0
    services.attempt_together([UUID(one) for one in delivery_ids], is_first=is_first)
