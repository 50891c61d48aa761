"""Seals name the row that changed; who was shown in a list is found quickly."""

import django.contrib.postgres.indexes
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("audit", "0002_append_only"),
    ]

    operations = [
        migrations.AddField(
            model_name="auditseal",
            name="leaves",
            field=models.BinaryField(default=b""),
        ),
        migrations.AddIndex(
            model_name="auditentry",
            index=django.contrib.postgres.indexes.GinIndex(
                condition=models.Q(("person_ids", []), _negated=True),
                fields=["person_ids"],
                name="audit_of_shown_persons",
            ),
        ),
        migrations.AddIndex(
            model_name="auditentry",
            index=models.Index(
                condition=models.Q(("is_break_glass", True)),
                fields=["-at"],
                name="audit_break_glass",
            ),
        ),
    ]
