"""That only stays have a referral state, said to the planner: it thought the stays of
a state rarer than they are."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("settlement", "0007_sums")]
    operations = [
        migrations.RunSQL(
            "CREATE STATISTICS settlement_kind_and_state (dependencies, mcv)"
            " ON kind, referral_state FROM settlement_settlement",
            "DROP STATISTICS settlement_kind_and_state",
        ),
    ]
