"""How a person is insured: a change ends one row and begins another."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from django.utils import timezone

from yilian.foundation.access.actor import Actor
from yilian.foundation.access.database import one_at_a_time
from yilian.foundation.access.scope import require
from yilian.foundation.audit.services import record
from yilian.insurance.settlement import policies
from yilian.insurance.settlement.models import Coverage
from yilian.insurance.settlement.rules.case import Aid, Insurance
from yilian.insurance.settlement.services.recording import keep_coverage
from yilian.kernel.areas import AreaLevel, level_of
from yilian.kernel.errors import Invalid, NotFound
from yilian.kernel.text import _
from yilian.registry.population.models import Person

_ONLY_INSURER: Final = _("参保信息由参保地医保经办人员登记。")


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverFacts:
    """How somebody is insured from a day on."""

    insurance: Insurance
    area_code: str
    starts_on: date
    ends_on: date | None = None
    grade: str = ""
    is_retired: bool = False
    aid: Aid | None = None
    account_credit: Decimal = Decimal(0)
    has_remote_filing: bool = False
    source: str = ""


@transaction.atomic
def cover(actor: Actor, person_id: UUID, *, facts: CoverFacts) -> Coverage:
    """From that day on; what held until then ends the day before. Settlements made
    before stay as they are until one of the person's bills is settled again."""
    require(policies.can_keep_coverage(actor, facts.area_code), _ONLY_INSURER)
    if not Person.objects.filter(pk=person_id).exists():
        raise NotFound
    _require_right(facts)
    one_at_a_time(f"settlement:{person_id}")
    _end_before(actor, person_id, facts.starts_on)
    coverage = Coverage.objects.create(
        person_id=person_id,
        insurance=facts.insurance.value,
        grade=facts.grade,
        is_retired=facts.is_retired,
        aid=facts.aid.value if facts.aid else "",
        area_code=facts.area_code,
        account_credit=facts.account_credit,
        has_remote_filing=facts.has_remote_filing,
        period=DateRange(facts.starts_on, facts.ends_on),
        source=facts.source[:60],
        created_at=timezone.now(),
        created_by_id=actor.account_id,
    )
    keep_coverage(actor, coverage)
    record(
        actor,
        "settlement.cover",
        object_kind="coverage",
        object_id=coverage.id,
        person_id=person_id,
    )
    return coverage


def _require_right(facts: CoverFacts) -> None:
    wrong = {}
    if level_of(facts.area_code) is not AreaLevel.COUNTY:
        wrong["area_code"] = _("参保地应为 6 位县（市、区）代码。")
    if facts.ends_on is not None and facts.ends_on <= facts.starts_on:
        wrong["ends_on"] = _("终止日须晚于生效日。")
    is_employee = facts.insurance is Insurance.EMPLOYEE
    if not is_employee and (facts.is_retired or facts.account_credit):
        wrong["insurance"] = _("退休和个人账户只用于职工医保。")
    if facts.account_credit < 0:
        wrong["account_credit"] = _("金额不能为负数。")
    if wrong:
        raise Invalid(fields=wrong)


def _end_before(actor: Actor, person_id: UUID, day: date) -> None:
    later = Coverage.objects.filter(person=person_id, period__startswith__gte=day)
    if later.exists():
        raise Invalid(fields={"starts_on": _("这一天及以后已有参保记录，请先核对。")})
    open_one = Coverage.objects.filter(person=person_id, period__contains=day).first()
    if open_one is not None:
        ended = DateRange(open_one.period.lower, day)
        Coverage.objects.filter(pk=open_one.pk).update(period=ended)
        open_one.period = ended
        keep_coverage(actor, open_one)
