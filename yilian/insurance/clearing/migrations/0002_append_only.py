"""Books, signatures and closings are only ever inserted; of the others a few columns
change."""

from django.db import migrations

from yilian.foundation.access.privileges import AppendOnly, UpdateOnly


class Migration(migrations.Migration):
    dependencies = [("clearing", "0001_initial")]
    operations = [
        AppendOnly(
            "clearing_entry",
            "clearing_posting",
            "clearing_ledgeraccount",
            "clearing_statementstep",
            "clearing_disputeanswer",
            "clearing_closedperiod",
        ),
        UpdateOnly(
            "clearing_statement",
            "state",
            "one_owes",
            "other_owes",
            "one_adjusted",
            "other_adjusted",
            "lines",
            "digest",
            "half_confirmed_by_id",
            "drawn_at",
            "clock_from",
            "due_at",
            "revision",
        ),
        UpdateOnly(
            "clearing_sharedservice", "state", "reason", "decided_at", "decided_by"
        ),
        UpdateOnly("clearing_dispute", "state", "ended_at"),
    ]
