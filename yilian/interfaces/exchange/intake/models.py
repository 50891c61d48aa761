"""Feeds and their code tables; messages as they were received."""

from datetime import date

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateRangeField, RangeOperators
from django.db import models
from django.db.models import Q

from yilian.foundation.access.actor import Actor, Reach, Role
from yilian.foundation.access.choices import values
from yilian.interfaces.exchange.intake.rules import OPEN, Channel, Meaning, State
from yilian.kernel.ids import new_id


class FeedQuerySet(models.QuerySet["Feed"]):
    def visible_to(self, actor: Actor) -> "FeedQuerySet":
        """Those of institutions whose systems this actor keeps."""
        if actor.reach is Reach.SYSTEM:
            return self
        if not actor.has(Role.SYSTEM_ADMIN):
            return self.none()
        own = Q(institution=actor.institution_id)
        if actor.is_authority and actor.area_code:
            own |= Q(institution__area_code__startswith=actor.area_code)
        return self.filter(own)

    def in_force(self, day: date) -> "FeedQuerySet":
        return self.filter(period__contains=day)


class Feed(models.Model):
    """A system of a member that may send us messages, 接口.

    It acts through an account of its own, in which nobody can sign in.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name = models.SlugField(max_length=40, unique=True)
    institution = models.ForeignKey(
        "directory.Institution", models.PROTECT, related_name="+"
    )
    account = models.OneToOneField("identity.Account", models.PROTECT, related_name="+")
    application = models.CharField(max_length=120)  # MSH-3
    facility = models.CharField(max_length=120)  # MSH-4
    kinds = ArrayField(models.CharField(max_length=8), default=list)
    charset = models.CharField(max_length=12, default="utf-8")  # where MSH-18 is silent
    addresses = ArrayField(models.CharField(max_length=50), default=list)
    # Keyed index of MSH-8; the secret itself is shown once and never kept.
    secret_index = models.CharField(max_length=64, blank=True)
    # The paper in which the institution answers for the patients' consent.
    consent_evidence = models.CharField(max_length=200, blank=True)
    period = DateRangeField()
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(
        "identity.Account", models.PROTECT, null=True, related_name="+"
    )

    objects = FeedQuerySet.as_manager()

    class Meta:
        constraints = [
            ExclusionConstraint(
                name="feed_one_sender_at_a_time",
                expressions=[
                    ("application", RangeOperators.EQUAL),
                    ("facility", RangeOperators.EQUAL),
                    ("period", RangeOperators.OVERLAPS),
                ],
            ),
            models.CheckConstraint(
                condition=~Q(addresses=[]) | ~Q(secret_index=""),
                name="feed_tells_who_calls",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class CodeMeaning(models.Model):
    """What a code of a feed stands for here, 对照."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    feed = models.ForeignKey(Feed, models.PROTECT, related_name="meanings")
    meaning = models.CharField(max_length=12)
    code = models.CharField(max_length=120)
    institution = models.ForeignKey(
        "directory.Institution", models.PROTECT, null=True, related_name="+"
    )
    department = models.ForeignKey(
        "directory.Department", models.PROTECT, null=True, related_name="+"
    )
    post = models.ForeignKey(
        "directory.PractitionerRole", models.PROTECT, null=True, related_name="+"
    )
    diagnosis_code = models.CharField(max_length=20, blank=True)
    made_at = models.DateTimeField(auto_now=True)
    made_by = models.ForeignKey(
        "identity.Account", models.PROTECT, null=True, related_name="+"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["feed", "meaning", "code"], name="code_means_one_thing"
            ),
            models.CheckConstraint(
                condition=Q(meaning__in=values(Meaning)), name="code_meaning_known"
            ),
            models.CheckConstraint(
                condition=Q(institution__isnull=False)
                | Q(department__isnull=False)
                | Q(post__isnull=False)
                | ~Q(diagnosis_code=""),
                name="code_means_something",
            ),
        ]

    def __str__(self) -> str:
        return self.code


class ReceivedQuerySet(models.QuerySet["Received"]):
    def visible_to(self, actor: Actor) -> "ReceivedQuerySet":
        """The desks at both ends; who keeps the systems, without the patient."""
        if actor.reach is Reach.SYSTEM:
            return self
        found = Q(pk__in=[])
        here = actor.institution_id
        if actor.has(Role.REFERRAL_DESK) and here is not None:
            found |= Q(feed__institution=here) | Q(to_institution=here)
        if actor.has(Role.SYSTEM_ADMIN):
            found |= Q(feed__in=Feed.objects.visible_to(actor))
        return self.filter(found)


class Received(models.Model):
    """One message. Its text lies encrypted beside the database (decisions 12)."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    feed = models.ForeignKey(Feed, models.PROTECT, related_name="messages")
    control_id = models.CharField(max_length=200)
    digest = models.CharField(max_length=64)  # of all but its time and secret
    kind = models.CharField(max_length=16)
    version = models.CharField(max_length=16, blank=True)
    codec = models.CharField(max_length=12)
    channel = models.CharField(max_length=8)
    origin = models.CharField(max_length=64, blank=True)
    size = models.PositiveIntegerField()
    received_at = models.DateTimeField()
    state = models.CharField(max_length=12)
    # What is missing, in marked words (rules.Problem); never a name or a number.
    problems = models.JSONField(default=list)
    # What a person has said since, encrypted: it may hold parts of the record.
    mended_cipher = models.BinaryField(null=True)
    answer = models.TextField(blank=True)  # the acknowledgement, as it was sent
    patient_index = models.CharField(max_length=64, blank=True)
    foreign_number = models.CharField(max_length=120, blank=True)
    behind = models.ForeignKey("self", models.PROTECT, null=True, related_name="after")
    person = models.ForeignKey("population.Person", models.PROTECT, null=True)
    to_institution = models.ForeignKey(
        "directory.Institution", models.PROTECT, null=True, related_name="+"
    )
    referral = models.ForeignKey("referral.Referral", models.PROTECT, null=True)
    handled_at = models.DateTimeField(null=True)
    handled_by = models.ForeignKey(
        "identity.Account", models.PROTECT, null=True, related_name="+"
    )
    note = models.CharField(max_length=500, blank=True)
    revision = models.PositiveIntegerField(default=1)

    objects = ReceivedQuerySet.as_manager()

    # What came stays as it came: the application may write these, and no others.
    CHANGES = (
        "state", "problems", "mended_cipher", "answer", "behind", "person",
        "to_institution", "referral", "handled_at", "handled_by", "note", "revision",
    )  # fmt: skip

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["feed", "control_id"], name="message_once_per_control_id"
            ),
            models.CheckConstraint(
                condition=Q(state__in=values(State)), name="message_state_known"
            ),
            models.CheckConstraint(
                condition=Q(channel__in=values(Channel)), name="message_channel_known"
            ),
            models.CheckConstraint(
                condition=~Q(state=State.BEHIND.value) | Q(behind__isnull=False),
                name="message_behind_another",
            ),
        ]
        indexes = [
            models.Index(
                fields=["-received_at", "-id"],
                condition=Q(state__in=values(OPEN)),
                name="message_to_mend",
            ),
            models.Index(fields=["feed", "patient_index"], name="message_of_patient"),
            models.Index(fields=["feed", "foreign_number"], name="message_of_referral"),
            models.Index(fields=["referral"], name="message_by_referral"),
            models.Index(fields=["-received_at", "-id"], name="message_newest"),
        ]

    def __str__(self) -> str:
        return self.control_id
