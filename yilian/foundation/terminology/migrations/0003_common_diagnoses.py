"""The common diagnoses come with the tables. Going back leaves them: they may be
in use, and the whole edition may have replaced them."""

from django.db import migrations

from yilian.foundation.terminology.rules import ICD10, bigrams, initials
from yilian.foundation.terminology.shipped import EDITION, shipped


def load(apps, schema_editor):
    concept = apps.get_model("terminology", "Concept")
    concept.objects.bulk_create(
        [
            concept(
                system=ICD10,
                edition=EDITION,
                code=code,
                name=name,
                initials=initials(name),
                bigrams=bigrams(name),
            )
            for code, name in shipped()
        ],
        ignore_conflicts=True,
    )


class Migration(migrations.Migration):
    dependencies = [("terminology", "0002_by_name")]
    operations = [migrations.RunPython(load, migrations.RunPython.noop)]
