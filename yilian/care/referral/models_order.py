"""How waiting referrals stand in line, said so that an index stands in the same line.

What these write into SQL is fixed: with a value in its place, a plan made once for all
values could not know that the index of a condition fits.
"""

from collections.abc import Iterable
from typing import Any, Final

from django.db.models import BooleanField, DateTimeField, F, Func, UUIDField

from yilian.care.referral.rules.reasons import URGENCY_ORDER
from yilian.care.referral.rules.states import WAITING, State

# Whoever must act on them looks at these all day.
IN_LINE: Final = WAITING | {State.CANCEL_REQUESTED}
_APART: Final = 3650  # days between one urgency and the next
_RANKS: Final = " ".join(
    f"WHEN '{urgency.value}' THEN interval '{_APART * rank} days'"
    for urgency, rank in URGENCY_ORDER.items()
)


class Standing(Func):
    """One moment to sort and page by: most urgent first, then the soonest due."""

    output_field = DateTimeField()

    def __init__(self) -> None:
        super().__init__(F("answer_due_at"), F("created_at"), F("urgency"))

    def as_sql(self, compiler: Any, connection: Any, **_: Any) -> Any:  # type: ignore[override]
        due, written, urgency = (
            compiler.compile(one)[0] for one in self.source_expressions
        )
        # In UTC, for a sum of days is else another one in each time zone.
        at = f"timezone('UTC', COALESCE({due}, {written}))"
        return f"timezone('UTC', {at} + CASE {urgency} {_RANKS} END)", []


class StandsIn(Func):
    """The state is one of these."""

    output_field = BooleanField()

    def __init__(self, states: Iterable[State]) -> None:
        super().__init__(F("state"))
        self.states = sorted(State(state).value for state in states)

    def as_sql(self, compiler: Any, connection: Any, **_: Any) -> Any:  # type: ignore[override]
        state, _values = compiler.compile(self.source_expressions[0])
        listed = ", ".join(f"'{one}'" for one in self.states)
        return f"{state} IN ({listed})", []


class Unforeseen(Func):
    """A value that a plan is not made for. Where PostgreSQL reckons that a plan of its
    own serves a value better it makes one at each question, which for a page of a list
    takes longer than the answer, and comes to the same."""

    template = "(SELECT %(expressions)s)"

    def __init__(self, value: Any) -> None:
        super().__init__(value, output_field=UUIDField())
