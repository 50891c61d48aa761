"""What is kept of a file beside its encrypted bytes. Inserted only."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from yilian.foundation.access.choices import values
from yilian.foundation.files.rules.kinds import ENDING, Kind
from yilian.kernel.ids import new_id


class StoredFile(models.Model):
    """One file in the data folder, 已存文件. Its id is its name there."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    kind = models.CharField(max_length=40)  # media type, told by the bytes
    size = models.PositiveIntegerField()  # plain bytes
    digest = models.CharField(max_length=64)  # SM3 of the plain bytes, hex
    wrapped_key = models.BinaryField(max_length=200)  # sealed by the vault
    purpose = models.CharField(max_length=40)  # whose row points here
    stored_at = models.DateTimeField(db_default=Now())
    stored_by_id = models.UUIDField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=values(Kind)), name="stored_file_kind_known"
            ),
            models.CheckConstraint(
                condition=Q(size__gt=0), name="stored_file_not_empty"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"

    @property
    def ending(self) -> str:
        return ENDING[Kind(self.kind)]

    @property
    def is_picture(self) -> bool:
        return self.kind != Kind.PDF
