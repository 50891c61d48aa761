"""What a form's key has already made."""

from django.db import models
from django.db.models.functions import Now


class MadeOnce(models.Model):
    """The result of a create under the key its form carried."""

    key = models.UUIDField(primary_key=True)
    account_id = models.UUIDField(null=True)
    kind = models.CharField(max_length=40)
    result_id = models.UUIDField(null=True)
    made_at = models.DateTimeField(db_default=Now())
