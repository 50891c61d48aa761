"""Why a bill waits for a person. Inserted only; the last row of a bill counts."""

from django.db import models
from django.db.models import Q

from yilian.foundation.access.choices import values
from yilian.insurance.settlement.rules.automatic import Ground
from yilian.kernel.ids import new_id


class Held(models.Model):
    """Said when a bill was posted, or when it could not settle itself, 待人工."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    person = models.ForeignKey(
        "population.Person", models.PROTECT, related_name="+", db_index=False
    )
    bill_id = models.UUIDField()
    ground = models.CharField(max_length=12)
    template = models.CharField(max_length=300)
    told = models.JSONField(default=dict)  # the template's values
    held_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(ground__in=values(Ground)), name="held_ground_known"
            ),
            models.CheckConstraint(condition=~Q(template=""), name="held_in_words"),
        ]
        indexes = [models.Index(fields=["bill_id", "held_at"], name="held_bill")]

    def __str__(self) -> str:
        return f"{self.ground} {self.id}"
