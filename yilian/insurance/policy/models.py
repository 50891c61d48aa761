"""Released sets of parameters, drafts on the way there, and the price catalogue."""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import (
    ArrayField,
    DateRangeField,
    RangeOperators,
)
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from yilian.foundation.access.choices import values
from yilian.insurance.policy.rules.drafting import DraftState
from yilian.insurance.policy.rules.prices import CatalogClass, PriceKind
from yilian.kernel.ids import new_id


class ParameterSetVersion(models.Model):
    """A released set, 已发布的参数集. Only ever inserted: bills point here.

    `document` is what `rules.documents.as_document` says, `digest` its SM3.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    number = models.PositiveIntegerField(_("发布序号"))
    set_id = models.CharField(max_length=40)
    version = models.CharField(max_length=12)
    title = models.CharField(max_length=80)
    area_code = models.CharField(max_length=12, default="64")
    effective_from = models.DateField()
    document = models.JSONField()
    digest = models.CharField(max_length=64)
    source = models.CharField(max_length=200)
    is_correction = models.BooleanField(default=False)
    correction_reason = models.CharField(max_length=300, blank=True)
    drafted_by = models.ForeignKey("identity.Account", models.PROTECT, related_name="+")
    drafted_at = models.DateTimeField()
    reviewed_by = models.ForeignKey(
        "identity.Account", models.PROTECT, related_name="+"
    )
    reviewed_at = models.DateTimeField()
    released_by = models.ForeignKey(
        "identity.Account", models.PROTECT, related_name="+"
    )
    released_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["number"], name="parameters_released_in_one_order"
            ),
            models.UniqueConstraint(
                fields=["set_id", "version"], name="parameters_named_once"
            ),
            models.CheckConstraint(
                condition=~Q(reviewed_by=F("drafted_by")),
                name="parameters_reviewed_by_another",
            ),
            models.CheckConstraint(
                condition=~Q(released_by=F("drafted_by")),
                name="parameters_released_by_another",
            ),
            models.CheckConstraint(
                condition=Q(is_correction=False) | ~Q(correction_reason=""),
                name="parameters_corrected_for_a_reason",
            ),
        ]
        indexes = [
            models.Index(
                fields=["area_code", "effective_from"], name="parameters_by_day"
            )
        ]


class ParameterDraft(models.Model):
    """A set being prepared, 参数草案: drafted, reviewed, released or sent back.

    It is changed by its author alone; the release is a row of its own.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    set_id = models.CharField(max_length=40)
    version = models.CharField(max_length=12)
    title = models.CharField(max_length=80)
    area_code = models.CharField(max_length=12, default="64")
    effective_from = models.DateField()
    document = models.JSONField()
    source = models.CharField(max_length=200)
    based_on = models.ForeignKey(
        ParameterSetVersion, models.PROTECT, null=True, related_name="+"
    )
    state = models.CharField(max_length=12, default=DraftState.DRAFT.value)
    revision = models.PositiveIntegerField(default=1)
    drafted_by = models.ForeignKey("identity.Account", models.PROTECT, related_name="+")
    drafted_at = models.DateTimeField(db_default=Now())
    reviewed_by = models.ForeignKey(
        "identity.Account", models.PROTECT, null=True, related_name="+"
    )
    reviewed_at = models.DateTimeField(null=True)
    rejected_by = models.ForeignKey(
        "identity.Account", models.PROTECT, null=True, related_name="+"
    )
    rejected_at = models.DateTimeField(null=True)
    rejected_because = models.CharField(max_length=300, blank=True)
    released_as = models.OneToOneField(
        ParameterSetVersion, models.PROTECT, null=True, related_name="draft"
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=values(DraftState)), name="draft_state_known"
            ),
            models.UniqueConstraint(
                fields=["set_id", "version"], name="draft_named_once"
            ),
            models.CheckConstraint(
                condition=Q(reviewed_by=None) | ~Q(reviewed_by=F("drafted_by")),
                name="draft_reviewed_by_another",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["reviewed", "released"])
                | Q(reviewed_by__isnull=False, reviewed_at__isnull=False),
                name="draft_reviewed_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(state="released", released_as__isnull=False)
                | (~Q(state="released") & Q(released_as=None)),
                name="draft_released_is_a_release",
            ),
            models.CheckConstraint(
                condition=(
                    Q(state="rejected", rejected_by__isnull=False)
                    & ~Q(rejected_because="")
                )
                | (~Q(state="rejected") & Q(rejected_by=None)),
                name="draft_rejected_for_a_reason",
            ),
        ]
        indexes = [models.Index(fields=["state", "drafted_at"], name="draft_by_state")]


class PriceItem(models.Model):
    """What an item costs in an area from a day on, 价格目录 (NX-5.2-c).

    A new price is a new row; of an old one only the end is ever written.
    `bigrams` are the name's character pairs, to be found by any part of it.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    code = models.CharField(_("编码"), max_length=32)
    area_code = models.CharField(max_length=12, default="64")
    kind = models.CharField(max_length=16)
    name = models.CharField(_("名称"), max_length=120)
    specification = models.CharField(_("规格"), max_length=80, blank=True)
    unit = models.CharField(_("计价单位"), max_length=20)
    price = models.DecimalField(_("价格"), max_digits=14, decimal_places=2)
    catalog_class = models.CharField(max_length=1, default=CatalogClass.C.value)
    first_self_pay_rate = models.DecimalField(
        _("先行自付比例"), max_digits=5, decimal_places=4, null=True
    )
    payment_standard = models.DecimalField(
        _("支付标准"), max_digits=14, decimal_places=2, null=True
    )
    validity = DateRangeField(_("有效期"))
    source = models.CharField(_("依据"), max_length=200)
    initials = models.CharField(max_length=120, blank=True)
    bigrams = ArrayField(models.CharField(max_length=2), default=list)
    set_by = models.ForeignKey(
        "identity.Account", models.PROTECT, null=True, related_name="+"
    )
    set_at = models.DateTimeField(db_default=Now())
    ended_by = models.ForeignKey(
        "identity.Account", models.PROTECT, null=True, related_name="+"
    )
    ended_at = models.DateTimeField(null=True)
    end_reason = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=values(PriceKind)), name="price_kind_known"
            ),
            models.CheckConstraint(
                condition=Q(catalog_class__in=values(CatalogClass)),
                name="price_class_known",
            ),
            models.CheckConstraint(
                condition=Q(price__gte=0), name="price_not_below_zero"
            ),
            models.CheckConstraint(
                condition=Q(payment_standard=None) | Q(payment_standard__gte=0),
                name="price_standard_not_below_zero",
            ),
            models.CheckConstraint(
                condition=Q(first_self_pay_rate=None)
                | Q(
                    catalog_class="B",
                    first_self_pay_rate__gte=0,
                    first_self_pay_rate__lte=1,
                ),
                name="price_first_self_pay_of_class_b",
            ),
            models.CheckConstraint(
                condition=Q(
                    validity__startswith__isnull=False, validity__isempty=False
                ),
                name="price_begins_on_a_day",
            ),
            ExclusionConstraint(
                name="price_one_on_a_day",
                expressions=[
                    ("code", RangeOperators.EQUAL),
                    ("area_code", RangeOperators.EQUAL),
                    ("validity", RangeOperators.OVERLAPS),
                ],
                violation_error_message=_("这个项目在此期间已有价格。"),
            ),
            ExclusionConstraint(
                name="price_code_is_of_one_kind",
                expressions=[
                    ("code", RangeOperators.EQUAL),
                    ("kind", RangeOperators.NOT_EQUAL),
                ],
                violation_error_message=_("这个编码已用于另一类项目。"),
            ),
        ]
        indexes = [
            models.Index(OpClass("code", "text_pattern_ops"), name="price_by_code"),
            models.Index(
                OpClass("initials", "text_pattern_ops"), name="price_by_initials"
            ),
            models.Index(OpClass("name", "text_pattern_ops"), name="price_by_name"),
            GinIndex(fields=["bigrams"], name="price_by_bigrams"),
        ]
