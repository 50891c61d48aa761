"""A scenario is worked out in a job, one at a time: it takes all the cores there are.

NumPy is loaded by the job, not by those who only put jobs in (decisions 31).
"""

from uuid import UUID

from django.utils.module_loading import import_string
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from yilian.insurance.whatif.services.making import RUN


@app.task(name=RUN, retry=RetryStrategy(max_attempts=2, wait=10))
def run(scenario_id: str) -> None:
    import_string("yilian.insurance.whatif.working.run")(UUID(scenario_id))
