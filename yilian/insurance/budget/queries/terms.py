"""The insurer's parameters as they are in force on a day, before a pool agrees on
its own."""

from datetime import date
from typing import Final

from yilian.insurance.policy.rules.files import shipped_set
from yilian.insurance.policy.rules.sets import InForce

_DEMO: Final = "NX-DEMO-2018"


def set_on(day: date, area_code: str) -> InForce:
    return shipped_set(_DEMO).on(day)
