"""A step once taken stays in the time line."""

from django.db import migrations

from yilian.foundation.access.privileges import AppendOnly


class Migration(migrations.Migration):
    dependencies = [("referral", "0001_initial")]
    operations = [AppendOnly("referral_referralstep")]
