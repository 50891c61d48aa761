"""Telephone numbers in China: mobile, landline and service numbers, 电话."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from yilian.kernel.errors import Invalid
from yilian.kernel.text import _
from yilian.kernel.width import compact


class PhoneKind(StrEnum):
    MOBILE = "mobile"
    LANDLINE = "landline"
    SERVICE = "service"
    FOREIGN = "foreign"


class PhoneWrong(Invalid):
    code = "phone-wrong"


@dataclass(frozen=True, slots=True)
class Phone:
    """`value` is how it is kept: 13812345678, 0951-6012345-801, +15551234567."""

    kind: PhoneKind
    value: str


NINGXIA_AREA_CODES: Final = {
    "0951": "6401",
    "0952": "6402",
    "0953": "6403",
    "0954": "6404",
    "0955": "6405",
}

_MAX_TYPED: Final = 40
_EXTENSION: Final = re.compile(r"(?:转|分机|ext\.?|x|#)", re.IGNORECASE)
_DASHES: Final = str.maketrans(dict.fromkeys("‐‑–—", "-"))
_ALLOWED: Final = re.compile(r"\+?[\d-]+", re.ASCII)
_COUNTRY: Final = re.compile(r"^(?:\+86|0086|86(?=1[3-9]\d{9}$))")

_MOBILE: Final = re.compile(r"1[3-9]\d{9}", re.ASCII)
# Three-digit area codes (010, 02x) go with eight digits, the others with 7 or 8.
_LANDLINE: Final = re.compile(
    r"(010|02\d)-?([2-9]\d{7})(?:-(\d{1,6}))?"
    r"|(0[3-9]\d{2})-?([2-9]\d{6,7})(?:-(\d{1,6}))?",
    re.ASCII,
)
_SERVICE: Final = re.compile(r"[48]00\d{7}|1\d{2}|12\d{3}|9[56]\d{3,4}", re.ASCII)
_FOREIGN: Final = re.compile(r"\+[1-9]\d{6,14}", re.ASCII)
_LOCAL_ONLY: Final = re.compile(r"[2-9]\d{6,7}", re.ASCII)


def check_phone(raw: str) -> Phone:
    """A number that can be dialled; raises `PhoneWrong` with what to correct."""
    typed = _tidy(raw)
    for read in (_mobile, _landline, _service, _foreign):
        phone = read(typed)
        if phone is not None:
            return phone
    raise PhoneWrong(_problem(typed))


def check_mobile(raw: str) -> str:
    """The eleven digits, for where a message must be able to arrive."""
    phone = _mobile(_tidy(raw))
    if phone is None:
        raise PhoneWrong(_("请填写 11 位手机号码（以 13 至 19 开头）。"))
    return phone.value


def mask_phone(value: str) -> str:
    """138****5678, 0951-****345."""
    if _MOBILE.fullmatch(value):
        return f"{value[:3]}****{value[-4:]}"
    area, dash, rest = value.partition("-")
    if dash:
        return f"{area}-****{rest.partition('-')[0][-3:]}"
    shown = min(3, len(value) // 3)
    return "*" * (len(value) - shown) + value[len(value) - shown :]


def tel_link(phone: Phone) -> str:
    """What a page puts behind a number, so that a telephone dials it."""
    if phone.kind is PhoneKind.MOBILE:
        return f"tel:+86{phone.value}"
    if phone.kind is PhoneKind.LANDLINE:
        area, local, *extension = phone.value.split("-")
        return f"tel:+86{area[1:]}{local}" + "".join(f";ext={e}" for e in extension)
    return f"tel:{phone.value}"


def _tidy(raw: str) -> str:
    if len(raw) > _MAX_TYPED:
        raise PhoneWrong(_("电话号码过长，请检查。"))
    typed = compact(raw).translate(_DASHES)
    if not typed:
        raise PhoneWrong(_("请填写电话号码。"))
    typed = _EXTENSION.sub("-", typed).replace("(", "").replace(")", "-")
    typed = re.sub("-+", "-", typed)
    if _ALLOWED.fullmatch(typed) is None:
        raise PhoneWrong(_("电话号码只能由数字、“-”和开头的“+”组成。"))
    return typed


def _mobile(typed: str) -> Phone | None:
    digits = _COUNTRY.sub("", typed.replace("-", ""))
    return Phone(PhoneKind.MOBILE, digits) if _MOBILE.fullmatch(digits) else None


def _landline(typed: str) -> Phone | None:
    national = re.sub(r"^(?:\+86|0086)-?0?(?=[1-9])", "0", typed)
    match = _LANDLINE.fullmatch(national)
    if match is None:
        return None
    return Phone(PhoneKind.LANDLINE, "-".join(part for part in match.groups() if part))


def _service(typed: str) -> Phone | None:
    digits = typed.replace("-", "")
    return Phone(PhoneKind.SERVICE, digits) if _SERVICE.fullmatch(digits) else None


def _foreign(typed: str) -> Phone | None:
    digits = typed.replace("-", "")
    if digits.startswith("+86") or _FOREIGN.fullmatch(digits) is None:
        return None
    return Phone(PhoneKind.FOREIGN, digits)


def _problem(typed: str) -> str:
    if _LOCAL_ONLY.fullmatch(typed.replace("-", "")):
        return _("固定电话请加上区号，如 0951-6012345。")
    if typed.startswith("1"):
        return _("手机号码应为 11 位，以 13 至 19 开头，请检查是否多输或漏输。")
    return _("电话号码不正确：手机 11 位，固定电话如 0951-6012345。")
