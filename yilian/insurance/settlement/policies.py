"""Who posts, settles, files, decides and reads money."""

from uuid import UUID

from yilian.foundation.access.actor import Actor, Reach, Role
from yilian.insurance.settlement.models_bill import Bill, Settlement
from yilian.insurance.settlement.models_deciding import Anomaly, Decision, Filing
from yilian.kernel.areas import lies_in


def is_insurer(actor: Actor) -> bool:
    return actor.reach is Reach.AREA and actor.has(Role.INSURER)


def is_finance(actor: Actor) -> bool:
    return actor.has(Role.FINANCE) and actor.institution_id is not None


def may_list(actor: Actor) -> bool:
    """Who has a page of settlements at all."""
    return is_insurer(actor) or is_finance(actor) or actor.reach is Reach.SELF


def may_add_up(actor: Actor) -> bool:
    return is_insurer(actor) or is_finance(actor)


def answers_for(actor: Actor, insured_area: str) -> bool:
    """The insurer of the place of insurance; the region's clock acts for all."""
    if actor.reach is Reach.SYSTEM:
        return True
    return (
        is_insurer(actor)
        and bool(actor.area_code)
        and lies_in(insured_area, actor.area_code)
    )


def can_post_for(actor: Actor, institution_id: UUID | None) -> bool:
    """A house its own bills; the insurer those of care outside, paid in by hand."""
    if actor.reach is Reach.SYSTEM:
        return True
    if institution_id is None:
        return is_insurer(actor)
    return is_finance(actor) and actor.institution_id == institution_id


def can_keep_coverage(actor: Actor, area_code: str) -> bool:
    return answers_for(actor, area_code)


def can_settle(actor: Actor, bill: Bill) -> bool:
    return answers_for(actor, bill.insured_area)


def can_void(actor: Actor, settlement: Settlement) -> bool:
    return answers_for(actor, settlement.insured_area)


def can_take_back(actor: Actor, bill: Bill) -> bool:
    """A bill not settled yet: who posts such bills, or the insurer."""
    return can_post_for(actor, bill.institution_id) or answers_for(
        actor, bill.insured_area
    )


def can_file_late(actor: Actor, bill: Bill) -> bool:
    """The house that rescued, or the insurer's clerk with the papers in hand."""
    return answers_for(actor, bill.insured_area) or (
        is_finance(actor) and actor.institution_id == bill.institution_id
    )


def can_appeal(actor: Actor, bill: Bill) -> bool:
    """The resident or who stands for them, the house, or a clerk who writes it down."""
    is_own = actor.reach is Reach.SELF and bill.person_id in actor.person_ids
    return is_own or can_file_late(actor, bill)


def can_decide(actor: Actor, filing: Filing) -> bool:
    """A clerk of the area, other than the one who filed."""
    return (
        is_insurer(actor)
        and answers_for(actor, filing.insured_area)
        and actor.account_id != filing.filed_by_id
    )


def can_confirm(actor: Actor, decision: Decision, insured_area: str) -> bool:
    """Another clerk of the area than the one who decided, 四眼原则."""
    return (
        is_insurer(actor)
        and answers_for(actor, insured_area)
        and actor.account_id != decision.decided_by_id
    )


def can_judge(actor: Actor, anomaly: Anomaly) -> bool:
    return is_insurer(actor) and answers_for(actor, anomaly.insured_area)
