"""Numbers by which a person is identified, 证件号码: kinds, checks, masking.

`check` is the one way in: it tidies what was typed, refuses what cannot be, and
tells what the number says (birth date, sex, area). Messages never carry the
number. The arithmetic of the 18 characters is in `resident_id.py`.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Final

from yilian.kernel import areas, resident_id
from yilian.kernel.errors import Invalid
from yilian.kernel.sex import Sex
from yilian.kernel.text import Text, _
from yilian.kernel.width import compact


class IdentityKind(StrEnum):
    ID_CARD = "id_card"
    HOUSEHOLD_BOOK = "household_book"
    PASSPORT = "passport"
    OFFICER_CARD = "officer_card"
    HKM_PERMIT = "hkm_permit"
    TAIWAN_PERMIT = "taiwan_permit"
    HMT_RESIDENCE = "hmt_residence"
    FOREIGNER_RESIDENCE = "foreigner_residence"
    BIRTH_CERTIFICATE = "birth_certificate"
    TEMPORARY = "temporary"
    MEDICAL_RECORD_NUMBER = "medical_record_number"
    INSURANCE_NUMBER = "insurance_number"
    OTHER = "other"


KIND_NAMES: Final[Mapping[IdentityKind, str]] = {
    IdentityKind.ID_CARD: _("居民身份证"),
    IdentityKind.HOUSEHOLD_BOOK: _("居民户口簿"),
    IdentityKind.PASSPORT: _("护照"),
    IdentityKind.OFFICER_CARD: _("军官证"),
    IdentityKind.HKM_PERMIT: _("港澳居民来往内地通行证"),
    IdentityKind.TAIWAN_PERMIT: _("台湾居民来往大陆通行证"),
    IdentityKind.HMT_RESIDENCE: _("港澳台居民居住证"),
    IdentityKind.FOREIGNER_RESIDENCE: _("外国人永久居留身份证"),
    IdentityKind.BIRTH_CERTIFICATE: _("出生医学证明"),
    IdentityKind.TEMPORARY: _("临时号"),
    IdentityKind.MEDICAL_RECORD_NUMBER: _("外院病案号"),
    IdentityKind.INSURANCE_NUMBER: _("医保个人编号"),
    IdentityKind.OTHER: _("其他证件"),
}

_WS_364_OTHER: Final = "99"
_WS_364: Final[Mapping[IdentityKind, str]] = {
    IdentityKind.ID_CARD: "01",
    IdentityKind.HOUSEHOLD_BOOK: "02",
    IdentityKind.PASSPORT: "03",
    IdentityKind.OFFICER_CARD: "04",
    IdentityKind.HKM_PERMIT: "06",
    IdentityKind.TAIWAN_PERMIT: "07",
}


def ws364_code(kind: IdentityKind) -> str:
    """Identity type code of WS 364, CV02.01.101 (05 is the driving licence)."""
    return _WS_364.get(kind, _WS_364_OTHER)


class IdentityNumberWrong(Invalid):
    code = "identity-number-wrong"


@dataclass(frozen=True, slots=True)
class Checked:
    """A number as it is kept, and what it says of its holder."""

    kind: IdentityKind
    value: str
    born_on: date | None = None
    sex: Sex | None = None
    area: str | None = None
    warnings: tuple[str, ...] = ()
    was_upgraded: bool = False  # typed with 15 digits, kept with 18


MAX_LENGTH: Final = 64
_OLDEST_LIKELY: Final = 120

_KEEPS_CASE: Final = frozenset({IdentityKind.MEDICAL_RECORD_NUMBER, IdentityKind.OTHER})

_SHAPES: Final[Mapping[IdentityKind, tuple[re.Pattern[str], str]]] = {
    IdentityKind.HOUSEHOLD_BOOK: (
        re.compile(r"[0-9A-Z]{6,18}"),
        _("户口簿编号应为 6 至 18 位数字或字母。"),
    ),
    IdentityKind.PASSPORT: (
        re.compile(r"[A-Z0-9]{5,17}"),
        _("护照号码应为 5 至 17 位字母或数字。"),
    ),
    IdentityKind.OFFICER_CARD: (
        re.compile(r"[0-9A-Z\u4e00-\u9fff-]{4,20}"),
        _("军官证编号应为 4 至 20 个汉字、字母或数字，如“军字第0000000号”。"),
    ),
    IdentityKind.HKM_PERMIT: (
        re.compile(r"[HM]\d{8}(\d{2})?", re.ASCII),
        _("港澳居民来往内地通行证号码应为 H 或 M 加 8 位（或 10 位）数字。"),
    ),
    IdentityKind.TAIWAN_PERMIT: (
        re.compile(r"\d{8}", re.ASCII),
        _("台湾居民来往大陆通行证号码应为 8 位数字。"),
    ),
    IdentityKind.BIRTH_CERTIFICATE: (
        re.compile(r"[A-Z]\d{9}", re.ASCII),
        _("出生医学证明编号应为 1 位字母加 9 位数字。"),
    ),
    IdentityKind.INSURANCE_NUMBER: (
        re.compile(r"[0-9A-Z]{6,30}"),
        _("医保个人编号应为 6 至 30 位数字或字母。"),
    ),
    IdentityKind.MEDICAL_RECORD_NUMBER: (
        re.compile(r"[^\W_](?:[\w./:|#-]*\w)?"),
        _("病案号只能由文字、数字和 . / : | # - _ 组成，并以文字或数字开头和结尾。"),
    ),
    IdentityKind.OTHER: (
        re.compile(r"[^\W_](?:[\w./:|#-]*\w)?"),
        _("证件号码只能由文字、数字和 . / : | # - _ 组成，并以文字或数字开头和结尾。"),
    ),
}

_HMT_AREAS: Final = ("810000", "820000", "830000")
_FOREIGNER: Final = "9"
_OLD_FOREIGNER_SHAPE: Final = re.compile(r"[A-Z]{3}\d{12}", re.ASCII)
_TEMPORARY_SHAPE: Final = re.compile(r"T[0-9A-Z]{2,30}?(\d{8})\d{4}", re.ASCII)
_TEMPORARY_SERIALS: Final = 10_000

_UNKNOWN_AREA: Final = _(
    "号码前六位的行政区划代码不在已知名单中（可能已撤销），请核对证件。"
)
_VERY_OLD: Final = _("按号码推算年龄超过 120 岁，请核对证件。")
_UPGRADED: Final = _("15 位老号码已按规则换算为 18 位，请核对新证件。")
_CENTENARIAN: Final = _("老号码的顺序码原为百岁老人专用，请核对出生日期。")


def check(kind: IdentityKind, raw: str, *, today: date) -> Checked:
    """What the number says; raises `IdentityNumberWrong` when it cannot be right.

    `today` is the day in Asia/Shanghai.
    """
    number = normalise(kind, raw)
    if not number:
        raise IdentityNumberWrong(_("请填写证件号码。"))
    if len(number) > MAX_LENGTH:
        raise IdentityNumberWrong(
            _("证件号码过长，最多 {max_length} 个字符。"), max_length=MAX_LENGTH
        )
    return _CHECKS.get(kind, _check_shape)(kind, number, today)


def normalise(kind: IdentityKind, raw: str) -> str:
    """Half-width, without spaces, capitals (foreign record numbers keep theirs)."""
    tidy = compact(raw)
    return tidy if kind in _KEEPS_CASE else tidy.upper().replace("×", "X")


def swapped_hint(raw: str) -> bool:
    """Whether two neighbouring digits may have changed places: then it is valid."""
    return bool(swap_candidates(raw))


def swap_candidates(raw: str) -> frozenset[str]:
    """Numbers that may have been meant; a registry may look whether it knows one."""
    number = normalise(IdentityKind.ID_CARD, raw)
    if len(number) != resident_id.LENGTH:
        return frozenset()
    return frozenset(
        candidate
        for candidate in resident_id.one_swap_away(number)
        if areas.is_known_county(candidate[:6]) or candidate[:6] in _HMT_AREAS
    )


def contradictions(
    checked: Checked, *, born_on: date | None, sex: Sex | None
) -> dict[str, str]:
    """Where entered facts disagree with the number: field name → words."""
    found = {}
    if born_on is not None and checked.born_on not in {None, born_on}:
        found["born_on"] = _("出生日期与证件号码中的不一致，请核对。")
    said = sex in {Sex.MALE, Sex.FEMALE}
    if said and checked.sex not in {None, sex}:
        found["sex"] = _("性别与证件号码所示不一致，请核对。")
    return found


def temporary_number(institution_code: str, day: date, serial: int) -> str:
    """For a newborn or an unknown person, until the real number is merged in."""
    if not 0 < serial < _TEMPORARY_SERIALS:
        raise ValueError("the day's serial of temporary numbers is out of range")
    return f"T{institution_code.upper()}{day:%Y%m%d}{serial:04d}"


def mask_identity(value: str) -> str:
    """640104********0029; of other lengths at most a quarter shows at each end."""
    if len(value) == resident_id.LENGTH:
        return f"{value[:6]}{'*' * 8}{value[-4:]}"
    shown = min(4, len(value) // 4)
    hidden = len(value) - 2 * shown
    return value[:shown] + "*" * hidden + value[len(value) - shown :]


def _check_shape(kind: IdentityKind, number: str, _today: date) -> Checked:
    shape, words = _SHAPES[kind]
    if shape.fullmatch(number) is None:
        raise IdentityNumberWrong(words)
    return Checked(kind, number)


def _check_id_card(kind: IdentityKind, number: str, today: date) -> Checked:
    if resident_id.has_old_shape(number):
        return _check_old(kind, number, today)
    _require_shape(kind, number)
    if number.startswith(_FOREIGNER):
        raise _other_kind(IdentityKind.FOREIGNER_RESIDENCE)
    if number.startswith(_HMT_AREAS):
        raise _other_kind(IdentityKind.HMT_RESIDENCE)
    return _read(kind, number, today, area=number[:6])


def _check_old(kind: IdentityKind, number: str, today: date) -> Checked:
    checked = _read(kind, resident_id.upgrade(number), today, area=number[:6])
    warnings = (*checked.warnings, _UPGRADED)
    if resident_id.was_for_centenarian(number):
        warnings = (*warnings, _CENTENARIAN)
    return Checked(
        kind,
        checked.value,
        checked.born_on,
        checked.sex,
        checked.area,
        warnings,
        was_upgraded=True,
    )


def _check_hmt_residence(kind: IdentityKind, number: str, today: date) -> Checked:
    _require_shape(kind, number)
    if not number.startswith(_HMT_AREAS):
        raise IdentityNumberWrong(
            _("港澳台居民居住证号码以 810000、820000 或 830000 开头。")
        )
    return _read(kind, number, today, area=number[:6])


def _check_foreigner(kind: IdentityKind, number: str, today: date) -> Checked:
    if _OLD_FOREIGNER_SHAPE.fullmatch(number):
        return Checked(kind, number)
    if len(number) == resident_id.OLD_LENGTH:
        raise IdentityNumberWrong(
            _("旧版外国人永久居留证号码应为 3 位字母加 12 位数字。")
        )
    _require_shape(kind, number)
    if not number.startswith(_FOREIGNER):
        raise IdentityNumberWrong(_("18 位外国人永久居留身份证号码以 9 开头。"))
    return _read(kind, number, today, area=number[1:3])


def _check_temporary(kind: IdentityKind, number: str, today: date) -> Checked:
    match = _TEMPORARY_SHAPE.fullmatch(number)
    if match is None:
        raise IdentityNumberWrong(
            _("临时号应为 T、机构代码、8 位日期和 4 位序号，由系统生成。")
        )
    try:
        issued_on = datetime.strptime(match[1], "%Y%m%d").date()  # noqa: DTZ007
    except ValueError:
        raise IdentityNumberWrong(_("临时号中的日期不存在。")) from None
    if issued_on > today:
        raise IdentityNumberWrong(_("临时号中的日期在今天之后。"))
    return Checked(kind, number)


_CHECKS: Final[Mapping[IdentityKind, Callable[[IdentityKind, str, date], Checked]]] = {
    IdentityKind.ID_CARD: _check_id_card,
    IdentityKind.HMT_RESIDENCE: _check_hmt_residence,
    IdentityKind.FOREIGNER_RESIDENCE: _check_foreigner,
    IdentityKind.TEMPORARY: _check_temporary,
}


def _other_kind(kind: IdentityKind) -> IdentityNumberWrong:
    return IdentityNumberWrong(
        _("这是{kind}的号码，请把证件类型改为“{kind}”。"), kind=Text(KIND_NAMES[kind])
    )


def _require_shape(kind: IdentityKind, number: str) -> None:
    if len(number) != resident_id.LENGTH:
        raise IdentityNumberWrong(
            _("{kind}号码应为 18 位，现在是 {length} 位，请检查是否多输或漏输。"),
            kind=Text(KIND_NAMES[kind]),
            length=len(number),
        )
    if not resident_id.has_shape(number):
        raise IdentityNumberWrong(
            _("{kind}号码只能是数字，首位不为 0，只有最后一位可以是 X。"),
            kind=Text(KIND_NAMES[kind]),
        )


def _read(kind: IdentityKind, number: str, today: date, *, area: str) -> Checked:
    """The facts in a number of 18 characters whose shape is right."""
    born_on = resident_id.birth_date(number)
    problem = _date_problem(born_on, today)
    if born_on is None or problem:
        raise _wrong(kind, number, problem)
    if not resident_id.has_right_check(number):
        words = _("{kind}号码的校验码（最后一位）与前 17 位不符，请对照证件逐位检查。")
        raise _wrong(kind, number, words)
    sex = resident_id.sex(number)
    warnings = _warnings(kind, area, born_on, today)
    return Checked(kind, number, born_on, sex, area, warnings)


def _date_problem(born_on: date | None, today: date) -> str:
    if born_on is None:
        return _("{kind}号码中的出生日期（第 7 至 14 位）不存在，请对照证件检查。")
    if born_on > today:
        return _("{kind}号码中的出生日期在今天之后，请对照证件检查第 7 至 14 位。")
    if born_on.year < resident_id.FIRST_YEAR:
        return _("{kind}号码中的出生日期早于 1850 年，请对照证件检查第 7 至 14 位。")
    return ""


def _wrong(kind: IdentityKind, number: str, words: str) -> IdentityNumberWrong:
    name = Text(KIND_NAMES[kind])
    if not swapped_hint(number):
        return IdentityNumberWrong(words, kind=name)
    problem = Text(words, {"kind": name})
    return IdentityNumberWrong(_("{problem}有两位数字可能输反了。"), problem=problem)


def _warnings(
    kind: IdentityKind, area: str, born_on: date, today: date
) -> tuple[str, ...]:
    warnings = []
    if kind is not IdentityKind.HMT_RESIDENCE and not areas.is_known_county(area):
        warnings.append(_UNKNOWN_AREA)
    if today.year - born_on.year > _OLDEST_LIKELY:
        warnings.append(_VERY_OLD)
    return tuple(warnings)
