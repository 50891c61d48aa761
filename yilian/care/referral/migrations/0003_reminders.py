"""Who was told when: the rungs of the ladders, inserted only."""

import django.db.models.deletion
import yilian.kernel.ids
from django.conf import settings
from django.db import migrations, models

from yilian.foundation.access.privileges import AppendOnly


class Migration(migrations.Migration):
    dependencies = [
        ("directory", "0001_initial"),
        ("referral", "0002_append_only"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Reminder",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=yilian.kernel.ids.new_id,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("clock", models.CharField(max_length=12)),
                ("rung", models.CharField(max_length=12)),
                ("lap", models.PositiveSmallIntegerField(default=1)),
                ("reached_at", models.DateTimeField()),
                ("fired_at", models.DateTimeField()),
                ("is_skipped", models.BooleanField(default=False)),
                ("told", models.JSONField(default=list)),
                ("actor_name", models.CharField(blank=True, max_length=60)),
                (
                    "account",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "institution",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="directory.institution",
                    ),
                ),
                (
                    "referral",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reminders",
                        to="referral.referral",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        fields=["referral", "fired_at"], name="reminder_in_order"
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "clock__in",
                                ["answer", "arrival", "feedback", "follow_up", "info"],
                            )
                        ),
                        name="reminder_clock_known",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("rung", "manual"), _negated=True),
                        fields=("referral", "clock", "rung", "lap"),
                        name="reminder_once_per_rung",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("account__isnull", False), ("rung", "manual")),
                            models.Q(
                                models.Q(("rung", "manual"), _negated=True),
                                ("account", None),
                            ),
                            _connector="OR",
                        ),
                        name="reminder_by_hand_or_by_clock",
                    ),
                ],
            },
        ),
        AppendOnly("referral_reminder"),
    ]
