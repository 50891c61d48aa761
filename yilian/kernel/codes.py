"""Codes of institutions and of those who work in them, 机构代码.

Unified social credit code (GB 32100-2015), organisation code (GB 11714), practice
licence number (WS 218-2002), codes of designated institutions and staff in medical
insurance. Codes are no secrets, so messages may be shown beside them. The codes of
areas are in `areas.py`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from yilian.kernel.errors import Invalid
from yilian.kernel.text import _
from yilian.kernel.width import compact


class CodeWrong(Invalid):
    code = "code-wrong"


@dataclass(frozen=True, slots=True)
class PracticeLicence:
    """The parts of a practice licence number, 医疗机构执业许可证登记号."""

    value: str
    organisation: str
    area: str
    economic_type: str
    institution_class: str  # A1.. hospital, B1.. community centre, D.. village clinic
    management_class: str


class InsuranceCodeKind(StrEnum):
    HOSPITAL = "hospital"
    PHARMACY = "pharmacy"
    PHYSICIAN = "physician"
    NURSE = "nurse"


# Without I, O, S, V, Z, which look like digits or like one another.
_ALPHABET: Final = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_CREDIT_SHAPE: Final = re.compile(rf"[{_ALPHABET}]{{2}}\d{{6}}[{_ALPHABET}]{{10}}")
_CREDIT_WEIGHTS: Final = tuple(pow(3, place, 31) for place in range(17))

_ORGANISATION_SHAPE: Final = re.compile(r"[0-9A-Z]{8}[0-9X]")
_ORGANISATION_WEIGHTS: Final = (3, 7, 9, 10, 5, 8, 4, 2)
_ORGANISATION_CHECKS: Final[Mapping[int, str]] = {10: "X", 11: "0"}

_LICENCE_SHAPE: Final = re.compile(
    r"([0-9A-Z]{8}[0-9X])(\d{6})([0-9A-Z]{2})([A-Z][0-9A-Z]{3})([0-9A-Z])", re.ASCII
)

_INSURANCE_SHAPES: Final[Mapping[InsuranceCodeKind, tuple[re.Pattern[str], str]]] = {
    InsuranceCodeKind.HOSPITAL: (
        re.compile(r"H\d{11}", re.ASCII),
        _("定点医疗机构代码应为 H 加 6 位区划和 5 位序号。"),
    ),
    InsuranceCodeKind.PHARMACY: (
        re.compile(r"P\d{11}", re.ASCII),
        _("定点药店代码应为 P 加 6 位区划和 5 位序号。"),
    ),
    InsuranceCodeKind.PHYSICIAN: (
        re.compile(r"D\d{12}", re.ASCII),
        _("医保医师代码应为 D 加 6 位区划和 6 位序号。"),
    ),
    InsuranceCodeKind.NURSE: (
        re.compile(r"N\d{12}", re.ASCII),
        _("医保护士代码应为 N 加 6 位区划和 6 位序号。"),
    ),
}


def check_credit_code(raw: str) -> str:
    """A unified social credit code, 统一社会信用代码, as it is kept."""
    value = compact(raw).upper()
    if not _CREDIT_SHAPE.fullmatch(value) or not value.isascii():
        raise CodeWrong(
            _("统一社会信用代码应为 18 位数字或大写字母（不含 I、O、S、V、Z）。")
        )
    if value[17] != credit_check_character(value[:17]):
        raise CodeWrong(_("统一社会信用代码的校验码（最后一位）不符，请对照证书检查。"))
    return value


def credit_check_character(first17: str) -> str:
    total = sum(
        _ALPHABET.index(character) * weight
        for character, weight in zip(first17, _CREDIT_WEIGHTS, strict=True)
    )
    # The outer remainder matters when the sum is a multiple of 31.
    return _ALPHABET[(31 - total % 31) % 31]


def check_organisation_code(raw: str) -> str:
    """An organisation code, 组织机构代码, without its dash."""
    value = compact(raw).upper().replace("-", "")
    if not _ORGANISATION_SHAPE.fullmatch(value):
        raise CodeWrong(_("组织机构代码应为 8 位数字或字母加 1 位校验码。"))
    if value[8] != organisation_check_character(value[:8]):
        raise CodeWrong(_("组织机构代码的校验码（最后一位）不符，请对照证书检查。"))
    return value


def organisation_check_character(first8: str) -> str:
    total = sum(
        int(character, 36) * weight
        for character, weight in zip(first8, _ORGANISATION_WEIGHTS, strict=True)
    )
    check = 11 - total % 11
    return _ORGANISATION_CHECKS.get(check, str(check))


def check_practice_licence(raw: str) -> PracticeLicence:
    value = compact(raw).upper().replace("-", "")
    match = _LICENCE_SHAPE.fullmatch(value)
    if match is None:
        raise CodeWrong(
            _(
                "执业许可证登记号应为 22 位：组织机构代码 9 位、区划 6 位、"
                "经济类型 2 位、机构类别 4 位、管理类别 1 位。"
            )
        )
    return PracticeLicence(value, *match.groups())


def check_insurance_code(kind: InsuranceCodeKind, raw: str) -> str:
    value = compact(raw).upper()
    shape, words = _INSURANCE_SHAPES[kind]
    if not shape.fullmatch(value):
        raise CodeWrong(words)
    return value
