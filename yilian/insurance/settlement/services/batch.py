"""Many bills settled at once: each by itself, so one that cannot be does not stop
the others, and everything that was done stays done."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from yilian.foundation.access.actor import Actor
from yilian.insurance.settlement.models import Settlement
from yilian.insurance.settlement.services.settling import settle
from yilian.kernel.errors import DomainError, Invalid
from yilian.kernel.text import Text, _

MOST: Final = 50


@dataclass(frozen=True, slots=True)
class Done:
    """What became of one bill: settled, or not and why."""

    bill_id: UUID
    settlement: Settlement | None
    why: Text | None = None


def settle_many(actor: Actor, bill_ids: Iterable[UUID]) -> list[Done]:
    wanted = list(dict.fromkeys(bill_ids))
    if not wanted:
        raise Invalid(_("请先勾选要结算的单据。"))
    if len(wanted) > MOST:
        raise Invalid(_("一次最多结算 {most} 张。"), most=MOST)
    return [_one(actor, bill_id) for bill_id in wanted]


def _one(actor: Actor, bill_id: UUID) -> Done:
    try:
        return Done(bill_id, settle(actor, bill_id))
    except DomainError as error:
        return Done(bill_id, None, error.text)
