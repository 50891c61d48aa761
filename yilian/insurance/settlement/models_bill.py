"""What was charged, and what was settled of it."""

from typing import Final, Self

from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from yilian.foundation.access.choices import values
from yilian.insurance.settlement.models_person import COUNTY, MoneyQuerySet, money
from yilian.insurance.settlement.rules.case import (
    PENALISED,
    Aid,
    Insurance,
    Kind,
    Place,
    Referral,
    Scheme,
)
from yilian.insurance.settlement.rules.ledger import Cause, Entry
from yilian.kernel.ids import new_id


class BillQuerySet(MoneyQuerySet["Bill"]):
    def waiting(self) -> Self:
        """Posted, neither settled nor taken back."""
        return self.filter(settled_at=None, voided_at=None)

    def for_a_person(self) -> Self:
        """Waiting, and nothing will settle them by itself."""
        return self.waiting().filter(settles_itself=False)


class Bill(models.Model):
    """A stay or a visit as the treating house charged it, 费用单据.

    What was posted never changes; a wrong bill is voided and posted anew.
    `institution` None: treated outside the region. `follows` is the stay whose
    referral led here, where the house knows it; else the referrals tell.
    """

    pk = models.CompositePrimaryKey("person_id", "id")
    person = models.ForeignKey(
        "population.Person", models.PROTECT, related_name="+", db_index=False
    )
    id = models.UUIDField(default=new_id, editable=False)
    number = models.CharField(_("单据号"), max_length=40)
    institution = models.ForeignKey(
        "directory.Institution",
        models.PROTECT,
        null=True,
        related_name="+",
        db_index=False,
    )
    outside_name = models.CharField(max_length=120, blank=True)
    insured_area = models.CharField(max_length=6)
    encounter = models.ForeignKey(
        "reception.Encounter", models.PROTECT, null=True, related_name="+"
    )
    referral = models.ForeignKey(
        "referral.Referral", models.PROTECT, null=True, related_name="+"
    )
    follows = models.UUIDField(null=True)
    kind = models.CharField(max_length=16)
    scheme = models.CharField(max_length=16, default=Scheme.ORDINARY.value)
    disease = models.CharField(max_length=100, blank=True)
    months = models.PositiveSmallIntegerField(default=1)  # of a long prescription
    place = models.CharField(max_length=16)
    admitted_on = models.DateField()
    discharged_on = models.DateField()
    diagnosis_code = models.CharField(max_length=20)
    diagnosis_name = models.CharField(max_length=300, blank=True)
    catalogue = models.CharField(_("医保目录版本"), max_length=40)
    # As in docs/settle.md; a line may say its `item` and `name` besides.
    lines = models.JSONField()
    total = money()
    posted_at = models.DateTimeField()
    # As the region's parameters said when it came; a bill held back loses it.
    settles_itself = models.BooleanField(default=False)
    posted_by = models.ForeignKey(
        "identity.Account", models.PROTECT, null=True, related_name="+", db_index=False
    )
    settled_at = models.DateTimeField(null=True)  # for the first time
    voided_at = models.DateTimeField(null=True)
    voided_by = models.ForeignKey(
        "identity.Account", models.PROTECT, null=True, related_name="+", db_index=False
    )
    void_reason = models.CharField(max_length=300, blank=True)

    objects = BillQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=values(Kind)), name="bill_kind_known"
            ),
            models.CheckConstraint(
                condition=Q(kind=Kind.OUTPATIENT.value, scheme__in=values(Scheme))
                | Q(kind=Kind.INPATIENT.value, scheme=Scheme.ORDINARY.value),
                name="bill_scheme_of_its_kind",
            ),
            models.CheckConstraint(
                condition=Q(place__in=values(Place)), name="bill_place_known"
            ),
            models.CheckConstraint(
                condition=Q(place=Place.OUTSIDE.value, institution=None)
                & ~Q(outside_name="")
                | ~Q(place=Place.OUTSIDE.value)
                & Q(institution__isnull=False, outside_name=""),
                name="bill_of_a_house_or_outside",
            ),
            models.CheckConstraint(
                condition=Q(discharged_on__gte=F("admitted_on")),
                name="bill_ends_after_its_beginning",
            ),
            models.CheckConstraint(
                condition=Q(insured_area__regex=COUNTY), name="bill_insured_in_a_county"
            ),
            models.CheckConstraint(
                condition=Q(total__gte=0), name="bill_total_not_negative"
            ),
            models.CheckConstraint(
                condition=Q(months__gte=1, months__lte=12), name="bill_months_of_a_year"
            ),
            models.CheckConstraint(
                condition=~Q(follows=F("id")), name="bill_does_not_follow_itself"
            ),
            models.CheckConstraint(
                condition=Q(voided_at=None, void_reason="")
                | Q(voided_at__isnull=False) & ~Q(void_reason=""),
                name="bill_voided_with_a_reason",
            ),
            models.UniqueConstraint(fields=["id"], name="bill_known_by_its_id"),
            models.UniqueConstraint(
                fields=["institution", "number"],
                condition=Q(institution__isnull=False, voided_at=None),
                name="bill_number_once_per_house",
                violation_error_message=_("这张单据已经上传过。"),
            ),
            models.UniqueConstraint(
                fields=["outside_name", "number"],
                condition=Q(institution=None, voided_at=None),
                name="bill_number_once_outside",
                violation_error_message=_("这张单据已经上传过。"),
            ),
        ]
        indexes = [
            models.Index(
                fields=["insured_area", "posted_at"],
                condition=Q(settled_at=None, voided_at=None),
                name="bill_waiting",
            ),
            models.Index(
                fields=["institution", "posted_at"],
                condition=Q(settled_at=None, voided_at=None),
                name="bill_waiting_of_house",
            ),
            models.Index(
                fields=["posted_at"],
                condition=Q(settled_at=None, voided_at=None, settles_itself=True),
                name="bill_settling_itself",
            ),
            models.Index(
                fields=["institution", "-posted_at", "id"], name="bill_of_house"
            ),
            models.Index(
                fields=["insured_area", "-posted_at", "id"], name="bill_of_area"
            ),
        ]

    def __str__(self) -> str:
        return str(self.id)


class SettlementQuerySet(MoneyQuerySet["Settlement"]):
    def live(self) -> Self:
        """Those in force: neither a red entry nor taken back by one."""
        red = Settlement.objects.filter(
            person=OuterRef("person"), reverses=OuterRef("id")
        )
        return self.exclude(entry=Entry.REVERSAL.value).filter(~Exists(red))


AMOUNTS: Final = (
    "total", "in_scope", "deductible_due", "deductible_absorbed", "basic_pay",
    "supplement_pay", "compliant_self_pay", "serious_pay", "assistance_pay",
    "patient_pay", "account_pay",
)  # fmt: skip
_ALL_NOT_BELOW: Final = Q(**{f"{name}__gte": 0 for name in AMOUNTS})
_ALL_NOT_ABOVE: Final = Q(**{f"{name}__lte": 0 for name in AMOUNTS})


# What lists are asked for besides: few of many, so each has an index of its own.
_STAY: Final = Q(kind=Kind.INPATIENT.value)
_REDUCED: Final = Q(referral_state__in=values(PENALISED))
_CHANGED: Final = Q(entry__in=values([Entry.ADJUSTMENT, Entry.REVERSAL]))


def _by_area_and_house(name: str, order: str, which: Q | None) -> list[models.Index]:
    return [
        models.Index(
            fields=[field, order, "id"],
            name=f"settlement_{name}_{of}",
            condition=which,
        )
        for field, of in (("insured_area", "area"), ("institution", "house"))
    ]


class Settlement(models.Model):
    """What each fund and the patient pay of a bill, 结算单. Inserted only.

    The rows of a bill take turns: 1 is the original, 2 its red entry, 3 the
    settlement after it, and so on; each stands on the one before. So a bill has at
    most one in force. Rows with the same `run` were booked together. `working`
    holds every number of the way, each step's clause and the values it rests on.
    """

    pk = models.CompositePrimaryKey("person_id", "id")
    person = models.ForeignKey(
        "population.Person", models.PROTECT, related_name="+", db_index=False
    )
    id = models.UUIDField(default=new_id, editable=False)
    number = models.CharField(_("结算单号"), max_length=24)
    bill_id = models.UUIDField()
    turn = models.PositiveSmallIntegerField()
    after_turn = models.PositiveSmallIntegerField(null=True)
    sequence = models.PositiveIntegerField()  # of all rows of the person
    run = models.UUIDField()
    entry = models.CharField(max_length=12)
    reverses = models.UUIDField(null=True)
    cause = models.CharField(max_length=12)
    because_of = models.UUIDField(null=True)  # the bill that changed this one

    institution = models.ForeignKey(
        "directory.Institution",
        models.PROTECT,
        null=True,
        related_name="+",
        db_index=False,
    )
    insured_area = models.CharField(max_length=6)
    kind = models.CharField(max_length=16)
    scheme = models.CharField(max_length=16)
    place = models.CharField(max_length=16)
    discharged_on = models.DateField()
    insurance = models.CharField(max_length=16)
    grade = models.CharField(max_length=8, blank=True)
    is_retired = models.BooleanField(default=False)
    aid = models.CharField(max_length=24, blank=True)
    referral_state = models.CharField(max_length=24, blank=True)  # of a stay
    decision_id = models.UUIDField(null=True)
    follows = models.UUIDField(null=True)  # the stay whose chain this one goes on

    set_id = models.CharField(max_length=60)
    set_version = models.CharField(max_length=60)
    # The newest release of parameters known then: with it the same line of sets is
    # put together again (`queries/parameters.py`).
    release_number = models.PositiveIntegerField()
    ratio = models.DecimalField(max_digits=7, decimal_places=6)
    total = money()
    in_scope = money()
    deductible_due = money()
    deductible_absorbed = money()
    basic_pay = money()
    supplement_pay = money()
    compliant_self_pay = money()
    serious_pay = money()
    assistance_pay = money()
    patient_pay = money()
    account_pay = money()  # of the patient's part, by the personal account
    working = models.JSONField()
    digest = models.CharField(max_length=64)
    booked_on = models.DateField()  # Asia/Shanghai; the day it counts for the fund
    settled_at = models.DateTimeField()
    settled_by = models.ForeignKey(
        "identity.Account", models.PROTECT, null=True, related_name="+", db_index=False
    )

    objects = SettlementQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    total=F("basic_pay")
                    + F("supplement_pay")
                    + F("serious_pay")
                    + F("assistance_pay")
                    + F("patient_pay")
                ),
                name="settlement_adds_up",
            ),
            models.CheckConstraint(
                condition=~Q(entry=Entry.REVERSAL.value)
                & _ALL_NOT_BELOW
                & Q(account_pay__lte=F("patient_pay"), in_scope__lte=F("total"))
                | Q(entry=Entry.REVERSAL.value)
                & _ALL_NOT_ABOVE
                & Q(account_pay__gte=F("patient_pay"), in_scope__gte=F("total")),
                name="settlement_has_one_sign",
            ),
            models.CheckConstraint(
                condition=Q(ratio__gte=0, ratio__lte=1), name="settlement_ratio_a_share"
            ),
            models.CheckConstraint(
                condition=Q(
                    entry=Entry.ORIGINAL.value, turn=1, after_turn=None, reverses=None
                )
                | Q(entry=Entry.REVERSAL.value, turn__gt=1, reverses__isnull=False)
                & Q(turn=F("after_turn") + 1)
                | Q(entry=Entry.ADJUSTMENT.value, turn__gt=1, reverses=None)
                & Q(turn=F("after_turn") + 1),
                name="settlement_takes_its_turn",
            ),
            models.CheckConstraint(
                condition=Q(cause__in=values(Cause)), name="settlement_cause_known"
            ),
            models.CheckConstraint(
                condition=Q(kind__in=values(Kind), scheme__in=values(Scheme)),
                name="settlement_kind_known",
            ),
            models.CheckConstraint(
                condition=Q(place=Place.OUTSIDE.value, institution=None)
                | ~Q(place=Place.OUTSIDE.value)
                & Q(place__in=values(Place), institution__isnull=False),
                name="settlement_of_a_house_or_outside",
            ),
            models.CheckConstraint(
                condition=Q(insurance__in=values(Insurance))
                & (Q(aid="") | Q(aid__in=values(Aid))),
                name="settlement_insurance_known",
            ),
            models.CheckConstraint(
                condition=Q(kind=Kind.OUTPATIENT.value, referral_state="")
                | Q(
                    kind=Kind.INPATIENT.value,
                    referral_state__in=values(Referral),
                    decision_id__isnull=False,
                ),
                name="settlement_of_a_stay_is_decided",
            ),
            models.UniqueConstraint(fields=["id"], name="settlement_known_by_its_id"),
            models.UniqueConstraint(fields=["number"], name="settlement_number_once"),
            models.UniqueConstraint(
                fields=["person", "bill_id", "turn"], name="settlement_one_a_turn"
            ),
            models.UniqueConstraint(
                fields=["person", "sequence"], name="settlement_in_order"
            ),
            models.UniqueConstraint(
                fields=["person", "reverses"],
                condition=Q(reverses__isnull=False),
                name="settlement_reversed_once",
                violation_error_message=_("这张结算单已经红冲。"),
            ),
        ]
        indexes = [
            models.Index(
                fields=["insured_area", "-settled_at", "id"], name="settlement_of_area"
            ),
            models.Index(
                fields=["institution", "-settled_at", "id"], name="settlement_of_house"
            ),
            models.Index(
                fields=["booked_on", "insured_area"], name="settlement_by_day"
            ),
            *_by_area_and_house("stay", "-settled_at", _STAY),
            *_by_area_and_house("reduced", "-settled_at", _REDUCED),
            *_by_area_and_house("changed", "-settled_at", _CHANGED),
            *_by_area_and_house("ended", "-discharged_on", None),
        ]

    def __str__(self) -> str:
        return self.number
