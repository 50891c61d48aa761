"""Sums of what was booked, so that no page adds up years of settlements.

Made of the settlements, and of nothing else: what is booked never changes, and a day
that is over gets no more rows. `SummedUntil` says how far; later days are added up
from the rows themselves.
"""

from django.db import models
from django.db.models import Q

from yilian.insurance.settlement.models_person import money
from yilian.kernel.ids import new_id


class _Sum(models.Model):
    """`booked_on` is the day, or the first of the month; amounts are signed."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    booked_on = models.DateField()
    insured_area = models.CharField(max_length=6)
    institution = models.ForeignKey(
        "directory.Institution",
        models.PROTECT,
        null=True,
        related_name="+",
        db_index=False,
    )
    place = models.CharField(max_length=16)
    kind = models.CharField(max_length=16)
    scheme = models.CharField(max_length=16)
    insurance = models.CharField(max_length=16)
    referral_state = models.CharField(max_length=24, blank=True)
    entry = models.CharField(max_length=12)
    number = models.PositiveIntegerField()  # rows
    total = money()
    basic_pay = money()
    supplement_pay = money()
    serious_pay = money()
    assistance_pay = money()
    patient_pay = money()

    class Meta:
        abstract = True
        constraints = [
            models.UniqueConstraint(
                fields=[
                    "insured_area", "booked_on", "institution", "place", "kind",
                    "scheme", "insurance", "referral_state", "entry",
                ],
                nulls_distinct=False,
                name="%(class)s_once",
            ),
            models.CheckConstraint(
                condition=Q(number__gt=0), name="%(class)s_of_rows"
            ),
        ]  # fmt: skip
        indexes = [
            models.Index(fields=["institution", "booked_on"], name="%(class)s_house"),
            models.Index(fields=["booked_on"], name="%(class)s_when"),
        ]

    def __str__(self) -> str:
        return f"{self.booked_on} {self.insured_area}"


class DaySum(_Sum):
    """Of a day that is over."""


class MonthSum(_Sum):
    """Of the days of a month that are over."""


class SummedUntil(models.Model):
    """One row: the days before this one are in the sums."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    until = models.DateField()
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(id=1), name="summed_until_one_day"),
        ]

    def __str__(self) -> str:
        return str(self.until)
