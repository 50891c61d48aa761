"""The pool of a consortium and what goes in and out of it in a year.

A pool is who shares what for whom in a year; its standards and rates are in dated
revisions, released by a second person. `UseDay` is a roll-up that can be made anew
from the settlements; everything else is inserted only.
"""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from yilian.foundation.access.actor import Actor, Reach, Role
from yilian.foundation.access.choices import values
from yilian.insurance.budget.models_clearing import (
    Clearing,
    ClearingAct,
    Share,
    money,
)
from yilian.insurance.budget.models_ledgers import (
    IncomeEntry,
    PointsEntry,
    SubsidyEntry,
)
from yilian.insurance.budget.rules.states import Finding, RevisionState, UseKind
from yilian.kernel.ids import new_id

__all__ = [
    "Advance", "CarryOver", "Clearing", "ClearingAct", "IncomeEntry", "PointsEntry",
    "Pool", "PoolRevision", "Refusal", "Score", "Share", "SubsidyEntry", "UseDay",
]  # fmt: skip


class PoolQuerySet(models.QuerySet["Pool"]):
    def visible_to(self, actor: Actor) -> "PoolQuerySet":
        """The insurer and the officers of the area, and the consortium's members."""
        if actor.reach is Reach.SYSTEM:
            return self
        of_area = actor.has(Role.INSURER, Role.OFFICER) and actor.area_code
        if of_area:
            return self.filter(area_code__startswith=actor.area_code)
        if actor.has(Role.CONSORTIUM_OFFICE, Role.FINANCE):
            return self.filter(consortium__in=actor.consortium_ids)
        return self.none()


class Pool(models.Model):
    """Whose covered people, by which consortium, in which year, 总额."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    consortium = models.ForeignKey("consortium.Consortium", models.PROTECT)
    area_code = models.CharField(max_length=12)  # of the covered people
    year = models.PositiveSmallIntegerField()
    opened_by = models.ForeignKey(
        "identity.Account", models.PROTECT, null=True, related_name="+"
    )
    opened_at = models.DateTimeField()

    objects = PoolQuerySet.as_manager()

    class Meta:
        constraints = [
            # Nobody is covered by two pools: also an exclusion over the areas, see
            # the migration.
            models.UniqueConstraint(
                fields=["area_code", "year"], name="pool_once_a_year_and_area"
            ),
            models.CheckConstraint(
                condition=Q(year__gte=2017, year__lte=2100), name="pool_year_known"
            ),
        ]


class PoolRevision(models.Model):
    """Heads, standards and rates from a day on; what they come to is kept beside."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    pool = models.ForeignKey(Pool, models.PROTECT, related_name="revisions")
    number = models.PositiveSmallIntegerField()
    starts_on = models.DateField()
    heads = models.PositiveIntegerField()
    per_capita = money()
    premium = money()  # of serious-illness insurance, a head
    reserve_rate = models.DecimalField(max_digits=7, decimal_places=6)
    advance_rate = models.DecimalField(max_digits=7, decimal_places=6)
    rules = models.JSONField()  # keep, overspend, shares, each with ground and source
    pool_amount = money()
    premium_amount = money()
    reserve_amount = money()
    available = money()
    monthly_advance = money()
    deposit = money()
    reason = models.CharField(max_length=300)
    source = models.CharField(max_length=200)
    state = models.CharField(max_length=12, default=RevisionState.PROPOSED.value)
    proposed_by = models.ForeignKey(
        "identity.Account", models.PROTECT, null=True, related_name="+"
    )
    proposed_at = models.DateTimeField()
    decided_by = models.ForeignKey(
        "identity.Account", models.PROTECT, null=True, related_name="+"
    )
    decided_at = models.DateTimeField(null=True)
    note = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=values(RevisionState)),
                name="pool_revision_state_known",
            ),
            models.CheckConstraint(
                condition=Q(
                    pool_amount=F("premium_amount")
                    + F("reserve_amount")
                    + F("available"),
                    available=F("monthly_advance") * 12 + F("deposit"),
                ),
                name="pool_revision_adds_up",
            ),
            models.CheckConstraint(
                condition=Q(state="proposed", decided_at=None)
                | Q(~Q(state="proposed"), decided_at__isnull=False),
                name="pool_revision_decided_or_waiting",
            ),
            models.CheckConstraint(
                condition=Q(decided_by=None) | ~Q(decided_by=F("proposed_by")),
                name="pool_revision_decided_by_another",
            ),
            models.UniqueConstraint(
                fields=["pool", "number"], name="pool_revision_numbered_once"
            ),
            models.UniqueConstraint(
                fields=["pool"],
                condition=Q(state="proposed"),
                name="pool_revision_one_waiting",
            ),
        ]


class Advance(models.Model):
    """What the insurer paid for a month, with its voucher, 月度预付."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    pool = models.ForeignKey(Pool, models.PROTECT, related_name="advances")
    revision = models.ForeignKey(PoolRevision, models.PROTECT)
    month = models.PositiveSmallIntegerField()
    amount = money()
    due = money()  # by the revision in force then
    paid_on = models.DateField()
    evidence = models.CharField(max_length=200)
    reverses = models.OneToOneField("self", models.PROTECT, null=True, related_name="+")
    # A month paid anew after a reversal names it.
    replaces = models.OneToOneField("self", models.PROTECT, null=True, related_name="+")
    by = models.ForeignKey(
        "identity.Account", models.PROTECT, null=True, related_name="+"
    )
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(month__gte=1, month__lte=12), name="advance_month_known"
            ),
            models.CheckConstraint(
                condition=Q(reverses=None, amount__gt=0)
                | Q(reverses__isnull=False, amount__lt=0),
                name="advance_sign_says_what_it_is",
            ),
            models.UniqueConstraint(
                fields=["pool", "month"],
                condition=Q(reverses=None, replaces=None),
                name="advance_paid_once_a_month",
            ),
        ]


class UseDay(models.Model):
    """What the covered people's care cost on a day in a house; signed."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    pool = models.ForeignKey(Pool, models.PROTECT, related_name="days")
    day = models.DateField()
    institution = models.ForeignKey(
        "directory.Institution", models.PROTECT, null=True
    )  # none: outside the region
    is_inside = models.BooleanField()
    kind = models.CharField(max_length=12)
    basic = money()
    serious = money()
    assistance = money()
    patient = money()
    other = money(default=0)  # supplements, personal accounts
    total = money()
    cases = models.IntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=values(UseKind)), name="use_kind_known"
            ),
            models.CheckConstraint(
                condition=Q(
                    total=F("basic")
                    + F("serious")
                    + F("assistance")
                    + F("patient")
                    + F("other")
                ),
                name="use_adds_up",
            ),
            models.CheckConstraint(
                condition=Q(is_inside=False) | Q(institution__isnull=False),
                name="use_inside_has_a_house",
            ),
            models.UniqueConstraint(
                fields=["pool", "day", "institution", "kind"],
                nulls_distinct=False,
                name="use_once_a_day_and_house",
            ),
        ]


class Refusal(models.Model):
    """What an audit found: not paid, or paid but the consortium's own fault."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    pool = models.ForeignKey(Pool, models.PROTECT, related_name="refusals")
    institution = models.ForeignKey(
        "directory.Institution", models.PROTECT, null=True
    )  # none: outside the region
    finding = models.CharField(max_length=20)
    found_on = models.DateField()
    amount = money()
    settlement_id = models.UUIDField(null=True)  # weak: which settlement, if one
    settlement_number = models.CharField(max_length=40, blank=True)
    # Weak too: the suspicion it was refused on, and the bills that is about.
    anomaly_id = models.UUIDField(null=True)
    bills = ArrayField(models.UUIDField(), default=list)
    reason = models.CharField(max_length=300)
    evidence = models.CharField(max_length=200)
    reverses = models.OneToOneField("self", models.PROTECT, null=True, related_name="+")
    by = models.ForeignKey(
        "identity.Account", models.PROTECT, null=True, related_name="+"
    )
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(finding__in=values(Finding)), name="refusal_finding_known"
            ),
            models.CheckConstraint(
                condition=Q(reverses=None, amount__gt=0)
                | Q(reverses__isnull=False, amount__lt=0),
                name="refusal_sign_says_what_it_is",
            ),
            models.CheckConstraint(
                condition=Q(anomaly_id__isnull=False) | Q(institution__isnull=False),
                name="refusal_of_a_house_or_a_suspicion",
            ),
            models.UniqueConstraint(
                fields=["anomaly_id"],
                condition=Q(reverses=None),
                name="refusal_taken_over_once",
            ),
        ]
        indexes = [models.Index(fields=["pool", "at"], name="refusal_of_pool")]


class Score(models.Model):
    """The quality score of a pool's year; the latest counts."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    pool = models.ForeignKey(Pool, models.PROTECT, related_name="scores")
    value = models.DecimalField(max_digits=5, decimal_places=2)
    source = models.CharField(max_length=200)
    guards = models.JSONField()  # as they stood when it was set
    by = models.ForeignKey(
        "identity.Account", models.PROTECT, null=True, related_name="+"
    )
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(value__gte=0, value__lte=100), name="score_known"
            ),
        ]
        indexes = [models.Index(fields=["pool", "-at"], name="score_latest")]


class CarryOver(models.Model):
    """A settlement changed after its year was cleared counts in a later year, or in
    a supplementary clearing of that year."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    from_pool = models.ForeignKey(Pool, models.PROTECT, related_name="carried_out")
    to_pool = models.ForeignKey(
        Pool, models.PROTECT, null=True, related_name="carried_in"
    )
    # Instead of a later year: counted in a supplementary clearing of its own year.
    supplement = models.ForeignKey(
        Clearing, models.PROTECT, null=True, related_name="late"
    )
    institution = models.ForeignKey("directory.Institution", models.PROTECT, null=True)
    is_inside = models.BooleanField()
    day = models.DateField()  # of the settlement in the cleared year
    amount = money()
    clearing = models.ForeignKey(
        Clearing, models.PROTECT, related_name="+"
    )  # the reference
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(from_pool=F("to_pool")), name="carry_over_to_another_year"
            ),
            models.CheckConstraint(
                condition=~Q(amount=0), name="carry_over_of_something"
            ),
            models.CheckConstraint(
                condition=Q(to_pool__isnull=False, supplement=None)
                | Q(to_pool=None, supplement__isnull=False),
                name="carry_over_to_one_place",
            ),
        ]
        indexes = [models.Index(fields=["to_pool"], name="carry_over_to_pool")]
