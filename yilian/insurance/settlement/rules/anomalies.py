"""What supervision looks for in bills and referrals (NX-5.2-e): by rule, with the
working; a person judges.

Each finder takes the facts of one person and tells each suspicion once: its `mark`
is the same whenever it is found again.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final
from uuid import UUID

from yilian.insurance.settlement.rules.ledger import Suspicion
from yilian.kernel.money import Fen
from yilian.kernel.text import _

GROUND: Final = "NX-5.2-e"
# A test is named as one; beds and nursing are charged wherever a patient lies.
TEST_WORDS: Final = (
    "CT", "MRI", "磁共振", "超声", "彩超", "B超", "造影", "X线", "摄影", "心电图",
    "内镜", "胃镜", "肠镜", "血常规", "生化", "肝功能", "肾功能", "凝血", "化验",
    "检测", "检查", "测定",
)  # fmt: skip
_BACK_SOON: Final = 2
_GROUP_NAME: Final = 6  # “检查”, “大型设备检查”: a heading of a bill, not a test


@dataclass(frozen=True, slots=True)
class Limits:
    """Thresholds that a region sets; `repeat_least` is an amount."""

    split_days: int
    fake_down_days: int
    repeat_days: int
    repeat_least: Fen


@dataclass(frozen=True, slots=True)
class TestLine:
    """A charge of a test: its code in the catalogue, or its name without one."""

    code: str
    name: str
    on: date
    amount: Fen


@dataclass(frozen=True, slots=True)
class Charged:
    """A bill as supervision sees it; `sent_by` is the house whose referral led here,
    `way` its direction, `has_arrived` None where there is no referral."""

    bill_id: UUID
    number: str
    house: UUID | None
    rank: int  # of the tier, the village 0; outside 9
    is_stay: bool
    admitted_on: date
    discharged_on: date
    diagnosis: str
    fund: Fen
    sent_by: UUID | None = None
    referral_id: UUID | None = None
    way: str = ""
    has_arrived: bool | None = None
    tests: Sequence[TestLine] = field(default=())


@dataclass(frozen=True, slots=True)
class Suspected:
    """`facts` are plain numbers, days and words for the page; `amount` is at stake."""

    kind: Suspicion
    mark: str
    house: UUID | None
    bills: tuple[UUID, ...]
    amount: Fen
    facts: dict[str, Any]
    referral_id: UUID | None = None


WHY: Final = {
    Suspicion.SPLIT_ADMISSION: _(
        "同一机构、同一类诊断，{first} 出院后 {gap} 天又住院（{second}），"
        "中间没有转诊；规定间隔 {limit} 天。"
    ),
    Suspicion.FAKE_DOWN: _("下转后只住 {days} 天（{second}），不超过 {limit} 天。"),
    Suspicion.REPEATED_TEST: _(
        "“{test}”在两家机构各做一次（{first}、{second}），相隔 {gap} 天，"
        "规定间隔 {limit} 天。"
    ),
    Suspicion.NO_ARRIVAL: _("单据按转诊单结算，但转诊单上没有到诊登记。"),
}


def suspicions(charged: Iterable[Charged], limits: Limits) -> list[Suspected]:
    """Of one person."""
    bills = sorted(charged, key=lambda one: (one.admitted_on, one.discharged_on))
    return [
        *split_admissions(bills, limits.split_days),
        *fake_downs(bills, limits.fake_down_days),
        *repeated_tests(bills, limits),
        *without_arrival(bills),
    ]


def split_admissions(bills: Sequence[Charged], limit: int) -> Iterator[Suspected]:
    """Out and in again at the same house for the same illness: two deductibles for
    the patient, two cases for the house."""
    stays = [one for one in bills if one.is_stay and one.house is not None]
    for at, again in enumerate(stays):
        before = next(
            (one for one in reversed(stays[:at]) if one.house == again.house), None
        )
        if before is None or again.referral_id is not None:
            continue
        gap = (again.admitted_on - before.discharged_on).days
        is_same = _group(before) == _group(again)
        if is_same and 0 <= gap <= limit:
            yield Suspected(
                Suspicion.SPLIT_ADMISSION,
                f"split:{before.bill_id}:{again.bill_id}",
                again.house,
                (before.bill_id, again.bill_id),
                again.fund,
                {
                    "first": before.discharged_on.isoformat(),
                    "second": again.number,
                    "gap": gap,
                    "limit": limit,
                },
            )


def fake_downs(bills: Sequence[Charged], limit: int) -> Iterator[Suspected]:
    """Sent down on paper: hardly lay there, or was back above within two days."""
    for down in bills:
        if not (down.is_stay and down.way == "down"):
            continue
        days = (down.discharged_on - down.admitted_on).days
        if days <= limit:
            yield Suspected(
                Suspicion.FAKE_DOWN,
                f"down:{down.bill_id}",
                down.house,
                (down.bill_id, *_back_above(down, bills)),
                down.fund,
                {"days": days, "limit": limit, "second": down.number},
                down.referral_id,
            )


def repeated_tests(bills: Sequence[Charged], limits: Limits) -> Iterator[Suspected]:
    """The same test at two houses within days: one result should serve both."""
    done: list[tuple[TestLine, Charged]] = sorted(
        (
            (test, bill)
            for bill in bills
            for test in bill.tests
            if test.amount >= limits.repeat_least
        ),
        key=lambda pair: (pair[0].on, pair[1].number),
    )
    last: dict[str, tuple[TestLine, Charged]] = {}
    for test, bill in done:
        name = test.code or test.name
        before = last.get(name)
        last[name] = test, bill
        if before is None or before[1].house == bill.house:
            continue
        gap = (test.on - before[0].on).days
        if gap <= limits.repeat_days:
            yield _repeated(before, (test, bill), gap, limits.repeat_days)


def without_arrival(bills: Sequence[Charged]) -> Iterator[Suspected]:
    """Billed on a referral whose patient never arrived by it."""
    for bill in bills:
        if bill.referral_id is not None and bill.has_arrived is False:
            yield Suspected(
                Suspicion.NO_ARRIVAL,
                f"arrival:{bill.bill_id}",
                bill.house,
                (bill.bill_id,),
                bill.fund,
                {"second": bill.number},
                bill.referral_id,
            )


def is_test(name: str, code: str = "") -> bool:
    """A single test: with its code, or named more closely than by its group."""
    is_single = bool(code) or len(name) > _GROUP_NAME
    return is_single and any(word in name for word in TEST_WORDS)


def _group(bill: Charged) -> str:
    return bill.diagnosis[:3].upper()


def _back_above(down: Charged, bills: Sequence[Charged]) -> list[UUID]:
    return [
        one.bill_id
        for one in bills
        if one.is_stay
        and one.rank > down.rank
        and 0 <= (one.admitted_on - down.discharged_on).days <= _BACK_SOON
    ][:1]


def _repeated(
    before: tuple[TestLine, Charged],
    again: tuple[TestLine, Charged],
    gap: int,
    limit: int,
) -> Suspected:
    test, bill = again
    mark = f"test:{before[1].bill_id.hex[-12:]}:{bill.bill_id.hex[-12:]}"
    return Suspected(
        Suspicion.REPEATED_TEST,
        f"{mark}:{(test.code or test.name)[:40]}",
        bill.house,
        (before[1].bill_id, bill.bill_id),
        test.amount,
        {
            "test": test.name or test.code,
            "first": before[1].number,
            "second": bill.number,
            "gap": gap,
            "limit": limit,
        },
    )
