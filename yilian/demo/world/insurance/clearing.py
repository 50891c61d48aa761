"""What houses of a consortium did for each other in a year: plain plans, no rows.

The lead reads ECGs and pictures, runs the laboratory and the sterile supply, delivers
drugs and sends doctors; townships and the TCM hospital do something back, so that
there is something to set off.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import Final

from yilian.demo.world.chance import stream
from yilian.demo.world.consortia import members
from yilian.demo.world.institutions.build import by_code
from yilian.insurance.clearing.rules.months import back, before, following, month_of
from yilian.insurance.clearing.rules.slip import Kind
from yilian.kernel.money import from_fen
from yilian.registry.consortium.rules import MemberRole
from yilian.registry.directory.rules import InstitutionKind

MONTHS: Final = 12
CONSORTIA: Final = ("CO-640121", "CO-640122", "CO-640422", "CO-640424", "HG-1")
_MOST_PARTNERS: Final = 7


@dataclass(frozen=True, slots=True)
class Item:
    """Of the invented price catalogue; `most` a month for a township."""

    code: str
    kind: Kind
    name: str
    unit: str
    fen: int
    most: int

    @property
    def price(self) -> Decimal:
        return from_fen(self.fen)


ITEMS: Final = (
    Item("YLXD-001", Kind.TELE_ECG, "远程心电诊断", "例", 2000, 90),
    Item("YLYX-001", Kind.TELE_IMAGING, "远程影像诊断（DR）", "例", 3000, 70),
    Item("YLYX-002", Kind.TELE_IMAGING, "远程影像诊断（CT）", "例", 6000, 25),
    Item("YLHZ-001", Kind.TELE_CONSULT, "远程单学科会诊", "次", 12000, 6),
    Item("YLHZ-002", Kind.TELE_CONSULT, "远程多学科会诊", "次", 30000, 3),
    Item("YLBL-001", Kind.TELE_PATHOLOGY, "远程病理诊断", "例", 9000, 12),
    Item("YLJY-001", Kind.LABORATORY, "送检生化全套", "份", 8500, 60),
    Item("YLJY-002", Kind.LABORATORY, "送检糖化血红蛋白", "份", 4500, 40),
    Item("YLJC-001", Kind.IMAGING, "影像中心 CT 平扫", "人次", 18000, 12),
    Item("YLXG-001", Kind.STERILISATION, "手术器械包清洗消毒", "包", 2800, 45),
    Item(
        "YLPS-001",
        Kind.DRUG_DELIVERY,
        "慢病长处方药品配送",
        "单",
        16250,
        30,
    ),
    Item("YLXP-001", Kind.DISPATCHED_STAFF, "下派主治医师", "人·日", 26000, 8),
    Item(
        "YLXP-002",
        Kind.DISPATCHED_STAFF,
        "上派基层医师跟班",
        "人·日",
        12000,
        10,
    ),
)
BY_CODE: Final[Mapping[str, Item]] = {item.code: item for item in ITEMS}
_DOWN: Final = (
    "YLXD-001", "YLYX-001", "YLYX-002", "YLHZ-001", "YLJY-001", "YLJY-002",
    "YLXG-001", "YLPS-001", "YLXP-001",
)  # fmt: skip
_BACK: Final = ("YLXP-002",)
_AMONG_HOSPITALS: Final = ("YLHZ-001", "YLHZ-002", "YLBL-001", "YLJC-001")


@dataclass(frozen=True, slots=True)
class Service:
    """So much of an item, done by a house for another; codes of institutions."""

    consortium: str
    provider: str
    requester: str
    item: Item
    quantity: Decimal
    day: date


def services(seed: int, today: date) -> Iterator[Service]:
    """Of the twelve months that have ended, and of the running one."""
    ended = back(before(month_of(today)), MONTHS)
    for consortium in CONSORTIA:
        for provider, requester, codes in _ties(consortium):
            rng = stream(seed, "clearing", consortium, provider, requester)
            chosen = [code for code in codes if rng.random() < _SHARE]
            for month in [*ended, month_of(today)]:
                last = min(following(month) - timedelta(days=1), today)
                for code in chosen or codes[:1]:
                    done = _done(rng, BY_CODE[code], month, last)
                    if done is not None:
                        yield Service(consortium, provider, requester, *done)


_SHARE: Final = 0.45
_IDLE: Final = 0.12


def _done(
    rng: Random, item: Item, month: date, last: date
) -> tuple[Item, Decimal, date] | None:
    quantity = Decimal(rng.randint(1, item.most))
    day = month + timedelta(days=rng.randrange((last - month).days + 1))
    return None if rng.random() < _IDLE else (item, quantity, day)


def _ties(consortium: str) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Who does what for whom."""
    inside = [one for one in members.memberships() if one.consortium == consortium]
    leads = [one.institution for one in inside if one.role is MemberRole.LEAD]
    others = _partners(
        one.institution for one in inside if one.institution not in leads
    )
    for other in others:
        is_hospital = by_code()[other].is_hospital
        codes = _AMONG_HOSPITALS if is_hospital else _DOWN
        yield leads[0], other, codes
        if not is_hospital:
            yield other, leads[0], _BACK
        elif consortium.startswith("CO-"):
            yield other, leads[0], _AMONG_HOSPITALS[:1]


_WITH: Final = frozenset(
    {
        InstitutionKind.GENERAL_HOSPITAL,
        InstitutionKind.TCM_HOSPITAL,
        InstitutionKind.MCH_INSTITUTION,
        InstitutionKind.TOWNSHIP_CENTER,
    }
)


def _partners(codes: Iterable[str]) -> list[str]:
    found = [code for code in dict.fromkeys(codes) if by_code()[code].kind in _WITH]
    open_ones = [code for code in found if by_code()[code].closed_on is None]
    return open_ones[:_MOST_PARTNERS]
