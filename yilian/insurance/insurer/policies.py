"""Who sees what was sent to the insurer, who sends again, who compares a day."""

from yilian.foundation.access.actor import Actor
from yilian.insurance.insurer.models import Transaction
from yilian.insurance.settlement.policies import (
    answers_for,
    is_finance,
    is_insurer,
)


def may_look(actor: Actor) -> bool:
    return is_insurer(actor) or is_finance(actor)


def can_send(actor: Actor, row: Transaction) -> bool:
    return is_insurer(actor) and answers_for(actor, row.insured_area)


def can_reconcile(actor: Actor) -> bool:
    return is_insurer(actor) and bool(actor.area_code)
