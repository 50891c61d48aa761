"""Screens that show the desk by themselves, 大屏. Rows stay as what hung where."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from yilian.kernel.ids import new_id

LONGEST_PLACE = 30


class WallDisplay(models.Model):
    """A wall opened by somebody of the desk, and lit until its hour without them.

    The browser on the wall holds the signed id of this row and nothing else.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    institution = models.ForeignKey(
        "directory.Institution", models.PROTECT, related_name="+"
    )
    place = models.CharField(_("位置"), max_length=LONGEST_PLACE)
    opened_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    opened_by = models.ForeignKey("identity.Account", models.PROTECT, related_name="+")
    opened_in = models.ForeignKey(
        "directory.PractitionerRole", models.PROTECT, related_name="+"
    )
    opener_name = models.CharField(max_length=60)
    shown_on = models.DateField()  # the last day of showing that is written down
    ended_at = models.DateTimeField(null=True)
    # None beside `ended_at`: the opener has left the post.
    ended_by = models.ForeignKey(
        "identity.Account", models.PROTECT, null=True, related_name="+"
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("opened_at")), name="display_ends_after"
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=False) | Q(ended_by=None),
                name="display_ended_at_its_end",
            ),
        ]
        indexes = [
            models.Index(
                fields=["institution", "-opened_at"], name="display_of_institution"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.place} {self.id}"
