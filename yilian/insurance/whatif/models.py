"""Scenarios: what was tried, by whom, and what came of it. No person in them."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from yilian.foundation.access.actor import Actor, Reach, Role
from yilian.kernel.ids import new_id


class ScenarioQuerySet(models.QuerySet["Scenario"]):
    def visible_to(self, actor: Actor) -> "ScenarioQuerySet":
        """Of the own area: the insurer and the commission, who see counts alone."""
        if actor.reach is Reach.SYSTEM:
            return self
        may = actor.reach is Reach.AREA and actor.has(Role.INSURER, Role.OFFICER)
        if may and actor.area_code:
            return self.filter(area_code__startswith=actor.area_code)
        return self.none()


class Scenario(models.Model):
    """Other parameters tried on a year of an area's own settlements, 试算情景.

    Today's rules are the release `base`, the tried ones `base` with `changes`
    (policy/rules/overrides.py). The result is written once and frozen.
    """

    class State(models.TextChoices):
        QUEUED = "queued", _("排队中")
        RUNNING = "running", _("试算中")
        DONE = "done", _("已完成")
        FAILED = "failed", _("未完成")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name = models.CharField(_("名称"), max_length=80)
    area_code = models.CharField(max_length=12)
    year = models.PositiveSmallIntegerField(_("年度"))
    base = models.ForeignKey("policy.ParameterSetVersion", models.PROTECT)
    changes = models.JSONField()
    elasticity = models.DecimalField(max_digits=3, decimal_places=2)
    made_by = models.ForeignKey("identity.Account", models.PROTECT, related_name="+")
    made_at = models.DateTimeField()
    state = models.CharField(max_length=8, default=State.QUEUED)
    progress = models.PositiveSmallIntegerField(default=0)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    fault = models.CharField(max_length=300, blank=True)
    result = models.JSONField(null=True)
    digest = models.CharField(max_length=64, blank=True)

    objects = ScenarioQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["queued", "running", "done", "failed"]),
                name="scenario_state_known",
            ),
            models.CheckConstraint(
                condition=Q(state="done", result__isnull=False) & ~Q(digest="")
                | ~Q(state="done") & Q(result=None, digest=""),
                name="scenario_done_has_its_result",
            ),
            models.CheckConstraint(
                condition=Q(elasticity__gte=0, elasticity__lte=5),
                name="scenario_elasticity_possible",
            ),
            models.CheckConstraint(
                condition=Q(progress__lte=100), name="scenario_progress_percent"
            ),
        ]
        indexes = [models.Index(fields=["area_code", "-made_at"], name="scenario_new")]

    def __str__(self) -> str:
        return self.name

    @property
    def state_name(self) -> str:
        return str(self.State(self.state).label)
