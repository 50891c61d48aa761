"""Who is insured how, and which money rows an actor may know exist."""

from typing import Any, Final, Self, TypeVar
from uuid import UUID

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from yilian.foundation.access.actor import Actor, Reach, Role
from yilian.foundation.access.choices import values
from yilian.insurance.settlement.rules.case import Aid, Insurance
from yilian.kernel.ids import new_id

M = TypeVar("M", bound=models.Model)

COUNTY: Final = r"^\d{6}$"


def money(**more: Any) -> "models.DecimalField[Any, Any]":
    return models.DecimalField(max_digits=14, decimal_places=2, **more)


class MoneyQuerySet(models.QuerySet[M]):
    """Rows with a person, a treating house (None: outside) and an insured area."""

    def visible_to(self, actor: Actor) -> Self:
        """The insurer sees its area's persons, a house's finance office its own
        bills, residents their own; who treats sees no money."""
        if actor.reach is Reach.SYSTEM:
            return self
        if actor.reach is Reach.SELF:
            return self.filter(person__in=actor.person_ids)
        if actor.reach is Reach.AREA and actor.has(Role.INSURER) and actor.area_code:
            return self.filter(insured_area__startswith=actor.area_code)
        if actor.has(Role.FINANCE) and actor.institution_id is not None:
            return self.filter(institution=actor.institution_id)
        return self.none()


class CoverageQuerySet(models.QuerySet["Coverage"]):
    def of(self, person_id: UUID) -> "CoverageQuerySet":
        return self.filter(person=person_id).order_by("period")


class Coverage(models.Model):
    """How a person is insured from a day on, 参保. A change ends it and begins another.

    `aid` is the group of medical assistance; `has_remote_filing` is the filing of
    those who live elsewhere (异地安置备案); `account_credit` is what the personal
    account holds when the row begins.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    person = models.ForeignKey(
        "population.Person", models.PROTECT, related_name="coverages", db_index=False
    )
    insurance = models.CharField(max_length=16)
    grade = models.CharField(max_length=8, blank=True)
    is_retired = models.BooleanField(default=False)
    aid = models.CharField(max_length=24, blank=True)
    area_code = models.CharField(_("参保地"), max_length=6)
    account_credit = money(default=0)
    has_remote_filing = models.BooleanField(default=False)
    period = DateRangeField()
    source = models.CharField(max_length=60, blank=True)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(
        "identity.Account", models.PROTECT, null=True, related_name="+"
    )

    objects = CoverageQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(insurance__in=values(Insurance)),
                name="coverage_insurance_known",
            ),
            models.CheckConstraint(
                condition=Q(aid="") | Q(aid__in=values(Aid)), name="coverage_aid_known"
            ),
            models.CheckConstraint(
                condition=Q(area_code__regex=COUNTY), name="coverage_in_a_county"
            ),
            models.CheckConstraint(
                condition=Q(insurance=Insurance.EMPLOYEE.value)
                | Q(is_retired=False, account_credit=0),
                name="coverage_of_employees_only",
            ),
            models.CheckConstraint(
                condition=Q(account_credit__gte=0), name="coverage_credit_not_negative"
            ),
            ExclusionConstraint(
                name="coverage_one_of_a_person_on_a_day",
                expressions=[
                    ("person", RangeOperators.EQUAL),
                    ("period", RangeOperators.OVERLAPS),
                ],
                violation_error_message=_("这段时间内已有参保记录。"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.insurance} {self.id}"
