"""What the fund refuses of a confirmed suspicion. Inserted only."""

from django.db import models
from django.db.models import Q

from yilian.insurance.settlement.models_deciding import Anomaly
from yilian.insurance.settlement.models_person import money
from yilian.kernel.ids import new_id


class AnomalyRefusal(models.Model):
    """Decided with the suspicion; budgets read it by house and day."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    anomaly = models.OneToOneField(Anomaly, models.PROTECT, related_name="refusal")
    institution = models.ForeignKey(
        "directory.Institution", models.PROTECT, null=True, related_name="+"
    )
    insured_area = models.CharField(max_length=6)
    amount = money()
    refused_on = models.DateField()  # Asia/Shanghai
    refused_by = models.ForeignKey(
        "identity.Account", models.PROTECT, related_name="+", db_index=False
    )
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(amount__gt=0), name="anomaly_refusal_of_something"
            ),
        ]
        indexes = [
            models.Index(
                fields=["refused_on", "insured_area"], name="anomaly_refusal_by_day"
            ),
        ]

    def __str__(self) -> str:
        return str(self.id)
