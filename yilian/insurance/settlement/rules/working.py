"""The working of a settlement as it is kept: every number of the way, and for each
step its clause, its outcome and the parameters it rests on, by name and first day.

Words are told from the numbers (`trace.py`), so they cannot differ from what was
paid. Amounts are whole fen, ratios millionths.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from yilian.insurance.policy.rules.sets import ParameterSet, Reference
from yilian.insurance.settlement.rules.case import Insured, Referral, Service
from yilian.insurance.settlement.rules.person import Outcome
from yilian.insurance.settlement.rules.result import Charges, Link, Part
from yilian.insurance.settlement.rules.terms import NO_LIMIT, TermsOf
from yilian.insurance.settlement.rules.trace import Step, part_steps, steps_of

_PLAIN: Final = tuple(
    name
    for name in Part._fields
    if name not in {"day", "terms", "charges", "referral", "link"}
)


def as_working(outcome: Outcome) -> dict[str, Any]:
    settled = outcome.settled
    return {
        "coverage": outcome.covered.id,
        "parts": [_written(part) for part in settled.parts],
        "steps": [_said(year, step) for year, step in steps_of(settled)],
    }


def read_parts(
    working: Mapping[str, Any], insured: Insured, parameters: ParameterSet
) -> tuple[Part, ...]:
    """The numbers as they were; `parameters` only so that a step can name its own."""
    terms = TermsOf(parameters, insured)
    return tuple(_read(raw, terms) for raw in working["parts"])


def told_steps(service: Service, parts: tuple[Part, ...]) -> list[tuple[int, Step]]:
    return [(part.year, step) for part in parts for step in part_steps(service, part)]


def _written(part: Part) -> dict[str, Any]:
    found: dict[str, Any] = {name: _bounded(getattr(part, name)) for name in _PLAIN}
    return found | {
        "day": part.day.isoformat(),
        "charges": list(part.charges),
        "referral": part.referral.value if part.referral else None,
        "link": part.link.value,
    }


def _bounded(number: int) -> int | None:
    """No limit is nothing, not a number with nineteen digits."""
    return number if number < NO_LIMIT else None


def _read(raw: Mapping[str, Any], terms: TermsOf) -> Part:
    day = date.fromisoformat(raw["day"])
    numbers = {
        name: NO_LIMIT if raw[name] is None else int(raw[name]) for name in _PLAIN
    }
    return Part(
        **numbers,
        day=day,
        terms=terms.on(day),
        charges=Charges(*raw["charges"]),
        referral=Referral(raw["referral"]) if raw["referral"] else None,
        link=Link(raw["link"]),
    )


def _said(year: int, step: Step) -> list[Any]:
    return [
        year,
        step.code,
        step.ground,
        step.outcome,
        [_named(reference) for reference in step.references],
    ]


def _named(reference: Reference) -> str:
    return (
        f"{reference.id}@{reference.starts_on}={reference.set_id}/{reference.version}"
    )
