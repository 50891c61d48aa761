"""Peers, and the letters to them."""

from django.db import models
from django.db.models import Q

from yilian.foundation.access.actor import Actor, Reach, Role
from yilian.foundation.access.choices import values
from yilian.interfaces.exchange.outgoing.rules import AHEAD, Protocol, State
from yilian.kernel.ids import new_id


class PeerQuerySet(models.QuerySet["Peer"]):
    def visible_to(self, actor: Actor) -> "PeerQuerySet":
        if actor.reach is Reach.SYSTEM:
            return self
        if not actor.has(Role.SYSTEM_ADMIN):
            return self.none()
        own = Q(institution=actor.institution_id)
        if actor.is_authority and actor.area_code:
            own |= Q(institution__area_code__startswith=actor.area_code)
        return self.filter(own)


class Peer(models.Model):
    """Where the system of a member listens, 对端. It gets what its house may see."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name = models.SlugField(max_length=40, unique=True)
    institution = models.ForeignKey(
        "directory.Institution", models.PROTECT, related_name="+"
    )
    protocol = models.CharField(max_length=8)
    # host:port for MLLP, https://… for FHIR
    address = models.CharField(max_length=200)
    is_secured = models.BooleanField(default=True)  # TLS
    secret_cipher = models.BinaryField(null=True)  # MSH-8 or bearer token
    application = models.CharField(max_length=120, blank=True)  # MSH-5
    facility = models.CharField(max_length=120, blank=True)  # MSH-6
    takes_referrals = models.BooleanField(default=True)  # to this house
    takes_answers = models.BooleanField(default=True)  # to referrals of this house
    is_active = models.BooleanField(default=True)
    not_before = models.DateTimeField(null=True)  # after it could not be reached
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(
        "identity.Account", models.PROTECT, null=True, related_name="+"
    )

    objects = PeerQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(protocol__in=values(Protocol)), name="peer_protocol_known"
            ),
        ]
        indexes = [models.Index(fields=["institution"], name="peer_of_house")]

    def __str__(self) -> str:
        return self.name


class LetterQuerySet(models.QuerySet["Letter"]):
    def visible_to(self, actor: Actor) -> "LetterQuerySet":
        if actor.reach is Reach.SYSTEM:
            return self
        found = Q(pk__in=[])
        here = actor.institution_id
        if actor.has(Role.REFERRAL_DESK) and here is not None:
            found |= Q(referral__from_institution=here)
            found |= Q(referral__to_institution=here)
        if actor.has(Role.SYSTEM_ADMIN):
            found |= Q(peer__in=Peer.objects.visible_to(actor))
        return self.filter(found)


class Letter(models.Model):
    """One thing to tell one peer. Written when it is sent, from what stands then."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    peer = models.ForeignKey(Peer, models.PROTECT, related_name="letters")
    referral = models.ForeignKey(
        "referral.Referral", models.PROTECT, related_name="letters"
    )
    event = models.CharField(max_length=16)
    cause = models.CharField(max_length=80)  # the step that made it
    status = models.CharField(max_length=1, blank=True)  # of an answer, table 0283
    control_id = models.CharField(max_length=20, unique=True)
    state = models.CharField(max_length=12, default=State.WAITING.value)
    tries = models.PositiveSmallIntegerField(default=0)
    fault = models.CharField(max_length=12, blank=True)
    ack = models.CharField(max_length=8, blank=True)  # AA, AE, AR or an HTTP status
    due_at = models.DateTimeField()
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    note = models.CharField(max_length=300, blank=True)

    objects = LetterQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["peer", "cause", "event"], name="letter_once_per_cause"
            ),
            models.CheckConstraint(
                condition=Q(state__in=values(State)), name="letter_state_known"
            ),
        ]
        indexes = [
            models.Index(
                fields=["peer", "created_at", "id"],
                condition=Q(state__in=values(AHEAD)),
                name="letter_to_send",
            ),
            models.Index(fields=["-created_at", "-id"], name="letter_newest"),
        ]

    def __str__(self) -> str:
        return self.control_id
