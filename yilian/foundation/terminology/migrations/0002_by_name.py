"""One character is looked for at the beginning of names."""

import django.contrib.postgres.indexes
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("terminology", "0001_initial"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="concept",
            index=models.Index(
                models.F("system"),
                django.contrib.postgres.indexes.OpClass("name", "text_pattern_ops"),
                name="concept_by_name",
            ),
        ),
    ]
