"""Statements with their signatures and disputes, and who may see what.

`one` and `other` are the two houses of a pair, the smaller id first, so that a
pair is found under one name.
"""

from typing import Final

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from yilian.foundation.access.actor import Actor, Reach, Role
from yilian.foundation.access.choices import values
from yilian.insurance.clearing.rules import statement as statements
from yilian.kernel.ids import new_id
from yilian.registry.consortium.models import Membership
from yilian.registry.consortium.rules import MemberRole
from yilian.registry.directory.queries import today

_HOUSE = "directory.Institution"
_CONSORTIUM = "consortium.Consortium"


def led_by(actor: Actor) -> "models.QuerySet[Membership]":
    """Consortia whose office this actor works in: its house leads them today."""
    leads = Membership.objects.on(today()).filter(institution=actor.institution_id)
    return leads.exclude(role=MemberRole.MEMBER.value)


def within_sight(actor: Actor, *sides: str) -> Q:
    """A house sees what it is party to, an office what its consortium's houses have
    among them; everybody else nothing."""
    if actor.reach is Reach.SYSTEM:
        return Q()
    seen = Q(pk__in=[])
    if actor.institution_id is None:
        return seen
    if actor.has(Role.FINANCE):
        for side in sides:
            seen |= Q(**{side: actor.institution_id})
    if actor.has(Role.CONSORTIUM_OFFICE):
        seen |= Q(consortium__in=led_by(actor).values("consortium"))
    return seen


# All that the application's role may change of a statement (migration 0002).
CHANGEABLE: Final = (
    "state", "one_owes", "other_owes", "one_adjusted", "other_adjusted", "lines",
    "digest", "half_confirmed_by", "drawn_at", "clock_from", "due_at", "revision",
)  # fmt: skip


class StatementQuerySet(models.QuerySet["Statement"]):
    def visible_to(self, actor: Actor) -> "StatementQuerySet":
        return self.filter(within_sight(actor, "one", "other"))


class Statement(models.Model):
    """What two houses owe each other for one month, 对账单.

    `one_owes` and `other_owes` are as drawn; adjustments stand beside them.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    number = models.CharField(_("对账单号"), max_length=24, unique=True)
    consortium = models.ForeignKey(_CONSORTIUM, models.PROTECT)
    period = models.DateField()
    one = models.ForeignKey(_HOUSE, models.PROTECT, related_name="+")
    other = models.ForeignKey(_HOUSE, models.PROTECT, related_name="+")
    state = models.CharField(max_length=16, default=statements.State.DRAWN.value)
    one_owes = models.DecimalField(max_digits=14, decimal_places=2)
    other_owes = models.DecimalField(max_digits=14, decimal_places=2)
    one_adjusted = models.DecimalField(
        max_digits=14, decimal_places=2
    )  # added to what one owes; negative takes away
    other_adjusted = models.DecimalField(max_digits=14, decimal_places=2)
    lines = models.PositiveIntegerField()
    digest = models.CharField(max_length=64)
    half_confirmed_by = models.ForeignKey(
        _HOUSE, models.PROTECT, null=True, related_name="+"
    )
    drawn_at = models.DateTimeField()
    clock_from = models.DateTimeField(null=True)
    due_at = models.DateTimeField(null=True)
    revision = models.PositiveIntegerField(default=0)

    objects = StatementQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["consortium", "period", "one", "other"], name="statement_once"
            ),
            models.CheckConstraint(
                condition=Q(one__lt=F("other")), name="statement_pair_in_order"
            ),
            models.CheckConstraint(
                condition=Q(period__day=1), name="statement_of_a_month"
            ),
            models.CheckConstraint(
                condition=Q(state__in=values(statements.State)),
                name="statement_state_known",
            ),
            models.CheckConstraint(
                condition=Q(
                    state=statements.State.HALF_CONFIRMED.value,
                    half_confirmed_by__isnull=False,
                )
                | ~Q(state=statements.State.HALF_CONFIRMED.value)
                & Q(half_confirmed_by=None),
                name="statement_half_confirmed_by_whom",
            ),
            models.CheckConstraint(
                condition=Q(half_confirmed_by=None)
                | Q(half_confirmed_by=F("one"))
                | Q(half_confirmed_by=F("other")),
                name="statement_confirmed_by_a_party",
            ),
        ]
        indexes = [
            models.Index(fields=["one", "-period"], name="statement_of_one"),
            models.Index(fields=["other", "-period"], name="statement_of_other"),
            models.Index(
                fields=["due_at"],
                condition=Q(due_at__isnull=False),
                name="statement_waiting",
            ),
        ]

    def __str__(self) -> str:
        return self.number


class StatementStep(models.Model):
    """What was done with a statement, by whom: also its signatures."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    statement = models.ForeignKey(Statement, models.PROTECT, related_name="steps")
    step = models.CharField(max_length=16)  # or "draw", "redraw"
    institution = models.ForeignKey(_HOUSE, models.PROTECT, null=True)
    taken_at = models.DateTimeField()
    taken_by = models.UUIDField(null=True)
    signer = models.CharField(max_length=60, blank=True)
    note = models.CharField(max_length=400, blank=True)
    amount = models.DecimalField(max_digits=14, decimal_places=2, null=True)

    class Meta:
        indexes = [
            models.Index(fields=["statement", "taken_at"], name="statement_time_line")
        ]


class Dispute(models.Model):
    """An objection to a statement, 异议; at most one is open."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    statement = models.ForeignKey(Statement, models.PROTECT, related_name="disputes")
    raised_by = models.ForeignKey(_HOUSE, models.PROTECT, related_name="+")
    reason = models.CharField(max_length=20)
    text = models.CharField(max_length=400)
    entry = models.ForeignKey("clearing.Entry", models.PROTECT, null=True)
    claimed = models.DecimalField(max_digits=14, decimal_places=2, null=True)
    state = models.CharField(max_length=12, default=statements.DisputeState.OPEN.value)
    raised_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["statement"],
                condition=Q(state=statements.DisputeState.OPEN.value),
                name="dispute_one_open_per_statement",
            ),
            models.CheckConstraint(
                condition=Q(reason__in=values(statements.Reason)),
                name="dispute_reason_known",
            ),
            models.CheckConstraint(
                condition=Q(state__in=values(statements.DisputeState)),
                name="dispute_state_known",
            ),
        ]


class DisputeAnswer(models.Model):
    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    dispute = models.ForeignKey(Dispute, models.PROTECT, related_name="answers")
    institution = models.ForeignKey(_HOUSE, models.PROTECT)
    answer = models.CharField(max_length=12)
    text = models.CharField(max_length=400)
    answered_at = models.DateTimeField()
    answered_by = models.UUIDField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(answer__in=values(statements.Answer)),
                name="dispute_answer_known",
            )
        ]
