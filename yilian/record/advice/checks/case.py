"""The person, the day and the limits that a condition is asked about."""

from dataclasses import dataclass
from datetime import date

from yilian.record.advice.facts import PatientFacts
from yilian.record.advice.rules import Params


@dataclass(frozen=True, slots=True)
class Case:
    facts: PatientFacts
    on: date
    params: Params
