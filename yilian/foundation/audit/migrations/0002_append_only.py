"""Audit rows and seals are only ever inserted (decisions 10)."""

from django.db import migrations

from yilian.foundation.access.privileges import AppendOnly


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_initial")]
    operations = [AppendOnly("audit_auditentry", "audit_auditseal")]
