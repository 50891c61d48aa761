"""Sex as it is registered, 性别 (GB/T 2261.1)."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from yilian.kernel.text import _


class Sex(StrEnum):
    MALE = "male"
    FEMALE = "female"
    UNKNOWN = "unknown"
    NOT_STATED = "not_stated"


SEX_NAMES: Final[Mapping[Sex, str]] = {
    Sex.MALE: _("男"),
    Sex.FEMALE: _("女"),
    Sex.UNKNOWN: _("未知的性别"),
    Sex.NOT_STATED: _("未说明的性别"),
}

GB_CODES: Final[Mapping[Sex, str]] = {
    Sex.UNKNOWN: "0",
    Sex.MALE: "1",
    Sex.FEMALE: "2",
    Sex.NOT_STATED: "9",
}
