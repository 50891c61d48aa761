"""What the services must know before they act: limits, agreements, the verdict."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from functools import cache
from typing import Final
from uuid import UUID

from yilian.care.referral.models import Referral
from yilian.care.referral.rules import compliance
from yilian.care.referral.rules.clocks import Limits
from yilian.care.referral.rules.limits import KEYS
from yilian.care.referral.rules.reasons import Urgency
from yilian.care.referral.rules.states import State
from yilian.foundation.access.actor import Role
from yilian.foundation.parameters.queries import value_of
from yilian.foundation.parameters.working_days import working_days
from yilian.kernel import calendar
from yilian.kernel.tier import Direction, Tier, skips
from yilian.record.advice.loading import shipped
from yilian.registry.consortium.models import Agreement
from yilian.registry.consortium.queries import agreement_between, share_patients
from yilian.registry.population.queries import tags
from yilian.registry.population.rules import GroupTag, age_on

EXEMPT_TAGS: Final = frozenset({GroupTag.SEVERE_MENTAL})
PLANNED_RETURN: Final = "planned_return"


def limits_on(now: datetime) -> Limits:
    """The limits in force on the day of `now`, Asia/Shanghai."""
    day = calendar.local_day(now)
    return Limits(**{name: value_of(key, day) for name, key in KEYS.items()})


def feedback_due(now: datetime) -> datetime:
    days = limits_on(now).feedback_working_days
    return calendar.add_working_days(now, days, working_days(now))


def first_visit_due(due_on: date, now: datetime) -> datetime:
    """Planned for the first day; late after the last (rules-clinical 14)."""
    limits = limits_on(now)
    spare = limits.last_follow_up_days - limits.first_follow_up_days
    return calendar.start_of_day(due_on + timedelta(days=spare + 1))


def agreement_of(referral: Referral, now: datetime) -> Agreement | None:
    if referral.to_institution_id is None:
        return None
    return agreement_between(
        referral.from_institution_id,
        referral.to_institution_id,
        calendar.local_day(now),
    )


def shares_consortium(referral: Referral, now: datetime) -> bool:
    other = referral.to_institution_id
    if other is None:
        return False
    day = calendar.local_day(now)
    return share_patients(referral.from_institution_id, other, day)


def is_skipping(referral: Referral) -> bool:
    """Whether the way leaves out a tier (outside places stand on none)."""
    source, target = referral.from_institution, referral.to_institution
    if target is None or not source.tier or not target.tier:
        return False
    return skips(Tier(source.tier), Tier(target.tier))


def check_result_on(rule_ids: Iterable[str], now: datetime) -> date | None:
    """The soonest day on which a rule wants the result checked."""
    known = _check_within_days()
    days = [known[rule] for rule in rule_ids if rule in known]
    return calendar.local_day(now) + timedelta(days=min(days)) if days else None


@cache
def _check_within_days() -> Mapping[str, int]:
    """By rule, of the packs that came with the system; the shortest counts."""
    days: dict[str, int] = {}
    for rule in (rule for pack in shipped() for rule in pack.rules):
        within = rule.check_result_within_days
        if within is not None:
            days[rule.rule_id] = min(within, days.get(rule.rule_id, within))
    return days


def live_hop_of(
    person_id: UUID, specialty: str, *, but: UUID | None = None
) -> Referral | None:
    """The hop that is under way for this illness: shown before a second one is
    written, and instead of it when it is sent."""
    live = Referral.objects.live().filter(person=person_id, specialty=specialty)
    others = live if but is None else live.exclude(pk=but)
    return others.order_by("-submitted_at").first()


def judge_anew(referral: Referral, now: datetime) -> None:
    """Set the verdict on the row (the caller saves it)."""
    limits = limits_on(now)
    judged = compliance.judge(
        _facts(referral, now, limits),
        elderly_from=limits.elderly_from,
        child_to=limits.child_to,
    )
    referral.verdict = judged.as_json()


def _facts(referral: Referral, now: datetime, limits: Limits) -> compliance.Facts:
    day = calendar.local_day(now)
    born_on = referral.person.born_on
    exempt = EXEMPT_TAGS & tags(referral.person_id, day)
    return compliance.Facts(
        direction=Direction(referral.direction),
        urgency=Urgency(referral.urgency),
        has_agreement=referral.agreement_id is not None,
        shares_consortium=shares_consortium(referral, now),
        made_by_physician=_is_made_by_physician(referral),
        submitted_at=referral.submitted_at,
        accepted_at=referral.answered_at,
        arrived_at=referral.arrived_at,
        valid_until=referral.valid_until,
        emergency_filed_by=_filed_by(referral, limits),
        skips_tier=is_skipping(referral),
        skip_reason=referral.skip_reason,
        age=None if born_on is None else age_on(born_on, day),
        exempt_tags=frozenset(tag.value for tag in exempt),
        is_planned_return=_is_planned_return(referral),
    )


def _is_made_by_physician(referral: Referral) -> bool:
    post = referral.from_post
    return post is not None and Role.PHYSICIAN.value in post.roles


def _filed_by(referral: Referral, limits: Limits) -> datetime | None:
    """The last moment for filing an emergency after the arrival."""
    arrived = referral.arrived_at
    if arrived is None:
        return None
    days = limits.emergency_filing_working_days
    return calendar.add_working_days(arrived, days, working_days(arrived))


def _is_planned_return(referral: Referral) -> bool:
    """Said by the sender, and the receiver did treat this person before."""
    if referral.skip_reason != PLANNED_RETURN:
        return False
    before = Referral.objects.filter(
        person=referral.person_id,
        to_institution=referral.to_institution_id,
        state=State.COMPLETED.value,
    )
    return before.exclude(pk=referral.pk).exists()
