"""Episodes, hops, their steps, messages, breaches and the calls that follow."""

from collections.abc import Mapping
from typing import Any, Final

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from yilian.care.referral.models_attachment import Attachment as Attachment
from yilian.care.referral.models_display import WallDisplay as WallDisplay
from yilian.care.referral.models_order import IN_LINE, Standing
from yilian.care.referral.rules.ladder import MANUAL
from yilian.care.referral.rules.ladder import Clock as LadderClock
from yilian.care.referral.rules.reasons import CareKind, Urgency
from yilian.care.referral.rules.states import LIVE, OPEN, State, Step
from yilian.foundation.access.actor import Actor, Reach
from yilian.foundation.access.choices import values
from yilian.kernel.ids import new_id
from yilian.kernel.tier import Direction


class Episode(models.Model):
    """Hops of one illness belong together, 转诊链."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    person = models.ForeignKey("population.Person", models.PROTECT)
    specialty = models.CharField(max_length=32)
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["person", "specialty"],
                condition=Q(closed_at=None),
                name="episode_one_open_per_person_and_specialty",
                violation_error_message=_("该患者在此专科已有未办结的转诊。"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.specialty} {self.id}"


AT_A_HOUSE: Final = frozenset({Reach.INSTITUTION, Reach.DEPARTMENT})


class ReferralQuerySet(models.QuerySet["Referral"]):
    def visible_to(self, actor: Actor) -> "ReferralQuerySet":
        """The hops this actor may know exist; all reads start here."""
        if actor.reach is Reach.SYSTEM:
            return self
        if actor.reach is Reach.SELF:
            return self.filter(person__in=actor.person_ids).exclude(
                state__in=[State.DRAFT.value, State.ENTERED_IN_ERROR.value]
            )
        if actor.reach in AT_A_HOUSE:
            return self.known_at(actor.institution_id)
        return self.none()

    def known_at(self, here: object) -> "ReferralQuerySet":
        """What staff of this institution may know exists."""
        received = Q(to_institution=here) & ~Q(state=State.DRAFT.value)
        return self.filter(Q(from_institution=here) | received)

    def on_side(self, side: str, here: object) -> "ReferralQuerySet":
        """Of what is `known_at` here: what was sent from here, or came to here."""
        mine = self.filter(**{f"{side}_institution": here})
        return mine if side == "from" else mine.exclude(state=State.DRAFT.value)

    def live(self) -> "ReferralQuerySet":
        return self.filter(state__in=values(LIVE))


class Referral(models.Model):
    """One hop, 转诊单: from one institution to another, or to a place outside."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    number = models.CharField(_("转诊单号"), max_length=24)
    # Joined on submission: a draft binds nobody.
    episode = models.ForeignKey(Episode, models.PROTECT, null=True, related_name="hops")
    # Every step writes the row anew, and with it each index: a key that is not searched
    # by, or by which another index begins, has none of its own.
    person = models.ForeignKey("population.Person", models.PROTECT, db_index=False)
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, related_name="onward", db_index=False
    )
    state = models.CharField(max_length=20, default=State.DRAFT.value)
    revision = models.PositiveIntegerField(default=1)  # guards against a stale tab
    direction = models.CharField(max_length=12)
    urgency = models.CharField(max_length=8)

    from_institution = models.ForeignKey(
        "directory.Institution", models.PROTECT, related_name="+", db_index=False
    )
    from_department = models.ForeignKey(
        "directory.Department",
        models.PROTECT,
        null=True,
        related_name="+",
        db_index=False,
    )
    from_post = models.ForeignKey(
        "directory.PractitionerRole", models.PROTECT, null=True, related_name="+"
    )
    to_institution = models.ForeignKey(
        "directory.Institution",
        models.PROTECT,
        null=True,
        related_name="+",
        db_index=False,
    )
    to_department = models.ForeignKey(
        "directory.Department", models.PROTECT, null=True, related_name="+"
    )
    # A destination outside the region's directory, as such (never a fake institution).
    outside_name = models.CharField(max_length=120, blank=True)
    outside_place = models.CharField(max_length=60, blank=True)
    assigned_to = models.ForeignKey(
        "directory.PractitionerRole", models.PROTECT, null=True, related_name="+"
    )

    care_kind = models.CharField(max_length=12, default=CareKind.OUTPATIENT.value)
    specialty = models.CharField(max_length=32)
    diagnosis_code = models.CharField(max_length=20)
    diagnosis_name = models.CharField(max_length=300)
    complaint = models.CharField(_("主诉"), max_length=500, blank=True)
    reason = models.CharField(_("转诊原因"), max_length=512)
    rule_ids = ArrayField(models.CharField(max_length=16), default=list)
    # The hand-over, by section (rules/handover.py); and the feedback, once given.
    content = models.JSONField(default=dict)
    feedback = models.JSONField(default=dict)
    skip_reason = models.CharField(max_length=32, blank=True)
    outside_reason = models.CharField(max_length=32, blank=True)
    consent_by = models.CharField(max_length=16, blank=True)  # self or a relation
    consented_at = models.DateTimeField(null=True)

    is_green_lane = models.BooleanField(default=False)
    agreement = models.ForeignKey(
        "consortium.Agreement", models.PROTECT, null=True, db_index=False
    )
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(
        "identity.Account", models.PROTECT, null=True, related_name="+", db_index=False
    )
    submitted_at = models.DateTimeField(null=True)
    submitted_by = models.ForeignKey(
        "identity.Account", models.PROTECT, null=True, related_name="+", db_index=False
    )
    answer_due_at = models.DateTimeField(null=True)
    paused_at = models.DateTimeField(null=True)  # while information is requested
    answered_at = models.DateTimeField(null=True)
    valid_until = models.DateTimeField(null=True)
    visit_at = models.DateTimeField(null=True)
    hold_id = models.UUIDField(null=True)
    departed_at = models.DateTimeField(null=True)
    transport = models.CharField(max_length=32, blank=True)
    arrived_at = models.DateTimeField(null=True)
    encounter_id = models.UUIDField(null=True)
    care_ended_at = models.DateTimeField(null=True)
    feedback_due_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    close_reason = models.CharField(max_length=32, blank=True)
    check_result_on = models.DateField(null=True)  # a rule's "check within 2 weeks"
    verdict = models.JSONField(default=dict)  # compliance, step by step

    # The request as the record has it, where that is known; no column.
    recorded: Mapping[str, Any] | None = None

    objects = ReferralQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["number"], name="referral_number_once"),
            models.CheckConstraint(
                condition=Q(state__in=values(State)), name="referral_state_known"
            ),
            models.CheckConstraint(
                condition=Q(direction__in=values(Direction)),
                name="referral_direction_known",
            ),
            models.CheckConstraint(
                condition=Q(urgency__in=values(Urgency)), name="referral_urgency_known"
            ),
            models.CheckConstraint(
                condition=Q(care_kind__in=values(CareKind)),
                name="referral_care_kind_known",
            ),
            models.CheckConstraint(
                condition=Q(submitted_at=None) | Q(episode__isnull=False),
                name="referral_submitted_in_an_episode",
            ),
            models.CheckConstraint(
                condition=~Q(from_institution=F("to_institution")),
                name="referral_leaves_the_institution",
                violation_error_message=_("转出机构与接收机构不能相同。"),
            ),
            models.CheckConstraint(
                condition=Q(to_institution__isnull=False, outside_name="")
                | Q(to_institution=None)
                & (~Q(outside_name="") | Q(state=State.DRAFT.value)),
                name="referral_has_one_destination",
            ),
            models.CheckConstraint(
                condition=Q(state__in=values(OPEN), closed_at=None)
                | ~Q(state__in=values(OPEN)) & Q(closed_at__isnull=False),
                name="referral_closed_at_its_end",
            ),
            models.CheckConstraint(
                condition=Q(state=State.DRAFT.value)
                | Q(
                    state__in=[
                        State.WITHDRAWN.value,
                        State.DECEASED.value,
                        State.ENTERED_IN_ERROR.value,
                    ]
                )
                | Q(submitted_at__isnull=False, consented_at__isnull=False),
                name="referral_submitted_with_consent",
            ),
            models.UniqueConstraint(
                fields=["episode"],
                condition=Q(state__in=values(LIVE)),
                name="referral_one_live_hop_per_episode",
                violation_error_message=_("这次转诊已有一程正在进行。"),
            ),
        ]
        indexes = [
            models.Index(
                fields=["to_institution", "state", "answer_due_at"],
                name="referral_to_desk",
            ),
            models.Index(
                fields=["from_institution", "state", "-created_at"],
                name="referral_from_desk",
            ),
            models.Index(
                F("to_institution"),
                Standing(),
                F("id"),
                condition=Q(state__in=values(IN_LINE)),
                name="referral_to_in_line",
            ),
            models.Index(
                F("from_institution"),
                Standing(),
                F("id"),
                condition=Q(state__in=values(IN_LINE)),
                name="referral_from_in_line",
            ),
            models.Index(fields=["person", "-created_at"], name="referral_of_person"),
            models.Index(
                fields=["valid_until"],
                condition=Q(state__in=values(OPEN)),
                name="referral_running_out",
            ),
            models.Index(fields=["closed_at", "id"], name="referral_by_closing"),
            models.Index(
                fields=["to_institution", "-closed_at", "id"],
                name="referral_to_closed",
            ),
            models.Index(
                fields=["from_institution", "-closed_at", "id"],
                name="referral_from_closed",
            ),
            models.Index(
                fields=["to_institution", "answered_at"],
                include=["submitted_at", "state"],
                condition=Q(answered_at__isnull=False),
                name="referral_to_answered",
            ),
            models.Index(
                fields=["-arrived_at", "-id"],
                condition=Q(arrived_at__isnull=False),
                name="referral_by_arrival",
            ),
        ]

    def __str__(self) -> str:
        return self.number


class ReferralStep(models.Model):
    """A step taken: the time line of a hop. Inserted only."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    referral = models.ForeignKey(
        Referral, models.PROTECT, related_name="steps", db_index=False
    )
    step = models.CharField(max_length=20)
    from_state = models.CharField(max_length=20)
    to_state = models.CharField(max_length=20)
    taken_at = models.DateTimeField()
    account = models.ForeignKey(
        "identity.Account", models.PROTECT, null=True, db_index=False
    )
    institution = models.ForeignKey("directory.Institution", models.PROTECT, null=True)
    actor_name = models.CharField(max_length=60, blank=True)
    reason_code = models.CharField(max_length=32, blank=True)
    note = models.CharField(max_length=1000, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(step__in=values(Step)), name="referral_step_known"
            ),
        ]
        indexes = [
            models.Index(fields=["referral", "taken_at"], name="step_in_order"),
        ]

    def __str__(self) -> str:
        return self.step


class Breach(models.Model):
    """A clock that ran out, and why, 超时. Kept although the step came later."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    referral = models.ForeignKey(Referral, models.PROTECT, related_name="breaches")
    institution = models.ForeignKey("directory.Institution", models.PROTECT)
    clock = models.CharField(max_length=12)  # answer|arrival|feedback|follow_up
    due_at = models.DateTimeField()
    met_at = models.DateTimeField(null=True)
    reason_code = models.CharField(max_length=32, blank=True)
    note = models.CharField(max_length=300, blank=True)
    explained_by = models.ForeignKey("identity.Account", models.PROTECT, null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["referral", "clock"], name="breach_once_per_clock"
            ),
        ]
        indexes = [
            models.Index(fields=["institution", "-due_at"], name="breach_of_desk"),
        ]

    def __str__(self) -> str:
        return self.clock


class FollowUp(models.Model):
    """What the receiving side must do after: first follow-up, a call, a check."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    referral = models.ForeignKey(Referral, models.PROTECT, related_name="follow_ups")
    person = models.ForeignKey("population.Person", models.PROTECT)
    institution = models.ForeignKey("directory.Institution", models.PROTECT)
    kind = models.CharField(max_length=20)  # first_visit|not_arrived_call|check_result
    due_on = models.DateField()
    done_at = models.DateTimeField(null=True)
    done_by = models.ForeignKey("identity.Account", models.PROTECT, null=True)
    outcome = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["referral", "kind"], name="follow_up_once_per_kind"
            ),
            models.CheckConstraint(
                condition=Q(
                    kind__in=["check_result", "first_visit", "not_arrived_call"]
                ),
                name="follow_up_kind_known",
            ),
        ]
        indexes = [
            models.Index(
                fields=["institution", "due_on"],
                condition=Q(done_at=None),
                name="follow_up_waiting",
            ),
        ]

    def __str__(self) -> str:
        return self.kind


class Reminder(models.Model):
    """A rung of a ladder, 催办: what was due, who was told when. Inserted only."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    referral = models.ForeignKey(Referral, models.PROTECT, related_name="reminders")
    clock = models.CharField(max_length=12)
    rung = models.CharField(max_length=12)
    lap = models.PositiveSmallIntegerField(default=1)  # asked again, it runs again
    reached_at = models.DateTimeField()
    fired_at = models.DateTimeField()
    # Passed over: a higher rung was reached before anybody looked.
    is_skipped = models.BooleanField(default=False)
    # [{"audience", "house", "name", "by": ["inbox", "sms"]}]; nobody's number.
    told = models.JSONField(default=list)
    # Of a nudge by hand: who pressed.
    account = models.ForeignKey("identity.Account", models.PROTECT, null=True)
    institution = models.ForeignKey("directory.Institution", models.PROTECT, null=True)
    actor_name = models.CharField(max_length=60, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(clock__in=values(LadderClock)), name="reminder_clock_known"
            ),
            models.UniqueConstraint(
                fields=["referral", "clock", "rung", "lap"],
                condition=~Q(rung=MANUAL),
                name="reminder_once_per_rung",
            ),
            models.CheckConstraint(
                condition=Q(rung=MANUAL, account__isnull=False)
                | ~Q(rung=MANUAL) & Q(account=None),
                name="reminder_by_hand_or_by_clock",
            ),
        ]
        indexes = [
            models.Index(fields=["referral", "fired_at"], name="reminder_in_order"),
        ]

    def __str__(self) -> str:
        return f"{self.clock} {self.rung}"
