"""Versions keep their order when a region is restored into another server."""

import django.db.models.expressions
from django.db import migrations, models

# The function as it stands, with another way to count; whatever else it says stays.
REPLACE = """
DO $$ BEGIN
    EXECUTE (SELECT replace(
        pg_get_functiondef(oid), '{old}', '{new}'
    ) FROM pg_proc WHERE proname = 'record_put');
END $$;
"""
OF_THE_SERVER = "pg_current_xact_id()::text::bigint"
OURS = "yilian_transaction()"


def numbered() -> models.BigIntegerField:
    return models.BigIntegerField(
        db_default=django.db.models.expressions.RawSQL("(yilian_transaction())", [])
    )


class Migration(migrations.Migration):
    dependencies = [("audit", "0004_transactions"), ("record", "0003_search")]
    operations = [
        migrations.AlterField("resource", "xid", numbered()),
        migrations.AlterField("version", "xid", numbered()),
        migrations.RunSQL(
            REPLACE.format(old=OF_THE_SERVER, new=OURS),
            REPLACE.format(old=OURS, new=OF_THE_SERVER),
        ),
    ]
