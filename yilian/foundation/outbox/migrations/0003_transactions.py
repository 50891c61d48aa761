"""Events keep their order when a region is restored into another server."""

import django.db.models.expressions
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("audit", "0004_transactions"),
        ("outbox", "0002_waiting_deliveries"),
    ]
    operations = [
        migrations.AlterField(
            model_name="outboxmessage",
            name="xid",
            field=models.BigIntegerField(
                db_default=django.db.models.expressions.RawSQL(
                    "(yilian_transaction())", []
                )
            ),
        ),
    ]
