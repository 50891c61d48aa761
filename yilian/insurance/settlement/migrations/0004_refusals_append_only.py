"""What was refused stays refused."""

from django.db import migrations

from yilian.foundation.access.privileges import AppendOnly


class Migration(migrations.Migration):
    dependencies = [("settlement", "0003_anomaly_refusal")]
    operations = [AppendOnly("settlement_anomalyrefusal")]
