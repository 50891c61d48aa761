"""Consortia, memberships (of institutions or single departments), agreements."""

from datetime import date
from uuid import UUID

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from yilian.foundation.access.choices import values
from yilian.kernel.ids import new_id
from yilian.registry.consortium.rules import (
    AgreementKind,
    Form,
    MemberRole,
    SignatureState,
    Tie,
    Tightness,
)


class ConsortiumQuerySet(models.QuerySet["Consortium"]):
    def open_on(self, day: date) -> "ConsortiumQuerySet":
        return self.filter(Q(ended_on=None) | Q(ended_on__gt=day))


class Consortium(models.Model):
    """A medical consortium. `alias` is for display only, never on a licence
    (NX-5.3-c)."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    code = models.CharField(max_length=24, unique=True)
    alias = models.CharField(_("医联体名称"), max_length=120)
    form = models.CharField(max_length=32)
    governing_authority = models.ForeignKey("directory.Institution", models.PROTECT)
    area_code = models.CharField(max_length=12)
    specialties = models.JSONField(default=list)
    founded_on = models.DateField()
    ended_on = models.DateField(null=True)

    objects = ConsortiumQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(form__in=values(Form)), name="consortium_form_known"
            ),
        ]

    def __str__(self) -> str:
        return self.alias


class MembershipQuerySet(models.QuerySet["Membership"]):
    def on(self, day: date) -> "MembershipQuerySet":
        """Of consortia that have not ended."""
        return self.filter(
            Q(consortium__ended_on=None) | Q(consortium__ended_on__gt=day),
            period__contains=day,
        )

    def leads(self, consortium_id: UUID) -> list[UUID]:
        """The institutions that lead it, alone or together."""
        leading = self.filter(consortium=consortium_id)
        leading = leading.exclude(role=MemberRole.MEMBER.value)
        return list(leading.values_list("institution_id", flat=True))


class Membership(models.Model):
    """An institution, or one department of it, in a consortium for a time."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    consortium = models.ForeignKey(
        Consortium, models.PROTECT, related_name="memberships"
    )
    institution = models.ForeignKey(
        "directory.Institution", models.PROTECT, related_name="memberships"
    )
    department = models.ForeignKey("directory.Department", models.PROTECT, null=True)
    role = models.CharField(max_length=16)
    tie = models.CharField(max_length=32)
    tightness = models.CharField(max_length=16)
    is_territorial = models.BooleanField(default=False)
    period = DateRangeField()

    objects = MembershipQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(role__in=values(MemberRole)), name="membership_role_known"
            ),
            models.CheckConstraint(
                condition=Q(tie__in=values(Tie)), name="membership_tie_known"
            ),
            models.CheckConstraint(
                condition=Q(tightness__in=values(Tightness)),
                name="membership_tightness_known",
            ),
            ExclusionConstraint(
                name="membership_once_at_a_time",
                expressions=[
                    ("consortium", RangeOperators.EQUAL),
                    (Coalesce("department", "institution"), RangeOperators.EQUAL),
                    ("period", RangeOperators.OVERLAPS),
                ],
            ),
        ]


class AgreementQuerySet(models.QuerySet["Agreement"]):
    def in_force(self, day: date) -> "AgreementQuerySet":
        """Signed by every party by that day, valid on it, and not ended before it."""
        unsigned = AgreementParty.objects.filter(
            Q(signed_on=None) | Q(signed_on__gt=day), agreement=OuterRef("pk")
        )
        return self.filter(
            ~Exists(unsigned),
            Q(ended_on=None) | Q(ended_on__gt=day),
            state__in=[SignatureState.SIGNED.value, SignatureState.ENDED.value],
            validity__contains=day,
        )

    def between(self, one: UUID, other: UUID) -> "AgreementQuerySet":
        return self.filter(parties__institution=one).filter(parties__institution=other)


class Agreement(models.Model):
    """What parties have signed; only a referral agreement in force opens a green
    lane."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    number = models.CharField(max_length=32, unique=True)
    consortium = models.ForeignKey(Consortium, models.PROTECT, null=True)
    kind = models.CharField(max_length=32)
    title = models.CharField(max_length=120)
    validity = DateRangeField(_("有效期"))
    state = models.CharField(max_length=16, default=SignatureState.DRAFT.value)
    ended_on = models.DateField(null=True)
    end_reason = models.CharField(max_length=200, blank=True)

    objects = AgreementQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=values(AgreementKind)), name="agreement_kind_known"
            ),
            models.CheckConstraint(
                condition=Q(state__in=values(SignatureState)),
                name="agreement_state_known",
            ),
        ]

    def __str__(self) -> str:
        return self.title


class AgreementParty(models.Model):
    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    agreement = models.ForeignKey(Agreement, models.PROTECT, related_name="parties")
    institution = models.ForeignKey(
        "directory.Institution", models.PROTECT, related_name="agreement_parties"
    )
    signed_on = models.DateField(null=True)
    signed_by = models.CharField(max_length=50, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["agreement", "institution"], name="agreement_party_once"
            ),
        ]
