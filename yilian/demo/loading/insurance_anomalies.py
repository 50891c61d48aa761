"""A few bills that supervision should look at, found by its own rules; two judged.

Everything else that the rules find in the invented years is found as well.
"""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from django.utils import timezone

from yilian.care.referral.models import Referral
from yilian.demo.loading.places import institution_id
from yilian.demo.loading.staff import Accounts
from yilian.demo.world.build import Region
from yilian.demo.world.chance import fixed_id
from yilian.foundation.access.actor import Actor, Reach, Role
from yilian.insurance.settlement.models import Anomaly, Bill, Coverage
from yilian.insurance.settlement.rules.ledger import Suspicion
from yilian.insurance.settlement.rules.posting import BillFacts
from yilian.insurance.settlement.services import post_bill, settle
from yilian.insurance.settlement.services.supervising import find_since, judge
from yilian.kernel.calendar import local_day

_COUNTY: Final = "640121"
_HERE: Final = "640121-A1"
_ABOVE: Final = "640104-A1"
_SCANS: Final = (("FW-0036", "CT平扫", "248.00"), ("FW-0038", "磁共振平扫", "560.00"))
_NOT_COME: Final = ("expired", "no_show", "withdrawn", "cancelled")
_SPLITS: Final = 2
_REPEATS: Final = 2
_PAST: Final = timedelta(days=800)


def load_anomalies(actor: Actor, region: Region, accounts: Accounts) -> None:
    """After the settlements: bills come in, are settled, are looked at."""
    today = local_day(timezone.now())
    quiet = _quiet_people(_SPLITS + _REPEATS)
    for number, person in enumerate(quiet[:_SPLITS]):
        _split(actor, person, today - timedelta(days=40 + 9 * number))
    for number, person in enumerate(quiet[_SPLITS:]):
        _repeat(actor, person, today - timedelta(days=20 + 6 * number), number)
    _not_arrived(actor, today)
    find_since(timezone.now() - _PAST)
    _judge_two(_clerk(region, accounts))


def _quiet_people(many: int) -> list[UUID]:
    """Insured in the county, of an age without exemption, with few bills."""
    busy = Bill.objects.values("person_id")
    rows = Coverage.objects.filter(
        area_code=_COUNTY,
        period__contains=local_day(timezone.now()),
        person__born_on__gte=date(1966, 1, 1),
        person__born_on__lt=date(2005, 1, 1),
        person__died_at=None,
    ).exclude(person__in=busy)
    return list(rows.order_by("person_id").values_list("person_id", flat=True)[:many])


def _split(actor: Actor, person_id: UUID, start: date) -> None:
    """Five days, out for three, in again for the same."""
    for number, day in enumerate((start, start + timedelta(days=8))):
        _bill(
            actor, person_id, _HERE, day, days=5, name=f"split{number}",
            code="J44.100", words="慢性阻塞性肺病伴急性加重",
            lines=[
                {"catalog_class": "A", "name": "床位和护理", "amount": "620.00"},
                {"catalog_class": "A", "name": "西药（甲类）", "amount": "2415.60"},
                {"catalog_class": "B", "name": "西药（乙类）", "amount": "1180.00"},
            ],
        )  # fmt: skip


def _repeat(actor: Actor, person_id: UUID, start: date, number: int) -> None:
    """The same scan at the county's and, four days on, at the city's hospital."""
    item, name, price = _SCANS[number % len(_SCANS)]
    scan = {"catalog_class": "A", "item": item, "name": name, "amount": price}
    for house, day in ((_HERE, start), (_ABOVE, start + timedelta(days=4))):
        _bill(
            actor, person_id, house, day, days=0, name="scan", kind="outpatient",
            code="R51.x00", words="头痛",
            lines=[scan, {"catalog_class": "A", "name": "诊查费", "amount": "20.00"}],
        )  # fmt: skip


def _not_arrived(actor: Actor, today: date) -> None:
    """A stay billed on a referral by which nobody came."""
    rows = Referral.objects.filter(
        state__in=_NOT_COME, arrived_at=None, to_institution=institution_id(_HERE)
    )
    hop = rows.order_by("number").first()
    if hop is None or not _is_insured(hop.person_id, today):
        return
    _bill(
        actor, hop.person_id, _HERE, today - timedelta(days=9), days=4, name="nobody",
        code=hop.diagnosis_code, words=hop.diagnosis_name, referral_id=hop.id,
        lines=[{"catalog_class": "A", "name": "住院费用", "amount": "3860.00"}],
    )  # fmt: skip


def _is_insured(person_id: UUID, day: date) -> bool:
    rows = Coverage.objects.filter(person=person_id, area_code=_COUNTY)
    return rows.filter(period__contains=day).exists()


def _bill(
    actor: Actor,
    person_id: UUID,
    house: str,
    day: date,
    *,
    days: int,
    name: str,
    code: str,
    words: str,
    **more: Any,
) -> None:
    key = fixed_id("anomaly", f"{name}:{house}:{person_id}:{day}")
    facts: dict[str, Any] = {
        "person_id": person_id,
        "institution_id": institution_id(house),
        "number": f"YD{day:%y%m%d}{key.hex[:6].upper()}",
        "kind": "inpatient",
        "admitted_on": day,
        "discharged_on": day + timedelta(days=days),
        "catalogue": "宁夏 2025 版",
        "diagnosis_code": code,
        "diagnosis_name": words,
    }
    bill = post_bill(actor, key=key, facts=BillFacts(**(facts | more)))
    settle(actor, bill.id)


def _clerk(region: Region, accounts: Accounts) -> Actor:
    """The cast's clerk, as signed in."""
    member = next(m for m in region.cast if m.username == "insurance_clerk")
    assert member.practitioner is not None, "the clerk works somewhere"  # noqa: S101
    return Actor(
        account_id=accounts[member.practitioner].pk,
        reach=Reach.AREA,
        roles=frozenset({Role.INSURER}),
        area_code="6401",
        origin="demo",
    )


def _judge_two(clerk: Actor) -> None:
    rows = Anomaly.objects.filter(insured_area__startswith="6401").order_by("mark")
    split = rows.filter(kind=Suspicion.SPLIT_ADMISSION.value).first()
    again = rows.filter(kind=Suspicion.REPEATED_TEST.value).first()
    if split is not None:
        judge(
            clerk, split.id, is_confirmed=True,
            note="两次入院诊断、治疗一致，病程无中断，按一次住院处理",
            amount=(split.amount / 2).quantize(Decimal("0.01")),
        )  # fmt: skip
    if again is not None:
        judge(
            clerk, again.id, is_confirmed=False,
            note="间隔期内病情加重，接收医院已说明复查的必要",
        )  # fmt: skip
