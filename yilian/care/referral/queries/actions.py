"""What may I do now? The buttons of a row, and `GET …/actions`."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from yilian.care.referral import policies
from yilian.care.referral.models import Referral
from yilian.care.referral.rules.states import (
    STEP_NAMES,
    Need,
    State,
    Step,
    move,
    steps_from,
)
from yilian.foundation.access.actor import Actor

# The one likely step of each state: the only filled button (ui/README).
LIKELY: Final[Mapping[State, Step]] = {
    State.DRAFT: Step.SUBMIT,
    State.SUBMITTED: Step.ACCEPT,
    State.INFO_REQUESTED: Step.ANSWER_INFO,
    State.ACCEPTED: Step.SCHEDULE,
    State.SCHEDULED: Step.ARRIVE,
    State.DEPARTED: Step.ARRIVE,
    State.NO_SHOW: Step.SCHEDULE,
    State.ARRIVED: Step.ADMIT,
    State.IN_CARE: Step.COMPLETE,
    State.FEEDBACK_DUE: Step.COMPLETE,
    State.CANCEL_REQUESTED: Step.CONFIRM_CANCEL,
}
# Rarely wanted: shown on the page of the hop, not in the list.
RARE: Final = frozenset({Step.MARK_ERROR, Step.RECORD_DEATH})


@dataclass(frozen=True, slots=True)
class ActionLine:
    step: Step
    name: str
    needs: tuple[Need, ...]
    is_likely: bool
    is_rare: bool


def actions(actor: Actor, referral: Referral) -> list[ActionLine]:
    """Allowed by state and by right; the likely one first.

    Kept by all that `policies.can_take` looks at: a list has few kinds of rows.
    """
    key = (
        referral.state,
        actor.reach,
        actor.roles,
        policies.sends(actor, referral),
        policies.receives(actor, referral),
        referral.to_institution_id is None,
    )
    if key not in _KNOWN:
        _KNOWN[key] = tuple(_actions(actor, referral))
    return list(_KNOWN[key])


_KNOWN: Final[dict[tuple[object, ...], tuple[ActionLine, ...]]] = {}


def _actions(actor: Actor, referral: Referral) -> list[ActionLine]:
    state = State(referral.state)
    lines = [
        ActionLine(
            step=step,
            name=STEP_NAMES[step],
            needs=move(state, step).needs,
            is_likely=LIKELY.get(state) is step,
            is_rare=step in RARE,
        )
        for step in steps_from(state)
        if policies.can_take(actor, referral, step)
    ]
    return sorted(lines, key=lambda line: not line.is_likely)
