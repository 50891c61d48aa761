"""Current resources, all versions, and where an id is found (decisions 6–14).

The giant tables have a composite key that begins with the person; nothing points
at them by foreign key. The body is the text as received, with only `id` and
`meta` set by us. Row security guards reads by id; search runs through one
function that applies sight itself.
"""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models.functions import Now


class Locator(models.Model):
    """Type and id → person. Holds the uniqueness of ids, serves `GET Type/id`."""

    pk = models.CompositePrimaryKey("type", "id")
    type = models.CharField(max_length=40)
    id = models.CharField(max_length=64)
    person_id = models.UUIDField()

    class Meta:
        indexes = [models.Index(fields=["person_id", "type"], name="locator_of_person")]

    def __str__(self) -> str:
        return f"{self.type}/{self.id}"


class Resource(models.Model):
    """The current version of a resource."""

    pk = models.CompositePrimaryKey("person_id", "type", "id")
    person_id = models.UUIDField()
    type = models.CharField(max_length=40)
    id = models.CharField(max_length=64)
    version = models.PositiveIntegerField()
    institution_id = models.UUIDField(null=True)  # who sent or made it
    # The clinical span, half-open: a day is 24 hours, an open period has no end.
    clinical_at = models.DateTimeField(null=True)
    clinical_until = models.DateTimeField(null=True)
    status = models.CharField(max_length=40, blank=True)
    is_deleted = models.BooleanField(default=False)
    last_updated = models.DateTimeField()
    xid = models.BigIntegerField(
        db_default=models.expressions.RawSQL("(yilian_transaction())", [])
    )
    body = models.TextField()
    # Equal for texts that say the same, so that a repeat makes no version.
    said = models.BinaryField(max_length=16)
    # "name=system|code", "name=|code", "name=code" for token parameters …
    tokens = ArrayField(models.TextField(), default=list)
    # … "name=Type/id" for references, "name=beginning" (lower case) for strings.
    references = ArrayField(models.TextField(), default=list)
    strings = ArrayField(models.TextField(), default=list)

    class Meta:
        indexes = [
            GinIndex(fields=["tokens"], name="resource_tokens"),
            GinIndex(fields=["references"], name="resource_references"),
            GinIndex(
                fields=["strings"],
                name="resource_strings",
                condition=~models.Q(strings=[]),
            ),
            models.Index(
                fields=["person_id", "type", "-clinical_at"], name="resource_by_time"
            ),
            models.Index(
                fields=["type", "-last_updated", "id"], name="resource_by_update"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.type}/{self.id}"


class Version(models.Model):
    """Every version ever held; inserted only."""

    pk = models.CompositePrimaryKey("person_id", "type", "id", "version")
    person_id = models.UUIDField()
    type = models.CharField(max_length=40)
    id = models.CharField(max_length=64)
    version = models.PositiveIntegerField()
    institution_id = models.UUIDField(null=True)
    account_id = models.UUIDField(null=True)
    is_deleted = models.BooleanField(default=False)
    created_at = models.DateTimeField(db_default=Now())
    xid = models.BigIntegerField(
        db_default=models.expressions.RawSQL("(yilian_transaction())", [])
    )
    body = models.TextField()

    def __str__(self) -> str:
        return f"{self.type}/{self.id}/_history/{self.version}"
