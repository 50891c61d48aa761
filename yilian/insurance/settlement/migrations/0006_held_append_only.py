"""Why a bill waits is only ever said anew; a bill held back settles itself no more."""

from django.db import migrations

from yilian.foundation.access.privileges import AppendOnly, UpdateOnly


class Migration(migrations.Migration):
    dependencies = [("settlement", "0005_held")]
    operations = [
        AppendOnly("settlement_held"),
        UpdateOnly(
            "settlement_bill",
            "settled_at",
            "voided_at",
            "voided_by_id",
            "void_reason",
            "settles_itself",
        ),
        migrations.RunSQL(
            "ALTER TABLE settlement_held ADD CONSTRAINT held_of_a_bill"
            " FOREIGN KEY (person_id, bill_id)"
            " REFERENCES settlement_bill (person_id, id)",
            "ALTER TABLE settlement_held DROP CONSTRAINT held_of_a_bill",
        ),
    ]
