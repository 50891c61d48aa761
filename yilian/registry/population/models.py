"""Residents, identifiers, grants of sight, proxies, groups, chosen institutions."""

from typing import Any
from uuid import UUID

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import (
    DateRangeField,
    DateTimeRangeField,
    RangeOperators,
)
from django.contrib.postgres.indexes import OpClass
from django.db import models
from django.db.models import F, Func, Q, SmallIntegerField, Value
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from yilian.foundation.access.actor import Actor
from yilian.foundation.access.choices import values
from yilian.kernel.identity_number import IdentityKind
from yilian.kernel.ids import new_id
from yilian.kernel.tier import Tier
from yilian.registry.population.rules import Ground, GroupTag, Relation, Scope


class Sight(Func):
    """The one sight function (decisions 1): how much of a person an actor sees."""

    function = "population_sight"
    output_field = SmallIntegerField()

    @classmethod
    def of(cls, actor: Actor, person: str = "pk") -> "Sight":
        return cls(F(person), *(Value(value) for value in sight_arguments(actor)))


def sight_arguments(actor: Actor) -> tuple[Any, ...]:
    """What `population_sight` wants to know of an actor, in its order."""
    return (
        actor.reach.value,
        _text(actor.institution_id),
        _text(actor.account_id),
        "{" + ",".join(sorted(map(str, actor.person_ids))) + "}",
    )


def _text(key: UUID | None) -> str:
    return "" if key is None else str(key)


class PersonQuerySet(models.QuerySet["Person"]):
    def visible_to(
        self, actor: Actor, scope: Scope = Scope.IDENTITY
    ) -> "PersonQuerySet":
        """Persons this actor sees with at least this scope; every read starts here."""
        return self.annotate(sight=Sight.of(actor)).filter(sight__gte=int(scope))


class Person(models.Model):
    """A resident or patient, 居民; facts that several modules need (decisions 21)."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name = models.CharField(_("姓名"), max_length=100)
    pinyin = models.CharField(max_length=240, blank=True)
    initials = models.CharField(max_length=60, blank=True)
    sex = models.CharField(_("性别"), max_length=1, default="0")
    born_on = models.DateField(_("出生日期"), null=True)
    died_at = models.DateTimeField(null=True)
    ethnicity = models.CharField(_("民族"), max_length=2, blank=True)
    area_code = models.CharField(_("现住址区划"), max_length=12, blank=True)
    address = models.CharField(_("详细地址"), max_length=200, blank=True)
    phone_cipher = models.BinaryField(null=True)
    phone_index = models.CharField(max_length=64, blank=True)
    phone_masked = models.CharField(max_length=20, blank=True)
    insured_type = models.CharField(_("参保类型"), max_length=16, default="none")
    insured_area = models.CharField(_("参保地"), max_length=12, blank=True)
    account = models.OneToOneField(
        "identity.Account", models.PROTECT, null=True, related_name="person"
    )
    registered_by = models.ForeignKey(
        "directory.Institution", models.PROTECT, null=True, related_name="+"
    )
    registered_at = models.DateTimeField(auto_now_add=True)
    revision = models.PositiveIntegerField(default=1)

    objects = PersonQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(sex__in=["0", "1", "2", "9"]), name="person_sex_known"
            ),
            models.CheckConstraint(
                condition=Q(insured_type__in=["resident", "employee", "none"]),
                name="person_insured_type_known",
            ),
        ]
        indexes = [
            models.Index(
                OpClass("name", "text_pattern_ops"), name="person_name_prefix"
            ),
            models.Index(fields=["pinyin", "id"], name="person_in_order"),
            models.Index(
                OpClass("initials", "text_pattern_ops"), name="person_initials_prefix"
            ),
            models.Index(fields=["phone_index"], name="person_phone"),
            models.Index(fields=["area_code"], name="person_area"),
        ]


class PersonIdentifier(models.Model):
    """An identifier of a person: cipher, keyed index and a masked text, never plain."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    person = models.ForeignKey(Person, models.PROTECT, related_name="identifiers")
    kind = models.CharField(max_length=32)
    # Who gave the number, for kinds that are unique only there (MRN): a URI or code.
    system = models.CharField(max_length=200, blank=True)
    value_cipher = models.BinaryField()
    value_index = models.CharField(max_length=64)
    value_masked = models.CharField(max_length=64)
    retired_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=values(IdentityKind)), name="identifier_kind_known"
            ),
            models.UniqueConstraint(
                fields=["value_index", "kind", "system"],
                condition=Q(retired_at=None),
                name="identifier_belongs_to_one_person",
                violation_error_message=_("该证件号码已登记在另一位居民名下。"),
            ),
        ]


class GrantQuerySet(models.QuerySet["Grant"]):
    def open_to(self, actor: Actor) -> "GrantQuerySet":
        """Those that `population_sight` counts for a member of staff, this moment."""
        return self.filter(
            Q(only_account=None) | Q(only_account=actor.account_id),
            Q(sole_account=None) | ~Q(sole_account=actor.account_id),
            institution=actor.institution_id,
            period__contains=Now(),
        )


class Grant(models.Model):
    """A ground for an institution to see a person, 可见依据.

    `sole_account`: the account on whose act alone this rests; it does not open
    for that account (nobody opens a record by their own act, decisions 4).
    `only_account`: opens for this account only (break-glass).
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    # Every step of a referral writes here: an index only for what is searched by.
    person = models.ForeignKey(
        Person, models.PROTECT, related_name="grants", db_index=False
    )
    institution = models.ForeignKey(
        "directory.Institution", models.PROTECT, db_index=False
    )
    ground = models.CharField(max_length=16)
    scope = models.PositiveSmallIntegerField()
    evidence_kind = models.CharField(max_length=32)
    evidence_id = models.UUIDField()
    period = DateTimeRangeField()
    made_by = models.ForeignKey(
        "identity.Account", models.PROTECT, null=True, related_name="+", db_index=False
    )
    sole_account = models.ForeignKey(
        "identity.Account", models.PROTECT, null=True, related_name="+", db_index=False
    )
    only_account = models.ForeignKey(
        "identity.Account", models.PROTECT, null=True, related_name="+", db_index=False
    )
    created_at = models.DateTimeField(auto_now_add=True)

    objects = GrantQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(ground__in=values(Ground)), name="grant_ground_known"
            ),
            models.CheckConstraint(
                condition=Q(scope__in=[1, 2, 3]), name="grant_scope_known"
            ),
            models.UniqueConstraint(
                fields=["person", "institution", "evidence_kind", "evidence_id"],
                name="grant_once_per_evidence",
            ),
        ]
        indexes = [
            models.Index(fields=["institution", "person"], name="grant_by_institution"),
            models.Index(fields=["evidence_id"], name="grant_by_evidence"),
        ]


class BreakGlass(models.Model):
    """An emergency opening of a record, its reason, its later review, 紧急调阅."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    person = models.ForeignKey(Person, models.PROTECT)
    institution = models.ForeignKey("directory.Institution", models.PROTECT)
    account = models.ForeignKey("identity.Account", models.PROTECT, related_name="+")
    account_name = models.CharField(max_length=50)
    reason_code = models.CharField(max_length=32)
    reason = models.CharField(max_length=500)
    opened_at = models.DateTimeField(auto_now_add=True)
    reviewed_at = models.DateTimeField(null=True)
    reviewed_by = models.ForeignKey(
        "identity.Account", models.PROTECT, null=True, related_name="+"
    )
    is_justified = models.BooleanField(null=True)
    review_note = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(reviewed_by=None) | ~Q(reviewed_by=F("account")),
                name="break_glass_reviewed_by_another",
            ),
        ]


class Proxy(models.Model):
    """Somebody who stands for another person, 代办."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    person = models.ForeignKey(Person, models.PROTECT, related_name="proxies")
    proxy = models.ForeignKey(Person, models.PROTECT, related_name="stands_for")
    relation = models.CharField(max_length=16)
    period = DateRangeField()
    evidence = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(relation__in=values(Relation)), name="proxy_relation_known"
            ),
            models.CheckConstraint(
                condition=~Q(person=F("proxy")), name="proxy_is_somebody_else"
            ),
            ExclusionConstraint(
                name="proxy_once_at_a_time",
                expressions=[
                    ("person", RangeOperators.EQUAL),
                    ("proxy", RangeOperators.EQUAL),
                    ("period", RangeOperators.OVERLAPS),
                ],
            ),
        ]


class GroupMembership(models.Model):
    """A key-population tag for a time, 重点人群标签."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    person = models.ForeignKey(Person, models.PROTECT, related_name="groups")
    tag = models.CharField(max_length=32)
    period = DateRangeField()
    source = models.CharField(max_length=60, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(tag__in=values(GroupTag)), name="group_tag_known"
            ),
            ExclusionConstraint(
                name="group_tag_once_at_a_time",
                expressions=[
                    ("person", RangeOperators.EQUAL),
                    ("tag", RangeOperators.EQUAL),
                    ("period", RangeOperators.OVERLAPS),
                ],
            ),
        ]


class ChosenInstitution(models.Model):
    """One of the three of a 1+1+1 contract, 签约机构 (NX-2.2.3-b)."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    person = models.ForeignKey(Person, models.PROTECT, related_name="chosen")
    tier = models.CharField(max_length=16)
    institution = models.ForeignKey("directory.Institution", models.PROTECT)
    doctor = models.ForeignKey("directory.PractitionerRole", models.PROTECT, null=True)
    period = DateRangeField()
    contract_id = models.UUIDField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(tier__in=values(Tier)), name="chosen_tier_known"
            ),
            ExclusionConstraint(
                name="chosen_one_per_tier_at_a_time",
                expressions=[
                    ("person", RangeOperators.EQUAL),
                    ("tier", RangeOperators.EQUAL),
                    ("period", RangeOperators.OVERLAPS),
                ],
            ),
        ]
