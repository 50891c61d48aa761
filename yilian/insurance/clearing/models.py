"""Slips, books, closed months. Money is numeric(14,2).

Entries, postings and closings are only ever inserted (migration 0002); that entries
balance and that nothing enters a closed month is the database's business (0003).
"""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from yilian.foundation.access.actor import Actor
from yilian.foundation.access.choices import values
from yilian.insurance.clearing.models_statement import Statement, within_sight
from yilian.insurance.clearing.rules import slip as slips
from yilian.insurance.clearing.rules.ledger import AccountKind, EntryKind
from yilian.kernel.ids import new_id

_HOUSE = "directory.Institution"
_CONSORTIUM = "consortium.Consortium"


class SharedServiceQuerySet(models.QuerySet["SharedService"]):
    def visible_to(self, actor: Actor) -> "SharedServiceQuerySet":
        return self.filter(within_sight(actor, "provider", "requester"))


class SharedService(models.Model):
    """A slip, 服务单: who did what for whom, at which price. No patient is named."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    number = models.CharField(_("服务单号"), max_length=24, unique=True)
    consortium = models.ForeignKey(_CONSORTIUM, models.PROTECT)
    provider = models.ForeignKey(_HOUSE, models.PROTECT, related_name="+")
    requester = models.ForeignKey(_HOUSE, models.PROTECT, related_name="+")
    kind = models.CharField(max_length=20)
    item_code = models.CharField(_("项目编码"), max_length=32)
    item_name = models.CharField(_("项目"), max_length=120)
    unit = models.CharField(_("计价单位"), max_length=20, blank=True)
    quantity = models.DecimalField(_("数量"), max_digits=11, decimal_places=2)
    unit_price = models.DecimalField(max_digits=14, decimal_places=2)
    total = models.DecimalField(max_digits=14, decimal_places=2)
    requester_percent = models.PositiveSmallIntegerField()
    owed = models.DecimalField(max_digits=14, decimal_places=2)
    performed_on = models.DateField(_("发生日期"))
    reference = models.CharField(_("业务单号"), max_length=60, blank=True)
    note = models.CharField(_("备注"), max_length=200, blank=True)
    state = models.CharField(max_length=16, default=slips.State.RECORDED.value)
    reason = models.CharField(max_length=200, blank=True)
    recorded_at = models.DateTimeField(default=timezone.now)
    recorded_by = models.UUIDField(null=True)
    decided_at = models.DateTimeField(null=True)
    decided_by = models.UUIDField(null=True)

    objects = SharedServiceQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(provider=F("requester")),
                name="slip_between_two_houses",
                violation_error_message=_("提供方与申请方不能相同。"),
            ),
            models.CheckConstraint(
                condition=Q(kind__in=values(slips.Kind)), name="slip_kind_known"
            ),
            models.CheckConstraint(
                condition=Q(state__in=values(slips.State)), name="slip_state_known"
            ),
            models.CheckConstraint(
                condition=Q(quantity__gt=0, unit_price__gt=0, owed__gt=0)
                & Q(owed__lte=F("total"), requester_percent__lt=slips.PERCENT),
                name="slip_amounts_possible",
            ),
        ]
        indexes = [
            models.Index(fields=["provider", "-recorded_at"], name="slip_of_provider"),
            models.Index(
                fields=["requester", "-recorded_at"], name="slip_of_requester"
            ),
            models.Index(
                fields=["consortium", "-recorded_at"], name="slip_of_consortium"
            ),
        ]

    def __str__(self) -> str:
        return self.number


class LedgerAccount(models.Model):
    """One account of a house against one counterparty."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    institution = models.ForeignKey(_HOUSE, models.PROTECT, related_name="+")
    counterparty = models.ForeignKey(_HOUSE, models.PROTECT, related_name="+")
    kind = models.CharField(max_length=12)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["institution", "counterparty", "kind"],
                name="ledger_account_once",
            ),
            models.CheckConstraint(
                condition=~Q(institution=F("counterparty")),
                name="ledger_account_against_another",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=values(AccountKind)),
                name="ledger_account_kind_known",
            ),
        ]


class EntryQuerySet(models.QuerySet["Entry"]):
    def visible_to(self, actor: Actor) -> "EntryQuerySet":
        return self.filter(within_sight(actor, "one", "other"))

    def of_statement(self, row: Statement) -> "EntryQuerySet":
        """The month's business between the two: what the statement is drawn from."""
        return self.filter(
            consortium=row.consortium_id, period=row.period, one=row.one_id,
            other=row.other_id, statement=None,
        )  # fmt: skip


class Entry(models.Model):
    """One event in the books, 分录. Its own day may lie before its period."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    consortium = models.ForeignKey(_CONSORTIUM, models.PROTECT)
    period = models.DateField()
    one = models.ForeignKey(_HOUSE, models.PROTECT, related_name="+")
    other = models.ForeignKey(_HOUSE, models.PROTECT, related_name="+")
    kind = models.CharField(max_length=12)
    event_kind = models.CharField(max_length=32)
    event_id = models.UUIDField()
    happened_on = models.DateField()
    text = models.CharField(max_length=200)
    clause = models.CharField(max_length=24)
    item_code = models.CharField(max_length=32, blank=True)
    # None: not by a split rule.
    requester_percent = models.PositiveSmallIntegerField(null=True)
    # What this entry adds to the claim of each upon the other.
    one_owes = models.DecimalField(max_digits=14, decimal_places=2)
    other_owes = models.DecimalField(max_digits=14, decimal_places=2)
    legs = models.PositiveSmallIntegerField()
    reverses = models.OneToOneField("self", models.PROTECT, null=True)
    # Set where it adjusts or pays one statement; else the month's business.
    statement = models.ForeignKey(
        Statement, models.PROTECT, null=True, related_name="entries"
    )
    posted_at = models.DateTimeField(db_default=Now())
    posted_by = models.UUIDField(null=True)

    objects = EntryQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["event_kind", "event_id"], name="entry_once_per_event"
            ),
            models.CheckConstraint(
                condition=Q(one__lt=F("other")), name="entry_pair_in_order"
            ),
            models.CheckConstraint(condition=Q(period__day=1), name="entry_of_a_month"),
            models.CheckConstraint(
                condition=Q(kind__in=values(EntryKind)), name="entry_kind_known"
            ),
            models.CheckConstraint(condition=Q(legs__gte=2), name="entry_has_two_legs"),
            models.CheckConstraint(
                condition=~Q(
                    kind__in=[EntryKind.PAYMENT.value, EntryKind.ADJUSTMENT.value],
                    statement=None,
                ),
                name="entry_pays_or_adjusts_a_statement",
            ),
        ]
        indexes = [
            models.Index(
                fields=["consortium", "period", "one", "other"], name="entry_of_pair"
            ),
            models.Index(fields=["one", "period"], name="entry_of_one"),
            models.Index(fields=["other", "period"], name="entry_of_other"),
        ]


class Posting(models.Model):
    """One leg of an entry: debit above zero, credit below."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    entry = models.ForeignKey(Entry, models.PROTECT, related_name="postings")
    account = models.ForeignKey(LedgerAccount, models.PROTECT, related_name="postings")
    amount = models.DecimalField(max_digits=14, decimal_places=2)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(amount=0), name="posting_is_not_nothing"
            ),
            models.UniqueConstraint(
                fields=["entry", "account"], name="posting_once_per_account"
            ),
        ]


class ClosedPeriod(models.Model):
    """A month that is closed for good, 关账."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    consortium = models.ForeignKey(_CONSORTIUM, models.PROTECT)
    period = models.DateField()
    entries = models.PositiveIntegerField()
    statements = models.PositiveIntegerField()
    disputed = models.PositiveIntegerField()
    turnover = models.DecimalField(
        max_digits=14, decimal_places=2
    )  # sum of the debit side
    digest = models.CharField(max_length=64)
    note = models.CharField(max_length=400, blank=True)
    closed_at = models.DateTimeField()
    closed_by = models.UUIDField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["consortium", "period"], name="period_closed_once"
            ),
            models.CheckConstraint(
                condition=Q(period__day=1), name="closed_period_is_a_month"
            ),
            models.CheckConstraint(
                condition=Q(disputed=0) | ~Q(note=""),
                name="closed_over_a_dispute_with_a_note",
            ),
        ]
