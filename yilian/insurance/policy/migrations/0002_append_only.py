"""What was released stays; of a price only its end is written (decisions 10)."""

from django.db import migrations

from yilian.foundation.access.privileges import AppendOnly, UpdateOnly


class Migration(migrations.Migration):
    dependencies = [("policy", "0001_initial")]
    operations = [
        AppendOnly("policy_parametersetversion"),
        UpdateOnly(
            "policy_parameterdraft",
            "title",
            "effective_from",
            "document",
            "source",
            "state",
            "revision",
            "reviewed_by_id",
            "reviewed_at",
            "rejected_by_id",
            "rejected_at",
            "rejected_because",
            "released_as_id",
        ),
        UpdateOnly(
            "policy_priceitem", "validity", "ended_by_id", "ended_at", "end_reason"
        ),
    ]
