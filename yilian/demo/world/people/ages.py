"""Ages and birthdays."""

from datetime import date
from typing import Final

ADULT: Final = 18
OLD: Final = 60
ELDERLY: Final = 65
CHILD: Final = 7
_FEBRUARY: Final = 2


def age_on(born_on: date, day: date) -> int:
    had_birthday = (day.month, day.day) >= (born_on.month, born_on.day)
    return day.year - born_on.year - (not had_birthday)


def birthday(born_on: date, age: int) -> date:
    """Those born on 29 February come of age on 28 February."""
    day = min(born_on.day, 28) if born_on.month == _FEBRUARY else born_on.day
    return date(born_on.year + age, born_on.month, day)
