"""The insurer's released parameters on a day, before a pool agrees on its own."""

from datetime import date

from yilian.insurance.policy.queries.parameters import released
from yilian.insurance.policy.rules.sets import InForce


def set_on(day: date, area_code: str) -> InForce:
    return released(day, area_code).on(day)
