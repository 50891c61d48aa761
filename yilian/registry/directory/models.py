"""Institutions, departments, practitioners, posts, duty, equipment."""

from datetime import date

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import (
    ArrayField,
    DateRangeField,
    DateTimeRangeField,
    RangeOperators,
)
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Upper
from django.utils.translation import gettext_lazy as _

from yilian.foundation.access.actor import Role
from yilian.foundation.access.choices import values
from yilian.kernel.ids import new_id
from yilian.kernel.tier import Tier
from yilian.registry.directory.rules import (
    DutyKind,
    Grade,
    InstitutionKind,
    Level,
    Sponsor,
)


class InstitutionQuerySet(models.QuerySet["Institution"]):
    def open_on(self, day: date) -> "InstitutionQuerySet":
        return self.filter(Q(closed_on=None) | Q(closed_on__gt=day))

    def receiving(self) -> "InstitutionQuerySet":
        """Those a patient can be referred to."""
        return self.filter(tier__isnull=False)


class Institution(models.Model):
    """A medical institution or an authority, 机构.

    `administrative_parent` and `funding_channel` are facts of law: joining a
    consortium never changes them (NX-2.3-a), nor `legal_name` (NX-5.3-c).
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    code = models.CharField(_("机构代码"), max_length=24, unique=True)
    legal_name = models.CharField(_("第一名称"), max_length=120)
    short_name = models.CharField(_("简称"), max_length=60)
    pinyin = models.CharField(max_length=240)
    initials = models.CharField(max_length=60)
    kind = models.CharField(max_length=32)
    # None where nobody is referred to: not an empty rung.
    tier = models.CharField(max_length=16, null=True)  # noqa: DJ001
    level = models.CharField(max_length=16, default=Level.UNRATED.value)
    grade = models.CharField(max_length=8, default=Grade.NONE.value)
    sponsor = models.CharField(max_length=16, default=Sponsor.GOVERNMENT.value)
    ownership = models.CharField(_("所有制"), max_length=40, blank=True)
    administrative_parent = models.ForeignKey(
        "self", models.PROTECT, null=True, related_name="+"
    )
    funding_channel = models.CharField(_("财政投入渠道"), max_length=60, blank=True)
    area_code = models.CharField(_("行政区划代码"), max_length=12)
    address = models.CharField(max_length=200, blank=True)
    longitude = models.DecimalField(max_digits=9, decimal_places=6, null=True)
    latitude = models.DecimalField(max_digits=9, decimal_places=6, null=True)
    phone = models.CharField(max_length=20, blank=True)
    referral_phone = models.CharField(_("转诊办公室电话"), max_length=20, blank=True)
    # Whom staff and residents ask how to use the pages.
    help_phone = models.CharField(_("平台咨询电话"), max_length=20, blank=True)
    uscc = models.CharField(_("统一社会信用代码"), max_length=18, blank=True)
    licence_number = models.CharField(max_length=22, blank=True)
    insurance_code = models.CharField(max_length=12, blank=True)
    services = ArrayField(models.CharField(max_length=32), default=list)
    opened_on = models.DateField(null=True)
    closed_on = models.DateField(null=True)
    requires_second_factor = models.BooleanField(default=False)

    objects = InstitutionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=values(InstitutionKind)),
                name="institution_kind_known",
            ),
            models.CheckConstraint(
                condition=Q(tier=None) | Q(tier__in=values(Tier)),
                name="institution_tier_known",
            ),
            models.CheckConstraint(
                condition=Q(level__in=values(Level)), name="institution_level_known"
            ),
            models.CheckConstraint(
                condition=Q(grade__in=values(Grade)), name="institution_grade_known"
            ),
            models.CheckConstraint(
                condition=Q(sponsor__in=values(Sponsor)),
                name="institution_sponsor_known",
            ),
            models.CheckConstraint(
                condition=Q(closed_on=None)
                | Q(opened_on=None)
                | Q(closed_on__gt=F("opened_on")),
                name="institution_closes_after_opening",
            ),
            models.UniqueConstraint(
                fields=["uscc"],
                condition=~Q(uscc=""),
                name="institution_one_per_credit_code",
            ),
        ]
        indexes = [
            models.Index(fields=["area_code"], name="institution_area"),
            models.Index(
                OpClass("pinyin", "text_pattern_ops"), name="institution_pinyin"
            ),
            GinIndex(
                OpClass(Upper("legal_name"), "gin_trgm_ops"),
                name="institution_name_trigrams",
            ),
        ]

    def __str__(self) -> str:
        return self.short_name


class Department(models.Model):
    """A department, 科室. `treats` lists ICD-10 prefixes it can take on."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    institution = models.ForeignKey(
        Institution, models.PROTECT, related_name="departments"
    )
    name = models.CharField(max_length=60)
    specialty = models.CharField(max_length=32)
    phone = models.CharField(max_length=20, blank=True)
    has_ward = models.BooleanField(default=False)
    treats = ArrayField(models.CharField(max_length=8), default=list)
    is_national_key = models.BooleanField(default=False)
    is_regional_key = models.BooleanField(default=False)
    hosts_quality_centre = models.BooleanField(default=False)
    hosts_treatment_centre = models.BooleanField(default=False)
    closed_on = models.DateField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["institution", "name"], name="department_named_once"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Practitioner(models.Model):
    """Somebody licensed or employed to work, 人员."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name = models.CharField(max_length=50)
    pinyin = models.CharField(max_length=120, blank=True)
    sex = models.CharField(max_length=1, default="9")
    title = models.CharField(_("职称"), max_length=40, blank=True)
    specialties = ArrayField(models.CharField(max_length=32), default=list)
    licence_number = models.CharField(max_length=32, blank=True)
    phone = models.CharField(max_length=20, blank=True)

    def __str__(self) -> str:
        return self.name


class PostQuerySet(models.QuerySet["PractitionerRole"]):
    def held_on(self, day: date) -> "PostQuerySet":
        """Whoever has left, has left at once, whatever the period says."""
        return self.filter(left_at=None, period__contains=day)


class PractitionerRole(models.Model):
    """A post, 岗位: who works where, as what, from when to when."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    practitioner = models.ForeignKey(Practitioner, models.PROTECT, related_name="posts")
    account = models.ForeignKey(
        "identity.Account", models.PROTECT, null=True, related_name="posts"
    )
    institution = models.ForeignKey(Institution, models.PROTECT, related_name="posts")
    department = models.ForeignKey(Department, models.PROTECT, null=True)
    roles = ArrayField(models.CharField(max_length=24))
    period = DateRangeField(_("任期"))
    # Set the moment somebody leaves: locks at once, whatever the period says.
    left_at = models.DateTimeField(null=True)

    objects = PostQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(roles__contained_by=values(Role)) & Q(roles__len__gt=0),
                name="post_roles_known",
            ),
            ExclusionConstraint(
                name="post_held_once_at_a_time",
                expressions=[
                    ("practitioner", RangeOperators.EQUAL),
                    ("institution", RangeOperators.EQUAL),
                    ("department", RangeOperators.EQUAL),
                    ("period", RangeOperators.OVERLAPS),
                ],
                condition=Q(left_at=None),
            ),
        ]


class DutyShift(models.Model):
    """Who answers when, 值班."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    institution = models.ForeignKey(Institution, models.PROTECT, related_name="shifts")
    post = models.ForeignKey(PractitionerRole, models.PROTECT)
    kind = models.CharField(max_length=24)
    period = DateTimeRangeField()
    phone = models.CharField(max_length=20, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=values(DutyKind)), name="duty_kind_known"
            ),
            ExclusionConstraint(
                name="duty_post_in_one_shift_at_a_time",
                expressions=[
                    ("post", RangeOperators.EQUAL),
                    ("kind", RangeOperators.EQUAL),
                    ("period", RangeOperators.OVERLAPS),
                ],
            ),
        ]


class Equipment(models.Model):
    """Large equipment, 大型设备 (NX-2.3.2-b)."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    institution = models.ForeignKey(
        Institution, models.PROTECT, related_name="equipment"
    )
    kind = models.CharField(max_length=32)
    name = models.CharField(max_length=80)
    count = models.PositiveSmallIntegerField(default=1)
