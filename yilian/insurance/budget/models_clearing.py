"""What a year comes to: clearings, what was said to them, members' shares.

Rows are inserted only. Who said what to a clearing stands in `ClearingAct`; a
returned clearing is replaced by the next one, which names the return.
"""

from decimal import Decimal
from typing import Any

from django.db import models
from django.db.models import F, Q
from django.db.models.fields import NOT_PROVIDED

from yilian.foundation.access.choices import values
from yilian.insurance.budget.rules.states import Act, ClearingKind, Level
from yilian.kernel.ids import new_id


def money(default: Any = NOT_PROVIDED) -> "models.DecimalField[Decimal, Decimal]":
    return models.DecimalField(max_digits=14, decimal_places=2, default=default)


class Clearing(models.Model):
    """A pre-settlement or the year's clearing, with its working, frozen."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    pool = models.ForeignKey("budget.Pool", models.PROTECT, related_name="clearings")
    revision = models.ForeignKey("budget.PoolRevision", models.PROTECT)
    kind = models.CharField(max_length=12)
    number = models.CharField(max_length=32, unique=True)
    replaces = models.OneToOneField(
        "budget.ClearingAct", models.PROTECT, null=True, related_name="+"
    )
    # The confirmed clearing of the year that a supplementary one goes on from.
    supplements = models.ForeignKey(
        "self", models.PROTECT, null=True, related_name="supplemented_by"
    )
    reason = models.CharField(max_length=300, blank=True)
    evidence = models.CharField(max_length=200, blank=True)
    until = models.DateField()  # use of the days before this one
    inside = money()
    outside = money()
    carried = money(default=0)  # of years cleared before
    refused = money()
    unreasonable = money()
    score = models.DecimalField(max_digits=5, decimal_places=2)
    available = money()
    actual = money()
    balance = money()
    retained = money()
    fund_share = money()
    consortium_share = money()
    advanced = money()
    due = money()  # still to be paid by the insurer, or (negative) to be given back
    working = models.JSONField()
    digest = models.CharField(max_length=64)
    made_by = models.ForeignKey(
        "identity.Account", models.PROTECT, null=True, related_name="+"
    )
    made_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=values(ClearingKind)), name="clearing_kind_known"
            ),
            models.CheckConstraint(
                condition=Q(
                    actual=F("inside") + F("outside") + F("carried") - F("refused"),
                    balance=F("available") - F("actual"),
                ),
                name="clearing_adds_up",
            ),
            models.CheckConstraint(
                condition=Q(
                    balance__gte=0,
                    retained__gte=0,
                    retained__lte=F("balance"),
                    fund_share=0,
                    consortium_share=0,
                )
                | Q(
                    balance__lt=0,
                    retained=0,
                    fund_share__gte=0,
                    consortium_share__gte=0,
                    balance=-F("fund_share") - F("consortium_share"),
                ),
                name="clearing_shares_the_whole_balance",
            ),
            models.CheckConstraint(
                condition=Q(
                    due=F("actual")
                    + F("retained")
                    - F("consortium_share")
                    - F("advanced")
                ),
                name="clearing_due_is_what_is_left",
            ),
            models.CheckConstraint(
                condition=Q(score__gte=0, score__lte=100), name="clearing_score_known"
            ),
            models.UniqueConstraint(
                fields=["pool"],
                condition=Q(kind="final", replaces=None),
                name="clearing_final_once_a_year",
            ),
            models.CheckConstraint(
                condition=Q(kind="supplement", supplements__isnull=False)
                & ~Q(reason="")
                & ~Q(evidence="")
                | ~Q(kind="supplement") & Q(supplements=None, reason=""),
                name="clearing_supplement_says_what_and_why",
            ),
            models.UniqueConstraint(
                fields=["supplements"],
                condition=Q(supplements__isnull=False, replaces=None),
                name="clearing_supplemented_once",
            ),
        ]


class ClearingAct(models.Model):
    """Confirmed by the insurer (not by whoever counted), by the consortium, or
    returned."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    clearing = models.ForeignKey(Clearing, models.PROTECT, related_name="acts")
    act = models.CharField(max_length=12)
    note = models.CharField(max_length=300, blank=True)
    by = models.ForeignKey("identity.Account", models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(act__in=values(Act)), name="clearing_act_known"
            ),
            models.CheckConstraint(
                condition=~Q(act="returned", note=""), name="clearing_return_says_why"
            ),
            models.UniqueConstraint(
                fields=["clearing", "act"], name="clearing_act_once"
            ),
            models.UniqueConstraint(
                fields=["clearing", "by"],
                condition=~Q(act="returned"),
                name="clearing_confirmed_by_two",
            ),
        ]


class Share(models.Model):
    """A member's part of what is kept, or (negative) of what is to be borne."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    clearing = models.ForeignKey(Clearing, models.PROTECT, related_name="shares")
    institution = models.ForeignKey("directory.Institution", models.PROTECT)
    level = models.CharField(max_length=12)
    level_amount = money()
    weight = models.DecimalField(max_digits=8, decimal_places=4)
    performance = models.DecimalField(max_digits=6, decimal_places=4)
    amount = money()
    rule = models.CharField(max_length=200)
    made_by = models.ForeignKey(
        "identity.Account", models.PROTECT, null=True, related_name="+"
    )
    made_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(level__in=values(Level)), name="share_level_known"
            ),
            models.CheckConstraint(
                condition=Q(weight__gt=0, performance__gte=0),
                name="share_weight_known",
            ),
            models.UniqueConstraint(
                fields=["clearing", "institution"], name="share_once_a_member"
            ),
        ]
        indexes = [models.Index(fields=["institution"], name="share_of_institution")]
