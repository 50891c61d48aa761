"""What the services must know before they act: limits, agreements, the verdict."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Final

from yilian.care.referral.models import Referral
from yilian.care.referral.rules import compliance
from yilian.care.referral.rules.clocks import Limits
from yilian.care.referral.rules.limits import KEYS
from yilian.care.referral.rules.reasons import Urgency
from yilian.foundation.parameters.queries import value_of
from yilian.kernel import calendar
from yilian.kernel.tier import Direction, Tier, skips
from yilian.record.advice.check_dates import check_within_days
from yilian.registry.consortium.models import Agreement
from yilian.registry.consortium.queries import agreement_between, shared_consortia
from yilian.registry.population.models import Person
from yilian.registry.population.queries import tags
from yilian.registry.population.rules import GroupTag

EXEMPT_TAGS: Final = frozenset({GroupTag.SEVERE_MENTAL})


def limits_on(now: datetime) -> Limits:
    """The limits in force on the day of `now`, Asia/Shanghai."""
    day = calendar.local_day(now)
    return Limits(**{name: value_of(key, day) for name, key in KEYS.items()})


def working_days(now: datetime) -> Mapping[date, bool]:
    """Holidays and make-up days beyond the built-in calendar, loaded as data."""
    return {}


def feedback_due(now: datetime) -> datetime:
    days = limits_on(now).feedback_working_days
    return calendar.add_working_days(now, days, working_days(now))


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
    return bool(shared_consortia(referral.from_institution_id, [other], day).get(other))


def check_result_on(rule_ids: Iterable[str], now: datetime) -> date | None:
    """The soonest day on which a rule wants the result checked."""
    days = [d for rule in rule_ids if (d := check_within_days(rule)) is not None]
    return calendar.local_day(now) + timedelta(days=min(days)) if days else None


def judge_anew(referral: Referral, now: datetime) -> None:
    """Set the verdict on the row (the caller saves it)."""
    referral.verdict = compliance.judge(_facts(referral, now)).as_json()


def _facts(referral: Referral, now: datetime) -> compliance.Facts:
    person = Person.objects.only("born_on").get(pk=referral.person_id)
    source, target = referral.from_institution, referral.to_institution
    is_skipping = bool(
        target and source.tier and target.tier
        and skips(Tier(source.tier), Tier(target.tier))
    )  # fmt: skip
    filed_by = None
    if referral.arrived_at is not None:
        days = limits_on(now).emergency_filing_working_days
        filed_by = calendar.add_working_days(referral.arrived_at, days)
    day = calendar.local_day(now)
    exempt = EXEMPT_TAGS & set(tags(referral.person_id, day))
    return compliance.Facts(
        direction=Direction(referral.direction),
        urgency=Urgency(referral.urgency),
        has_agreement=referral.agreement_id is not None,
        shares_consortium=shares_consortium(referral, now),
        made_by_physician=referral.from_post_id is not None,
        submitted_at=referral.submitted_at,
        accepted_at=referral.answered_at,
        arrived_at=referral.arrived_at,
        valid_until=referral.valid_until,
        emergency_filed_by=filed_by,
        skips_tier=is_skipping,
        skip_reason=referral.skip_reason,
        age=_age(person.born_on, day),
        exempt_tags=frozenset(tag.value for tag in exempt),
    )


def _age(born_on: date | None, day: date) -> int | None:
    if born_on is None:
        return None
    had_birthday = (day.month, day.day) >= (born_on.month, born_on.day)
    return day.year - born_on.year - (not had_birthday)
