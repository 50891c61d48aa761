"""Released parameters for the tests of every module that computes with them."""

from datetime import date

from django.utils import timezone

from yilian.foundation.access.actor import system_actor
from yilian.insurance.policy.models import ParameterSetVersion
from yilian.insurance.policy.rules.files import shipped_set
from yilian.insurance.policy.rules.sets import ParameterSet
from yilian.insurance.policy.services.loading import load_released
from yilian.registry.directory.tests.cast import make_account

FIRST_DAY = date(2018, 1, 1)


def make_released(
    parameters: ParameterSet | str = "NX-DEMO-2018", effective_from: date = FIRST_DAY
) -> ParameterSetVersion:
    """This set in force from the day on, released by two people who are nobody else."""
    found = shipped_set(parameters) if isinstance(parameters, str) else parameters
    author, second = make_account(), make_account()
    return load_released(
        system_actor("tests"),
        found,
        effective_from=effective_from,
        drafted_by=author.pk,
        reviewed_by=second.pk,
        released_by=second.pk,
        at=timezone.now(),
    )
