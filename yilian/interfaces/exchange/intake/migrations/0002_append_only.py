"""What was received stays as it was received, and is never deleted (decisions 10)."""

from django.db import migrations

from yilian.foundation.access.privileges import UpdateOnly


class Migration(migrations.Migration):
    dependencies = [("intake", "0001_initial")]
    operations = [
        UpdateOnly(
            "intake_received",
            "state",
            "problems",
            "mended_cipher",
            "answer",
            "behind_id",
            "person_id",
            "to_institution_id",
            "referral_id",
            "handled_at",
            "handled_by_id",
            "note",
            "revision",
        ),
    ]
