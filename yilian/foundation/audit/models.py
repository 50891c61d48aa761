"""Audit rows and their seals. The application role can only insert rows."""

from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from yilian.foundation.access.actor import Actor, Reach, Role
from yilian.kernel.ids import new_id


class AuditQuerySet(models.QuerySet["AuditEntry"]):
    def visible_to(self, actor: Actor) -> Self:
        """The auditor sees all that was done; a resident, what was done with the
        records of themselves and of those they stand for."""
        if actor.reach == Reach.AUDIT and actor.has(Role.AUDIT_ADMIN):
            return self
        if actor.reach == Reach.SELF and actor.has(Role.RESIDENT):
            persons = list(actor.person_ids)
            listed = Q(person_ids__overlap=persons) & ~Q(person_ids=[])
            return self.filter(Q(person_id__in=persons) | listed)
        return self.none()


class AuditEntry(models.Model):
    """One act: who, for which institution, in which role, what, when, from where.

    `ground` says on what ground a person's record was open. `xid` is the
    transaction, so that the sealer stops before those still running
    (decisions 11). No name and no number of a person stands here.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    at = models.DateTimeField(db_default=Now(), db_index=True)
    xid = models.BigIntegerField(
        db_default=models.expressions.RawSQL("(yilian_transaction())", [])
    )
    action = models.CharField(max_length=64)  # "referral.accept", "record.read"
    outcome = models.CharField(max_length=12, default="done")  # done|refused|failed
    account_id = models.UUIDField(null=True)
    post_id = models.UUIDField(null=True)
    institution_id = models.UUIDField(null=True)
    roles = models.CharField(max_length=120, blank=True)
    actor_name = models.CharField(max_length=60, blank=True)
    origin = models.CharField(max_length=64, blank=True)
    person_id = models.UUIDField(null=True)
    person_ids = ArrayField(models.UUIDField(), default=list)  # a list that was shown
    object_kind = models.CharField(max_length=32, blank=True)
    object_id = models.UUIDField(null=True)
    ground = models.CharField(max_length=16, blank=True)
    grant_id = models.UUIDField(null=True)
    is_break_glass = models.BooleanField(default=False)
    detail = models.JSONField(default=dict)

    objects = AuditQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["person_id", "-at"], name="audit_of_person"),
            models.Index(fields=["institution_id", "-at"], name="audit_of_institution"),
            models.Index(fields=["account_id", "-at"], name="audit_of_account"),
            models.Index(fields=["object_id", "-at"], name="audit_of_object"),
            models.Index(fields=["xid", "id"], name="audit_in_sealing_order"),
            GinIndex(
                fields=["person_ids"],
                condition=~Q(person_ids=[]),
                name="audit_of_shown_persons",
            ),
            models.Index(
                fields=["-at"],
                condition=Q(is_break_glass=True),
                name="audit_break_glass",
            ),
        ]


class AuditSeal(models.Model):
    """A batch of rows closed by an SM3 Merkle root, chained to the batch before."""

    number = models.BigIntegerField(primary_key=True)
    first_xid = models.BigIntegerField()
    up_to_xid = models.BigIntegerField()  # rows with first_xid <= xid < up_to_xid
    rows = models.PositiveIntegerField()
    # Each row's id (16 bytes) and digest (32), in order: names the row that changed.
    leaves = models.BinaryField(default=b"")
    root = models.BinaryField(max_length=32)
    previous = models.BinaryField(max_length=32)
    chain = models.BinaryField(max_length=32)
    sealed_at = models.DateTimeField(db_default=Now())
