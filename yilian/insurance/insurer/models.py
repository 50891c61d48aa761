"""What was handed to the insurer and what it said; the line; days compared.

A transaction's facts never change: only how it stands does, along `rules.states.NEXT`
(a trigger refuses other moves), and each move leaves a row in `TransactionStep`.
"""

from typing import Final

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from yilian.foundation.access.actor import Actor, Reach, Role
from yilian.foundation.access.choices import values
from yilian.insurance.insurer.rules import comparing
from yilian.insurance.insurer.rules.states import (
    IN_THEIR_BOOK,
    OPEN,
    WITHOUT_EFFECT,
    Kind,
    State,
    Step,
)
from yilian.insurance.settlement.models_person import MoneyQuerySet, money
from yilian.kernel.ids import new_id

_ACCOUNT: Final = "identity.Account"
AMOUNTS: Final = (
    "total", "basic_pay", "supplement_pay", "serious_pay", "assistance_pay",
    "patient_pay", "account_pay",
)  # fmt: skip


class TransactionQuerySet(MoneyQuerySet["Transaction"]):
    pass


class Transaction(models.Model):
    """One settlement, or the red entry of one, on its way to the insurer."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    person = models.ForeignKey("population.Person", models.PROTECT, related_name="+")
    settlement_id = models.UUIDField()
    bill_id = models.UUIDField()
    number = models.CharField(_("结算单号"), max_length=24)
    kind = models.CharField(max_length=8)
    sequence = models.PositiveIntegerField()  # the settlement's, of the person
    attempt = models.PositiveSmallIntegerField(default=1)
    serial = models.CharField(_("流水号"), max_length=32)
    institution = models.ForeignKey(
        "directory.Institution", models.PROTECT, null=True, related_name="+"
    )
    institution_code = models.CharField(max_length=40)
    insured_area = models.CharField(max_length=6)
    reverses = models.ForeignKey(
        "self", models.PROTECT, null=True, related_name="reversals"
    )
    booked_on = models.DateField()
    total = money()
    basic_pay = money()
    supplement_pay = money()
    serious_pay = money()
    assistance_pay = money()
    patient_pay = money()
    account_pay = money()
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(
        _ACCOUNT, models.PROTECT, null=True, related_name="+"
    )
    # How it stands.
    state = models.CharField(max_length=12, default=State.QUEUED.value)
    tries = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    unknown_since = models.DateTimeField(null=True)
    answered_at = models.DateTimeField(null=True)
    fault = models.CharField(max_length=16, blank=True)
    code = models.CharField(max_length=40, blank=True)  # why refused
    reference = models.CharField(_("对方受理号"), max_length=64, blank=True)

    objects = TransactionQuerySet.as_manager()

    CHANGES = (
        "state", "tries", "due_at", "sent_at", "unknown_since", "answered_at",
        "fault", "code", "reference",
    )  # fmt: skip

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=values(State)), name="transaction_state_known"
            ),
            models.CheckConstraint(
                condition=Q(kind=Kind.BOOK.value, reverses=None)
                | Q(kind=Kind.REVERSE.value, reverses__isnull=False),
                name="transaction_reverses_another",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=values(IN_THEIR_BOOK)) | ~Q(reference=""),
                name="transaction_booked_has_their_number",
            ),
            models.CheckConstraint(
                condition=~Q(state=State.UNKNOWN.value)
                | Q(unknown_since__isnull=False),
                name="transaction_unknown_since_when",
            ),
            models.CheckConstraint(
                condition=Q(
                    total=F("basic_pay")
                    + F("supplement_pay")
                    + F("serious_pay")
                    + F("assistance_pay")
                    + F("patient_pay")
                ),
                name="transaction_adds_up",
            ),
            models.UniqueConstraint(
                fields=["institution_code", "serial"], name="transaction_serial_once"
            ),
            models.UniqueConstraint(
                fields=["settlement_id", "attempt"], name="transaction_attempt_once"
            ),
            models.UniqueConstraint(
                fields=["settlement_id"],
                condition=~Q(state__in=values(WITHOUT_EFFECT)),
                name="transaction_one_of_a_settlement",
                violation_error_message=_("这张结算单已经在发送。"),
            ),
        ]
        indexes = [
            models.Index(
                fields=["due_at"],
                condition=Q(state__in=values(OPEN)),
                name="transaction_open",
            ),
            models.Index(fields=["person", "sequence"], name="transaction_of_person"),
            models.Index(fields=["bill_id"], name="transaction_of_bill"),
            models.Index(
                fields=["booked_on", "insured_area"], name="transaction_by_day"
            ),
            models.Index(
                fields=["state", "-created_at", "id"], name="transaction_newest"
            ),
        ]

    def __str__(self) -> str:
        return self.serial


class TransactionStep(models.Model):
    """What became of it, in order; inserted only."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    transaction = models.ForeignKey(Transaction, models.PROTECT, related_name="steps")
    step = models.CharField(max_length=12)
    to_state = models.CharField(max_length=12)
    fault = models.CharField(max_length=16, blank=True)
    code = models.CharField(max_length=40, blank=True)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(step__in=values(Step), to_state__in=values(State)),
                name="transaction_step_known",
            ),
        ]
        indexes = [models.Index(fields=["transaction", "at"], name="steps_in_order")]

    def __str__(self) -> str:
        return self.step


class Line(models.Model):
    """The connection, one row: since when settlements go out, and when it rests."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    opened_on = models.DateField()
    not_before = models.DateTimeField(null=True)
    failures = models.PositiveIntegerField(default=0)
    fault = models.CharField(max_length=16, blank=True)
    failed_at = models.DateTimeField(null=True)
    answered_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="line_is_one")]

    def __str__(self) -> str:
        return "line"


class ReconciliationQuerySet(models.QuerySet["Reconciliation"]):
    def visible_to(self, actor: Actor) -> "ReconciliationQuerySet":
        if actor.reach is Reach.SYSTEM:
            return self
        if actor.reach is Reach.AREA and actor.has(Role.INSURER) and actor.area_code:
            return self.filter(area_code__startswith=actor.area_code)
        return self.none()


class Reconciliation(models.Model):
    """A day of an area in both books, 对账. Done once; a second look is another row."""

    class Progress(models.TextChoices):
        ASKED = "asked", _("进行中")
        DONE = "done", _("已完成")
        FAILED = "failed", _("未完成")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    day = models.DateField()
    area_code = models.CharField(max_length=6)
    state = models.CharField(max_length=8, default=Progress.ASKED)
    asked_at = models.DateTimeField()
    asked_by = models.ForeignKey(_ACCOUNT, models.PROTECT, null=True, related_name="+")
    done_at = models.DateTimeField(null=True)
    fault = models.CharField(max_length=16, blank=True)
    ours_count = models.PositiveIntegerField(default=0)
    ours_total = money(default=0)
    ours_fund = money(default=0)
    theirs_count = models.PositiveIntegerField(default=0)
    theirs_total = money(default=0)
    theirs_fund = money(default=0)
    differences = models.PositiveIntegerField(default=0)

    objects = ReconciliationQuerySet.as_manager()

    CHANGES = (
        "state", "done_at", "fault", "ours_count", "ours_total", "ours_fund",
        "theirs_count", "theirs_total", "theirs_fund", "differences",
    )  # fmt: skip

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["asked", "done", "failed"]),
                name="reconciliation_state_known",
            ),
            models.UniqueConstraint(
                fields=["day", "area_code"],
                condition=Q(state="asked"),
                name="reconciliation_one_at_a_time",
                violation_error_message=_("这一天正在对账，请稍候。"),
            ),
        ]
        indexes = [models.Index(fields=["-asked_at", "id"], name="reconciled_newest")]

    def __str__(self) -> str:
        return f"{self.day} {self.area_code}"

    @property
    def state_name(self) -> str:
        return str(self.Progress(self.state).label)


class Difference(models.Model):
    """One thing in which the books of a day do not agree."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    reconciliation = models.ForeignKey(
        Reconciliation, models.PROTECT, related_name="found"
    )
    kind = models.CharField(max_length=12)
    transaction = models.ForeignKey(
        Transaction, models.PROTECT, null=True, related_name="+"
    )
    institution_code = models.CharField(max_length=40)
    serial = models.CharField(max_length=64)
    ours_total = money(null=True)
    ours_fund = money(null=True)
    theirs_total = money(null=True)
    theirs_fund = money(null=True)
    closed_at = models.DateTimeField(null=True)
    closed_by = models.ForeignKey(_ACCOUNT, models.PROTECT, null=True, related_name="+")
    note = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=values(comparing.Difference)),
                name="difference_kind_known",
            ),
            models.CheckConstraint(
                condition=Q(closed_at=None, note="")
                | Q(closed_at__isnull=False) & ~Q(note=""),
                name="difference_closed_with_a_note",
            ),
            models.UniqueConstraint(
                fields=["reconciliation", "institution_code", "serial"],
                name="difference_once",
            ),
        ]

    def __str__(self) -> str:
        return self.serial
