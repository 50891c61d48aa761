"""What is stored stays as it was stored (decisions 10)."""

from django.db import migrations

from yilian.foundation.access.privileges import AppendOnly


class Migration(migrations.Migration):
    dependencies = [("files", "0001_initial")]
    operations = [AppendOnly("files_storedfile")]
