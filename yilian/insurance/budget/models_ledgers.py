"""Ledgers beside the pool: subsidies, distributable income, performance points.

Rows are inserted only; a correction is a reversal and a new row.
"""

from django.db import models
from django.db.models import F, Q

from yilian.foundation.access.choices import values
from yilian.insurance.budget.models_clearing import money
from yilian.insurance.budget.rules.states import PointKind
from yilian.kernel.ids import new_id


class SubsidyEntry(models.Model):
    """A fiscal subsidy on its own channel, linked to an assessment (NX-3.1-b, c)."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    institution = models.ForeignKey("directory.Institution", models.PROTECT)
    year = models.PositiveSmallIntegerField()
    channel = models.CharField(max_length=60)
    base = money()
    linked_rate = models.DecimalField(max_digits=7, decimal_places=6)
    score = models.DecimalField(max_digits=5, decimal_places=2)
    assessment = models.CharField(max_length=200)  # which result it rests on
    factor = models.DecimalField(max_digits=7, decimal_places=6)
    amount = money()
    evidence = models.CharField(max_length=200)
    reverses = models.OneToOneField("self", models.PROTECT, null=True, related_name="+")
    replaces = models.OneToOneField("self", models.PROTECT, null=True, related_name="+")
    by = models.ForeignKey(
        "identity.Account", models.PROTECT, null=True, related_name="+"
    )
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(score__gte=0, score__lte=100), name="subsidy_score_known"
            ),
            models.CheckConstraint(
                condition=Q(reverses=None, amount__gte=0)
                | Q(reverses__isnull=False, amount__lte=0),
                name="subsidy_sign_says_what_it_is",
            ),
            models.UniqueConstraint(
                fields=["institution", "year", "channel"],
                condition=Q(reverses=None, replaces=None),
                name="subsidy_once_a_year_and_channel",
            ),
        ]


class IncomeEntry(models.Model):
    """What a house may give its staff for a month: income − cost − funds (NX-3.3-a)."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    institution = models.ForeignKey("directory.Institution", models.PROTECT)
    month = models.DateField()  # its first day
    income = money()
    cost = money()
    funds = money()
    fund_rate = models.DecimalField(max_digits=7, decimal_places=6)
    staff_rate = models.DecimalField(max_digits=7, decimal_places=6)
    distributable = money()
    evidence = models.CharField(max_length=200)
    reverses = models.OneToOneField("self", models.PROTECT, null=True, related_name="+")
    replaces = models.OneToOneField("self", models.PROTECT, null=True, related_name="+")
    by = models.ForeignKey(
        "identity.Account", models.PROTECT, null=True, related_name="+"
    )
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(month__day=1), name="income_month_begins_on_the_first"
            ),
            models.CheckConstraint(
                condition=Q(reverses__isnull=False)
                | Q(
                    income__gte=0,
                    cost__gte=0,
                    funds__gte=0,
                    distributable__gte=0,
                    distributable__lte=F("income"),
                ),
                name="income_not_below_zero",
            ),
            models.UniqueConstraint(
                fields=["institution", "month"],
                condition=Q(reverses=None, replaces=None),
                name="income_once_a_month",
            ),
        ]


class PointsEntry(models.Model):
    """Performance points of one person in a month, and for what (NX-3.3-b)."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    institution = models.ForeignKey("directory.Institution", models.PROTECT)
    practitioner = models.ForeignKey("directory.Practitioner", models.PROTECT)
    month = models.DateField()
    kind = models.CharField(max_length=16)
    points = models.DecimalField(max_digits=8, decimal_places=2)
    ground = models.CharField(max_length=200)
    reverses = models.OneToOneField("self", models.PROTECT, null=True, related_name="+")
    by = models.ForeignKey(
        "identity.Account", models.PROTECT, null=True, related_name="+"
    )
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=values(PointKind)), name="points_kind_known"
            ),
            models.CheckConstraint(
                condition=Q(month__day=1), name="points_month_begins_on_the_first"
            ),
            models.CheckConstraint(
                condition=Q(reverses=None, points__gt=0)
                | Q(reverses__isnull=False, points__lt=0),
                name="points_sign_says_what_they_are",
            ),
        ]
        indexes = [
            models.Index(fields=["institution", "month"], name="points_of_a_month")
        ]
