"""How a stay came, as the insurer decided it; filings, usual costs, anomalies."""

from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from yilian.foundation.access.choices import values
from yilian.insurance.settlement.models_person import COUNTY, MoneyQuerySet, money
from yilian.insurance.settlement.rules.case import Kind, Place, Referral
from yilian.insurance.settlement.rules.ledger import (
    BY_PEOPLE,
    UNDECIDED,
    FilingKind,
    FilingState,
    Source,
    Standing,
    Suspicion,
    SuspicionState,
)
from yilian.kernel.ids import new_id


class Decision(models.Model):
    """The referral state of a stay, with its reasons; the last in force counts.

    On a filing one person decides and another confirms (四眼原则); what was decided
    never changes, only whether it stands.
    """

    pk = models.CompositePrimaryKey("person_id", "id")
    person = models.ForeignKey(
        "population.Person", models.PROTECT, related_name="+", db_index=False
    )
    id = models.UUIDField(default=new_id, editable=False)
    bill_id = models.UUIDField()
    source = models.CharField(max_length=16)
    referral_state = models.CharField(max_length=24)
    # [{"key", "question", "holds", "clause"}]: what was looked at, in order.
    reasons = models.JSONField(default=list)
    referral = models.ForeignKey(
        "referral.Referral", models.PROTECT, null=True, related_name="+", db_index=False
    )
    filing_id = models.UUIDField(null=True)
    grants = models.BooleanField(default=True)  # False: the filing is refused
    standing = models.CharField(max_length=12, default=Standing.IN_FORCE.value)
    note = models.CharField(max_length=500, blank=True)
    decided_at = models.DateTimeField()
    decided_by = models.ForeignKey(
        "identity.Account", models.PROTECT, null=True, related_name="+", db_index=False
    )
    second_at = models.DateTimeField(null=True)
    second_by = models.ForeignKey(
        "identity.Account", models.PROTECT, null=True, related_name="+", db_index=False
    )
    second_note = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(source__in=values(Source)), name="decision_source_known"
            ),
            models.CheckConstraint(
                condition=Q(referral_state__in=values(Referral)),
                name="decision_state_known",
            ),
            models.CheckConstraint(
                condition=Q(standing__in=values(Standing)),
                name="decision_standing_known",
            ),
            models.CheckConstraint(
                condition=Q(second_by=None) | ~Q(second_by=F("decided_by")),
                name="decision_confirmed_by_another",
                violation_error_message=_("复核须由另一位经办人员进行。"),
            ),
            models.CheckConstraint(
                condition=~Q(source__in=values(BY_PEOPLE)) & Q(filing_id=None)
                | Q(source__in=values(BY_PEOPLE), standing=Standing.PROPOSED.value)
                & Q(filing_id__isnull=False, decided_by__isnull=False, second_by=None)
                | Q(source__in=values(BY_PEOPLE), filing_id__isnull=False)
                & ~Q(standing=Standing.PROPOSED.value)
                & Q(decided_by__isnull=False, second_by__isnull=False)
                & Q(second_at__isnull=False),
                name="decision_on_a_filing_by_two",
            ),
            models.UniqueConstraint(fields=["id"], name="decision_known_by_its_id"),
            models.UniqueConstraint(
                fields=["person", "filing_id"],
                condition=Q(standing=Standing.PROPOSED.value),
                name="decision_one_to_confirm",
            ),
        ]
        indexes = [
            models.Index(
                fields=["person", "bill_id", "-decided_at"], name="decision_of_bill"
            ),
        ]

    def __str__(self) -> str:
        return str(self.id)


class FilingQuerySet(MoneyQuerySet["Filing"]):
    def undecided(self) -> Self:
        return self.filter(state__in=values(UNDECIDED))


class Filing(models.Model):
    """An emergency registered late, or an appeal, with its evidence and its clock."""

    pk = models.CompositePrimaryKey("person_id", "id")
    person = models.ForeignKey(
        "population.Person", models.PROTECT, related_name="+", db_index=False
    )
    id = models.UUIDField(default=new_id, editable=False)
    bill_id = models.UUIDField()
    institution = models.ForeignKey(  # that treated; the same as the bill's
        "directory.Institution",
        models.PROTECT,
        null=True,
        related_name="+",
        db_index=False,
    )
    insured_area = models.CharField(max_length=6)
    kind = models.CharField(max_length=16)
    state = models.CharField(max_length=12, default=FilingState.OPEN.value)
    reason = models.CharField(max_length=500)
    triage_level = models.PositiveSmallIntegerField(null=True)
    has_rescue_record = models.BooleanField(default=False)
    files = ArrayField(models.UUIDField(), default=list)  # of foundation/files
    filed_at = models.DateTimeField()
    filed_by = models.ForeignKey(
        "identity.Account", models.PROTECT, null=True, related_name="+", db_index=False
    )
    due_at = models.DateTimeField()  # when the insurer must have decided
    closed_at = models.DateTimeField(null=True)

    objects = FilingQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=values(FilingKind)), name="filing_kind_known"
            ),
            models.CheckConstraint(
                condition=Q(state__in=values(UNDECIDED), closed_at=None)
                | Q(
                    state__in=values(set(FilingState) - UNDECIDED),
                    closed_at__isnull=False,
                ),
                name="filing_closed_when_decided",
            ),
            models.CheckConstraint(
                condition=Q(triage_level=None)
                | Q(triage_level__gte=1, triage_level__lte=4),
                name="filing_triage_level_known",
            ),
            models.CheckConstraint(
                condition=Q(insured_area__regex=COUNTY),
                name="filing_insured_in_a_county",
            ),
            models.UniqueConstraint(fields=["id"], name="filing_known_by_its_id"),
            models.UniqueConstraint(
                fields=["person", "bill_id"],
                condition=Q(state__in=values(UNDECIDED)),
                name="filing_one_at_a_time",
                violation_error_message=_("这张单据已有一项申请正在审核。"),
            ),
        ]
        indexes = [
            models.Index(
                fields=["insured_area", "due_at"],
                condition=Q(state__in=values(UNDECIDED)),
                name="filing_to_decide",
            ),
            models.Index(
                fields=["insured_area", "-filed_at", "id"], name="filing_of_area"
            ),
            models.Index(
                fields=["institution", "-filed_at", "id"], name="filing_of_house"
            ),
        ]

    def __str__(self) -> str:
        return str(self.id)


class UsualCost(models.Model):
    """What a stay for a group of diagnoses usually costs at a tier, 病种次均费用.

    Of the region's own settled bills; anew every night.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    area = models.CharField(max_length=6)
    diagnosis_group = models.CharField(max_length=8)  # three characters of ICD-10
    place = models.CharField(max_length=16)
    kind = models.CharField(max_length=16, default=Kind.INPATIENT.value)
    count = models.PositiveIntegerField()
    lower = money()  # first quartile of the total
    median = money()
    upper = money()
    in_scope_share = models.DecimalField(max_digits=5, decimal_places=4)
    refreshed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["area", "diagnosis_group", "place", "kind"],
                name="usual_cost_once",
            ),
            models.CheckConstraint(
                condition=Q(place__in=values(Place), kind__in=values(Kind)),
                name="usual_cost_place_known",
            ),
            models.CheckConstraint(
                condition=Q(
                    lower__gte=0, lower__lte=F("median"), median__lte=F("upper")
                ),
                name="usual_cost_in_order",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.diagnosis_group} {self.place}"


class AnomalyQuerySet(MoneyQuerySet["Anomaly"]):
    pass


class Anomaly(models.Model):
    """Something supervision should look at, 疑点; found by rule, judged by a person."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    kind = models.CharField(max_length=20)
    person = models.ForeignKey("population.Person", models.PROTECT, related_name="+")
    institution = models.ForeignKey(
        "directory.Institution",
        models.PROTECT,
        null=True,
        related_name="+",
        db_index=False,
    )
    insured_area = models.CharField(max_length=6)
    bills = ArrayField(models.UUIDField(), default=list)
    referral = models.ForeignKey(
        "referral.Referral", models.PROTECT, null=True, related_name="+", db_index=False
    )
    facts = models.JSONField(default=dict)
    mark = models.CharField(max_length=80, unique=True)  # found once
    amount = money(default=0)  # what is at stake
    found_at = models.DateTimeField()
    state = models.CharField(max_length=12, default=SuspicionState.OPEN.value)
    decided_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(
        "identity.Account", models.PROTECT, null=True, related_name="+", db_index=False
    )
    note = models.CharField(max_length=500, blank=True)

    objects = AnomalyQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=values(Suspicion)), name="anomaly_kind_known"
            ),
            models.CheckConstraint(
                condition=Q(state=SuspicionState.OPEN.value, decided_by=None)
                | Q(
                    state__in=values(set(SuspicionState) - {SuspicionState.OPEN}),
                    decided_by__isnull=False,
                    decided_at__isnull=False,
                )
                & ~Q(note=""),
                name="anomaly_judged_in_words",
            ),
        ]
        indexes = [
            models.Index(
                fields=["insured_area", "-found_at", "id"], name="anomaly_of_area"
            ),
            models.Index(
                fields=["institution", "-found_at", "id"], name="anomaly_of_house"
            ),
            models.Index(
                fields=["insured_area", "-found_at", "id"],
                condition=Q(state=SuspicionState.OPEN.value),
                name="anomaly_open_of_area",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"
