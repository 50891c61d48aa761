"""Events waiting, and what became of each delivery."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from yilian.kernel.ids import new_id


class OutboxMessage(models.Model):
    """An event, inserted in the acting transaction and nothing else (decisions 16)."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    kind = models.CharField(max_length=80)  # the Event class's name
    body = models.JSONField()
    person_id = models.UUIDField(null=True)
    created_at = models.DateTimeField(db_default=Now())
    xid = models.BigIntegerField(
        db_default=models.expressions.RawSQL("(yilian_transaction())", [])
    )
    dispatched_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["xid", "id"],
                condition=Q(dispatched_at=None),
                name="outbox_waiting",
            ),
        ]


class Delivery(models.Model):
    """One event to one handler. A dead one waits for a person to resend it."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    message = models.ForeignKey(
        OutboxMessage, models.PROTECT, related_name="deliveries", db_index=False
    )
    handler = models.CharField(max_length=120)
    state = models.CharField(max_length=12, default="waiting")  # waiting|done|dead
    tries = models.PositiveSmallIntegerField(default=0)
    last_error = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["message", "handler"], name="delivery_once_per_handler"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["dead", "done", "waiting"]),
                name="delivery_state_known",
            ),
        ]
        indexes = [
            models.Index(
                fields=["created_at"],
                condition=Q(state="dead"),
                name="delivery_dead_letters",
            ),
            models.Index(
                fields=["created_at"],
                condition=Q(state="waiting"),
                name="delivery_waiting",
            ),
        ]
