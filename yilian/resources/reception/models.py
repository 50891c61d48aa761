"""Encounters: who was where, from when to when, and on whose word."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from yilian.foundation.access.actor import Actor, Reach
from yilian.foundation.access.choices import values
from yilian.kernel.ids import new_id
from yilian.resources.reception.rules import (
    Disposition,
    EncounterKind,
    EncounterState,
    Presence,
)


class EncounterQuerySet(models.QuerySet["Encounter"]):
    def visible_to(self, actor: Actor) -> "EncounterQuerySet":
        """Those of the actor's own house; others are read from the record."""
        if actor.reach is Reach.SYSTEM:
            return self
        return self.filter(institution=actor.institution_id)


class Encounter(models.Model):
    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    person = models.ForeignKey(
        "population.Person", models.PROTECT, related_name="encounters"
    )
    institution = models.ForeignKey("directory.Institution", models.PROTECT)
    department = models.ForeignKey("directory.Department", models.PROTECT, null=True)
    kind = models.CharField(max_length=16)
    state = models.CharField(max_length=20, default=EncounterState.IN_PROGRESS.value)
    presence = models.CharField(max_length=16, default=Presence.NONE.value)
    reason = models.CharField(max_length=300, blank=True)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    disposition = models.CharField(max_length=20, blank=True)
    opened_by = models.ForeignKey("identity.Account", models.PROTECT, null=True)
    referral_id = models.UUIDField(null=True, db_index=True)  # weak: lives above
    hold_id = models.UUIDField(null=True)

    objects = EncounterQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=values(EncounterKind)),
                name="encounter_kind_known",
            ),
            models.CheckConstraint(
                condition=Q(state__in=values(EncounterState)),
                name="encounter_state_known",
            ),
            models.CheckConstraint(
                condition=Q(presence__in=values(Presence)),
                name="encounter_presence_known",
            ),
            models.CheckConstraint(
                condition=Q(disposition="") | Q(disposition__in=values(Disposition)),
                name="encounter_disposition_known",
            ),
            models.CheckConstraint(
                condition=Q(ended_at=None) | Q(ended_at__gte=F("started_at")),
                name="encounter_ends_after_start",
            ),
            models.UniqueConstraint(
                fields=["person"],
                condition=Q(
                    kind=EncounterKind.INPATIENT.value,
                    state=EncounterState.IN_PROGRESS.value,
                ),
                name="encounter_one_bed_at_a_time",
                violation_error_message=_("该患者已在另一家机构住院，请先核对。"),
            ),
        ]
        indexes = [
            models.Index(
                fields=["institution", "state", "-started_at"],
                name="encounter_by_institution",
            ),
        ]
