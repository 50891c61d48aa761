"""A paper is taken back by its standing; nothing else of it changes, and it stays."""

from django.db import migrations

from yilian.foundation.access.privileges import UpdateOnly


class Migration(migrations.Migration):
    dependencies = [("referral", "0004_attachments")]
    operations = [
        UpdateOnly(
            "referral_attachment",
            "standing",
            "ended_at",
            "ended_by_id",
            "end_reason",
        )
    ]
