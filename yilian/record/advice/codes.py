"""What is measured: codes, units and the values a living person can have.

A value in a unit that is not listed here is rejected, never guessed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from yilian.kernel.text import _

LOINC: Final = "http://loinc.org"
SBP: Final = "8480-6"
DBP: Final = "8462-4"
# Ours, where LOINC has no code that we could verify.
ARM_DIFFERENCE: Final = "arm_bp_difference"
ANKLE_BRACHIAL: Final = "ankle_brachial_index"
KETONES: Final = "ketones_positive"


@dataclass(frozen=True, slots=True)
class Conversion:
    factor: Decimal = Decimal(1)
    minus: Decimal = Decimal(0)  # taken off first, for °F

    def __call__(self, value: Decimal) -> Decimal:
        return (value - self.minus) * self.factor


SAME: Final = Conversion()


@dataclass(frozen=True, slots=True)
class Analyte:
    """One measured thing; rules name it by `code`, in `unit`."""

    code: str
    name: str
    unit: str
    low: Decimal
    high: Decimal
    also: tuple[str, ...] = ()  # other LOINC codes for the same thing
    units: Mapping[str, Conversion] = field(default_factory=dict)

    def convert(self, value: Decimal, unit: str) -> Decimal | None:
        """The value in our unit; None when the unit is unknown."""
        conversion = self.units.get(_plain(unit))
        return None if conversion is None else conversion(value)

    def is_possible(self, value: Decimal) -> bool:
        return self.low <= value <= self.high


def _plain(unit: str) -> str:
    return "".join(unit.split()).casefold().replace("μ", "u").replace("µ", "u")


def _units(*same: str, **others: tuple[tuple[str, ...], str]) -> dict[str, Conversion]:
    table = {_plain(unit): SAME for unit in same}
    for names, factor in others.values():
        table |= {_plain(unit): Conversion(Decimal(factor)) for unit in names}
    return table


_KPA: Final = (("kPa", "千帕"), "7.50062")
_PRESSURE: Final = _units("mm[Hg]", "mmHg", "mm Hg", "毫米汞柱", kpa=_KPA)
_GLUCOSE: Final = {
    **_units("mmol/L", "毫摩尔/升"),
    "mg/dl": Conversion(Decimal(1) / Decimal("18.0")),
}
_CREATININE: Final = _units("umol/L", "微摩尔/升", mg=(("mg/dL",), "88.4"))
_RATE: Final = _units(
    "/min", "{beats}/min", "beats/min", "beats/minute", "bpm", "1/min", "次/分"
)
_TEMPERATURE: Final = {
    **_units("Cel", "°C", "℃", "C", "degC", "摄氏度"),
    **{
        _plain(unit): Conversion(Decimal(5) / Decimal(9), Decimal(32))
        for unit in ("[degF]", "°F", "℉", "degF")
    },
}
_FILTRATION: Final = _units(
    "mL/min/{1.73_m2}",
    "mL/min/{1.73m2}",
    "mL/min/1.73m2",
    "mL/min/1.73 m²",
    "mL/min/1.73_m2",
    "mL/min",
)
_ALBUMIN_RATIO: Final = _units(
    "mg/g", "mg/g{creat}", "ug/mg", "mg/gCr", molar=(("mg/mmol",), "8.84")
)
_MOLES: Final = _units("mmol/L", "毫摩尔/升")


def _analyte(  # noqa: PLR0917  (a table reads best by position)
    code: str,
    name: str,
    unit: str,
    low: str,
    high: str,
    units: Mapping[str, Conversion],
    *also: str,
) -> Analyte:
    return Analyte(code, name, unit, Decimal(low), Decimal(high), also, units)


ANALYTES: Final = (
    _analyte(SBP, _("收缩压"), "mm[Hg]", "20", "350", _PRESSURE),
    _analyte(DBP, _("舒张压"), "mm[Hg]", "10", "250", _PRESSURE),
    _analyte("8867-4", _("心率"), "/min", "0", "350", _RATE, "8889-8"),
    _analyte(
        "8310-5", _("体温"), "Cel", "20", "46", _TEMPERATURE, "8331-1", "8328-7"
    ),
    _analyte(
        "14771-0", _("空腹血糖"), "mmol/L", "0.1", "120", _GLUCOSE, "1558-6", "76629-5"
    ),
    _analyte(
        "14743-9", _("毛细血管血糖"), "mmol/L", "0.1", "120", _GLUCOSE,
        "41653-7", "32016-8", "2340-8",
    ),
    _analyte(
        "14749-6", _("血糖"), "mmol/L", "0.1", "120", _GLUCOSE,
        "2345-7", "2339-0", "15074-8",
    ),
    _analyte(
        "4548-4", _("糖化血红蛋白"), "%", "2", "25", _units("%", "%{Hb}"), "17856-6"
    ),
    _analyte(
        "14682-9", _("肌酐"), "umol/L", "5", "5000", _CREATININE, "2160-0", "38483-4"
    ),
    _analyte(
        "62238-1", _("估算肾小球滤过率"), "mL/min/{1.73_m2}", "0", "250", _FILTRATION,
        "33914-3", "48642-3", "48643-1", "88293-6", "98979-8", "69405-9", "77147-7",
    ),
    _analyte(
        "9318-7", _("尿白蛋白/肌酐"), "mg/g", "0", "30000", _ALBUMIN_RATIO,
        "14959-1", "32294-1", "14958-3",
    ),
    _analyte("2823-3", _("血钾"), "mmol/L", "0.5", "15",
             {**_MOLES, "meq/l": SAME}, "6298-4"),
    _analyte("6873-4", _("血β-羟丁酸"), "mmol/L", "0", "60", _MOLES),
    _analyte("2524-7", _("血乳酸"), "mmol/L", "0", "60", _MOLES,
             "2518-9", "32693-4"),
    _analyte(ANKLE_BRACHIAL, _("踝肱指数"), "1", "0", "5", _units("1", "{ratio}")),
    _analyte(ARM_DIFFERENCE, _("两臂收缩压差"), "mm[Hg]", "0", "200", _PRESSURE),
)  # fmt: skip

BY_CODE: Final[Mapping[str, Analyte]] = {
    code: analyte for analyte in ANALYTES for code in (analyte.code, *analyte.also)
}

# Qualitative ketones in urine or blood: read as the sign `ketones_positive`.
KETONE_CODES: Final = frozenset({"2514-8", "5797-6", "33903-6", "57734-6"})
