"""A new hop under a number that no other bears."""

from typing import Final

from django.db import connection

from yilian.care.referral.models import Referral
from yilian.care.referral.rules import numbers
from yilian.foundation.access.composed import Insertion
from yilian.kernel import calendar

_NEW: Final = Insertion(Referral)


def insert(referral: Referral) -> None:
    """Numbers are drawn, so that none can be guessed from another; of some ten
    thousand a day two may be drawn alike, and then it is drawn again."""
    day = calendar.local_day(referral.created_at)
    referral.number = numbers.new_number(day)
    while not _inserted(referral):
        referral.number = numbers.new_number(day)
    referral._state.adding = False


def _inserted(referral: Referral) -> bool:
    statement, told = _NEW.of(referral)
    with connection.cursor() as cursor:
        cursor.execute(f"{statement} ON CONFLICT (number) DO NOTHING", told)
        return bool(cursor.rowcount == 1)
