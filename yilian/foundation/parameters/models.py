"""Values by region and day. Proposed by one person, released by another."""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from yilian.kernel.ids import new_id


class ParameterValue(models.Model):
    """A value of a key from a day on. Nothing is overwritten: a later row wins.

    The defaults stand in the modules that define the keys; rows here change them.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    key = models.CharField(max_length=80)
    area_code = models.CharField(max_length=12, default="64")
    starts_on = models.DateField()
    value = models.JSONField()
    source = models.CharField(max_length=200)
    state = models.CharField(max_length=12, default="proposed")
    proposed_by = models.ForeignKey(
        "identity.Account", models.PROTECT, related_name="+"
    )
    proposed_at = models.DateTimeField(db_default=Now())
    decided_by = models.ForeignKey(
        "identity.Account", models.PROTECT, null=True, related_name="+"
    )
    decided_at = models.DateTimeField(null=True)
    note = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["proposed", "rejected", "released"]),
                name="parameter_state_known",
            ),
            models.CheckConstraint(
                condition=Q(state="proposed", decided_by=None)
                | (
                    ~Q(state="proposed")
                    & Q(decided_by__isnull=False)
                    & ~Q(decided_by=F("proposed_by"))
                ),
                name="parameter_decided_by_another",
            ),
            models.UniqueConstraint(
                fields=["key", "area_code", "starts_on"],
                condition=Q(state="released"),
                name="parameter_one_value_per_day",
            ),
        ]
