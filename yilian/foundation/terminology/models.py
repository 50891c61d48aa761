"""Concepts of a code system, with what they are searched by."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models

from yilian.kernel.ids import new_id


class Concept(models.Model):
    """A code with its Chinese name; `bigrams` are the name's character pairs."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    system = models.CharField(max_length=32)  # "icd10"
    edition = models.CharField(max_length=32)
    code = models.CharField(max_length=20)
    name = models.CharField(max_length=300)
    initials = models.CharField(max_length=300, blank=True)
    bigrams = ArrayField(models.CharField(max_length=2), default=list)
    is_leaf = models.BooleanField(default=True)
    retired_on = models.DateField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["system", "code"], name="concept_coded_once"
            ),
        ]
        indexes = [
            models.Index(
                "system",
                OpClass("code", "text_pattern_ops"),
                name="concept_by_code",
            ),
            models.Index(
                "system",
                OpClass("initials", "text_pattern_ops"),
                name="concept_by_initials",
            ),
            models.Index(
                "system",
                OpClass("name", "text_pattern_ops"),
                name="concept_by_name",
            ),
            GinIndex(fields=["bigrams"], name="concept_by_bigrams"),
        ]
