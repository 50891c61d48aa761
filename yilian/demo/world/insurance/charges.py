"""Invented charges of the right order of size: what a stay or a visit is made of."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, Final

from yilian.insurance.settlement.rules.case import Place, Scheme
from yilian.kernel.money import plain_yuan


@dataclass(frozen=True, slots=True)
class Charge:
    name: str
    catalog_class: str
    fen: int
    rate: str = ""
    over: int = 0


@dataclass(frozen=True, slots=True)
class _Part:
    """A part of the bill, in thousandths; of class B with what is paid first."""

    name: str
    catalog_class: str
    share: int
    rate: str = ""
    over_share: int = 0  # of it above the payment standard, in thousandths


_STAY: Final = (
    _Part("床位和护理", "A", 130),
    _Part("检查", "A", 150),
    _Part("大型设备检查", "B", 70, "0.10"),
    _Part("化验", "A", 110),
    _Part("西药（甲类）", "A", 210),
    _Part("西药（乙类）", "B", 130, "0.10"),
    _Part("治疗和手术", "A", 120),
    _Part("目录外项目", "C", 80),
)
_WITH_DEVICE: Final = (
    _Part("床位和护理", "A", 80),
    _Part("检查", "A", 90),
    _Part("化验", "A", 60),
    _Part("西药（甲类）", "A", 120),
    _Part("西药（乙类）", "B", 90, "0.10"),
    _Part("治疗和手术", "A", 190),
    _Part("医用耗材", "B", 300, "0.15", 120),
    _Part("目录外项目", "C", 70),
)
_DEVICES: Final = ("I21", "S72", "H25", "I20")
_BASE: Final[Mapping[Place, int]] = {  # yuan
    Place.VILLAGE: 900,
    Place.PRIMARY: 2400,
    Place.SECONDARY: 6300,
    Place.TERTIARY: 15800,
    Place.OUTSIDE: 26000,
}
_WEIGHT: Final[Mapping[str, float]] = {
    "I21": 2.4, "I20": 1.3, "I63": 1.5, "I61": 2.1, "S72": 2.6, "K35": 1.1, "C34": 2.2,
    "C16": 2.2, "J44": 1.1, "J18": 0.8, "H25": 0.9, "O80": 0.7, "O82": 1.0, "I10": 0.75,
    "E11": 0.85, "F20": 1.0, "A09": 0.5, "J45": 0.7,
}  # fmt: skip
_VISIT: Final[Mapping[Place, tuple[int, int]]] = {
    Place.VILLAGE: (16, 72),
    Place.PRIMARY: (38, 190),
    Place.SECONDARY: (120, 420),
    Place.TERTIARY: (160, 620),
    Place.OUTSIDE: (200, 700),
}
_SPECIAL: Final = (180, 460)
_USUAL_DAYS: Final = 8


def stay(rng: Random, place: Place, diagnosis: str, days: int) -> list[Charge]:
    """Dearer the higher the tier, the graver the illness, the longer the stay."""
    weight = _WEIGHT.get(diagnosis[:3], 1.0)
    length = (0.55 + 0.45 * max(days, 1) / _USUAL_DAYS) ** 0.6
    fen = int(_BASE[place] * 100 * weight * length * rng.lognormvariate(0, 0.22))
    has_device = diagnosis[:3] in _DEVICES and place is not Place.PRIMARY
    return _split(rng, fen, _WITH_DEVICE if has_device else _STAY)


def visit(rng: Random, place: Place, scheme: Scheme) -> list[Charge]:
    low, high = _SPECIAL if scheme is Scheme.SPECIAL_DISEASE else _VISIT[place]
    fen = rng.randrange(low * 100, high * 100)
    if scheme is not Scheme.ORDINARY:
        return [Charge("西药（甲类）", "A", fen)]
    second = fen * rng.randrange(15, 45) // 100
    return [
        Charge("西药（甲类）", "A", fen - second),
        Charge("检查化验", "A", second)
        if rng.random() < 0.6  # noqa: PLR2004
        else Charge("西药（乙类）", "B", second, "0.10"),
    ]


def lines(charges: Sequence[Charge]) -> list[dict[str, Any]]:
    """As a bill keeps them (docs/settle.md)."""
    return [_line(charge) for charge in charges if charge.fen]


def _split(rng: Random, fen: int, parts: Sequence[_Part]) -> list[Charge]:
    weights = [part.share * rng.uniform(0.8, 1.2) for part in parts]
    whole = sum(weights)
    shares = [int(fen * weight / whole) for weight in weights]
    shares[0] += fen - sum(shares)
    return [
        Charge(part.name, part.catalog_class, share, part.rate,
               share * part.over_share // 1000)
        for part, share in zip(parts, shares, strict=True)
    ]  # fmt: skip


def _line(charge: Charge) -> dict[str, Any]:
    found = {
        "catalog_class": charge.catalog_class,
        "amount": plain_yuan(charge.fen),
        "name": charge.name,
    }
    if charge.rate:
        found["self_pay_first_rate"] = charge.rate
    if charge.over:
        found["over_limit"] = plain_yuan(charge.over)
    return found
