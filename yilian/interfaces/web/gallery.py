"""Every component in every state, on one page, with invented data.

It is looked at in screenshots and walked through by tests; it exists only in the
demo and in development.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.utils import timezone

from yilian.interfaces.web.pictures import COUNTY_TILES
from yilian.interfaces.web.words import HERE
from yilian.kernel.tier import Tier


@dataclass(frozen=True, slots=True)
class Shown:
    """A stay, a visit, a move, a line of money: whatever a component draws."""

    label: str = ""
    tier: Tier = Tier.VILLAGE
    start: date = date.min
    end: date | None = None
    href: str | None = None


@dataclass(frozen=True, slots=True)
class ShownMove:
    source: Tier
    target: Tier
    left: date
    reached: date
    label: str


@dataclass(frozen=True, slots=True)
class Money:
    label: str
    yuan: Decimal | None
    clause: str | None = None
    working: str | None = None
    kind: str | None = None


@dataclass(frozen=True, slots=True)
class Happened:
    at: datetime | None
    words: str
    who: str | None = None
    note: str | None = None
    kind: str | None = None


@dataclass(frozen=True, slots=True)
class CountyReading:
    words: str
    gap: Decimal | None
    href: str | None = None


@dataclass(frozen=True, slots=True)
class Coded:
    code: str
    words: str


@dataclass(frozen=True, slots=True)
class Exhibits:
    now: datetime
    start: date
    end: date
    stays: list[Shown]
    moves: list[ShownMove]
    bill: list[Money]
    happened: list[Happened]
    counties: dict[str, CountyReading]

    def after(self, **length: float) -> datetime:
        return self.now + timedelta(**length)


def exhibits() -> Exhibits:
    now = timezone.now()
    today = now.astimezone(HERE).date()
    start = today - timedelta(days=350)
    return Exhibits(
        now=now,
        start=start,
        end=today + timedelta(days=15),
        stays=_stays(start),
        moves=_moves(start),
        bill=BILL,
        happened=_happened(now),
        counties=_counties(),
    )


def codes(text: str) -> list[Coded]:
    wanted = text.strip().lower()
    return [
        c
        for c in CODES
        if wanted and wanted in f"{c.code} {c.words} {_initials[c.code]}".lower()
    ]


CODES = [
    Coded("I10.x00", "特发性高血压"),
    Coded("I21.000", "前壁急性透壁性心肌梗死"),
    Coded("E11.900", "2 型糖尿病不伴有并发症"),
    Coded("S72.000", "股骨颈骨折"),
]
_initials = {
    "I10.x00": "tfxgxy",
    "I21.000": "qbjxtbxxjgs",
    "E11.900": "exr",
    "S72.000": "ggjgz",
}

BILL = [
    Money("预计县级住院总费用", Decimal("6500")),
    Money("起付线补差", Decimal("300"), "NX-3.2-c", "500 − 200（乡镇卫生院已交）"),
    Money("统筹支付 75 %", Decimal("-4275")),
    Money("规范转诊，个人约付", Decimal("2225"), kind="sum"),
    Money("自行前往，比例减半", Decimal("4437.50"), "NX-3.2-d", kind="note"),
]


def _stays(start: date) -> list[Shown]:
    def on(days: int) -> date:
        return start + timedelta(days=days)

    visits = [
        (22, Tier.VILLAGE), (40, Tier.PRIMARY), (61, Tier.VILLAGE),
        (98, Tier.VILLAGE), (101, Tier.PRIMARY), (296, Tier.VILLAGE),
        (322, Tier.VILLAGE),
    ]  # fmt: skip
    dots = [Shown("随访", tier, on(days), None, "#lanes") for days, tier in visits]
    bars = [
        Shown("县级住院", Tier.SECONDARY, on(114), on(146), "#lanes"),
        Shown("三级住院", Tier.TERTIARY, on(152), on(208), "#lanes"),
        Shown("县级康复", Tier.SECONDARY, on(216), on(233), "#lanes"),
        Shown("乡镇康复", Tier.PRIMARY, on(238), on(266), "#lanes"),
    ]
    return dots + bars


def _moves(start: date) -> list[ShownMove]:
    def move(
        source: Tier, target: Tier, left: int, reached: int, label: str
    ) -> ShownMove:
        left_on, reached_on = (start + timedelta(days=d) for d in (left, reached))
        return ShownMove(source, target, left_on, reached_on, label)

    return [
        move(Tier.PRIMARY, Tier.SECONDARY, 101, 114, "上转"),
        move(Tier.SECONDARY, Tier.TERTIARY, 146, 152, "上转"),
        move(Tier.TERTIARY, Tier.SECONDARY, 208, 216, "下转"),
        move(Tier.SECONDARY, Tier.PRIMARY, 233, 238, "下转"),
        move(Tier.PRIMARY, Tier.VILLAGE, 266, 296, "下转"),
    ]


def _happened(now: datetime) -> list[Happened]:
    def before(hours: float) -> datetime:
        return now - timedelta(hours=hours)

    return [
        Happened(before(50), "提交", "望远镇卫生院", "血压两次未达标，请专科评估。"),
        Happened(
            before(49),
            "请补充资料",
            "永宁县人民医院",
            "请附近 3 个月的肾功能。",
            "urgent",
        ),
        Happened(before(30), "已补充", "望远镇卫生院"),
        Happened(before(29.5), "接收", "永宁县人民医院", "心内科，11 床。", "good"),
        Happened(None, "等待到诊", kind="now"),
    ]


def _counties() -> dict[str, CountyReading]:
    gaps = [-4, 2, 7, 12, -1, 0, 18, 5, None, -3, 9]
    found = {}
    for n, code in enumerate(COUNTY_TILES):
        gap = gaps[n % len(gaps)]
        if gap is not None:
            found[code] = CountyReading(f"{90 - gap} %", Decimal(gap), "#tiles")
    return found
