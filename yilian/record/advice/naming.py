"""What a missing code is called, for people."""

from collections.abc import Mapping
from typing import Final

from yilian.kernel.text import _
from yilian.record.advice.codes import BY_CODE
from yilian.record.advice.groups import GROUPS
from yilian.record.advice.symptoms import SIGNS

_OTHERS: Final[Mapping[str, str]] = {
    "birthDate": _("出生日期"),
    "onset": _("起病日期"),
    "medication": _("用药记录"),
    "medication.start": _("用药开始日期"),
    "antihypertensive": _("降压药用药记录"),
    "glucose_lowering": _("降糖药用药记录"),
    GROUPS["hypertension"].label: _("高血压诊断"),
    GROUPS["diabetes"].label: _("糖尿病诊断"),
}


def name_of(code: str) -> str:
    """The marked Chinese name of a code under `missing` or `not_asked`."""
    if code in SIGNS:
        return SIGNS[code].name
    if code in BY_CODE:
        return BY_CODE[code].name
    return _OTHERS.get(code, code)
