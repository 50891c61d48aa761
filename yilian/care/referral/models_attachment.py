"""Papers that go with a hop. Never deleted: removed or in error, they stay as rows."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from yilian.care.referral.rules.attachments import (
    LONGEST_TITLE,
    PaperKind,
    Part,
    Standing,
)
from yilian.foundation.access.choices import values
from yilian.kernel.ids import new_id


class Attachment(models.Model):
    """One paper with a hand-over or a feedback, 附件."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    referral = models.ForeignKey(
        "referral.Referral", models.PROTECT, related_name="attachments"
    )
    part = models.CharField(max_length=12)
    kind = models.CharField(max_length=12)
    title = models.CharField(_("标题"), max_length=LONGEST_TITLE)
    file = models.ForeignKey("files.StoredFile", models.PROTECT, related_name="+")
    digest = models.CharField(max_length=64)  # of the file, so that one comes once
    standing = models.CharField(max_length=12, default=Standing.CURRENT.value)
    # Sent on with the patient: the paper that stands in the record already.
    first = models.ForeignKey("self", models.PROTECT, null=True, related_name="copies")
    added_at = models.DateTimeField()
    added_by = models.ForeignKey(
        "identity.Account", models.PROTECT, null=True, related_name="+"
    )
    institution = models.ForeignKey(
        "directory.Institution", models.PROTECT, related_name="+"
    )
    ended_at = models.DateTimeField(null=True)
    ended_by = models.ForeignKey(
        "identity.Account", models.PROTECT, null=True, related_name="+"
    )
    end_reason = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(part__in=values(Part)), name="attachment_part_known"
            ),
            models.CheckConstraint(
                condition=Q(kind__in=values(PaperKind)), name="attachment_kind_known"
            ),
            models.CheckConstraint(
                condition=Q(standing=Standing.CURRENT.value, ended_at=None)
                | Q(
                    standing__in=[Standing.REMOVED.value, Standing.IN_ERROR.value],
                    ended_at__isnull=False,
                ),
                name="attachment_ended_at_its_end",
            ),
            models.UniqueConstraint(
                fields=["referral", "part", "digest"],
                condition=Q(standing=Standing.CURRENT.value),
                name="attachment_comes_once",
                violation_error_message=_("这份文件已经添加过了。"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"
