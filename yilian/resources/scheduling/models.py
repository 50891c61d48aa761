"""Single slots and single beds, and who holds them. One row is one place."""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from yilian.foundation.access.choices import values
from yilian.kernel.ids import new_id
from yilian.resources.scheduling.rules import LIVE, HoldState, Quota, SlotKind


class Slot(models.Model):
    """One appointment that can be given once, 号源."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    institution = models.ForeignKey("directory.Institution", models.PROTECT)
    department = models.ForeignKey("directory.Department", models.PROTECT)
    kind = models.CharField(max_length=16, default=SlotKind.CLINIC.value)
    quota = models.CharField(max_length=16, default=Quota.OPEN.value)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    doctor = models.ForeignKey("directory.PractitionerRole", models.PROTECT, null=True)
    cancelled_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")), name="slot_ends_after_start"
            ),
            models.CheckConstraint(
                condition=Q(quota__in=values(Quota)), name="slot_quota_known"
            ),
            models.CheckConstraint(
                condition=Q(kind__in=values(SlotKind)), name="slot_kind_known"
            ),
        ]
        indexes = [
            models.Index(fields=["department", "starts_at"], name="slot_by_time"),
            models.Index(
                fields=["institution", "starts_at"], name="slot_by_institution"
            ),
        ]


class Bed(models.Model):
    """One bed of a ward, 床位."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    institution = models.ForeignKey("directory.Institution", models.PROTECT)
    department = models.ForeignKey("directory.Department", models.PROTECT)
    label = models.CharField(max_length=16)
    quota = models.CharField(max_length=16, default=Quota.OPEN.value)
    closed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["department", "label"], name="bed_labelled_once"
            ),
            models.CheckConstraint(
                condition=Q(quota__in=values(Quota)), name="bed_quota_known"
            ),
        ]
        indexes = [models.Index(fields=["institution"], name="bed_by_institution")]


class Hold(models.Model):
    """A person's claim on a slot or a bed, for a purpose above (weak link)."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    slot = models.ForeignKey(Slot, models.PROTECT, null=True, related_name="holds")
    bed = models.ForeignKey(Bed, models.PROTECT, null=True, related_name="holds")
    person = models.ForeignKey("population.Person", models.PROTECT)
    purpose_kind = models.CharField(max_length=32)  # "referral", "encounter"
    purpose_id = models.UUIDField()
    state = models.CharField(max_length=12, default=HoldState.HELD.value)
    # For beds the time it is taken; for slots the slot's own time.
    period = DateTimeRangeField()
    expires_at = models.DateTimeField(null=True)  # while only held
    created_at = models.DateTimeField(auto_now_add=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(slot=None, bed__isnull=False)
                | Q(slot__isnull=False, bed=None),
                name="hold_on_one_place",
            ),
            models.CheckConstraint(
                condition=Q(state__in=values(HoldState)), name="hold_state_known"
            ),
            models.UniqueConstraint(
                fields=["slot"],
                condition=Q(state__in=values(LIVE)),
                name="slot_given_once",
                violation_error_message=_("这个号已被占用，请另选一个。"),
            ),
            ExclusionConstraint(
                name="bed_taken_once_at_a_time",
                expressions=[
                    ("bed", RangeOperators.EQUAL),
                    ("period", RangeOperators.OVERLAPS),
                ],
                condition=Q(state__in=values(LIVE)) & Q(bed__isnull=False),
                violation_error_message=_("这张床已被占用，请另选一张。"),
            ),
        ]
        indexes = [
            models.Index(fields=["purpose_id"], name="hold_by_purpose"),
            models.Index(
                fields=["expires_at"],
                condition=Q(state=HoldState.HELD.value),
                name="hold_waiting_to_expire",
            ),
        ]
