from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("population", "0003_order_of_names"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="grant",
            index=models.Index(fields=["evidence_id"], name="grant_by_evidence"),
        ),
    ]
