"""Notices in an inbox, and messages handed to the SMS port."""

from collections.abc import Iterable
from functools import reduce
from operator import or_
from typing import Self

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from yilian.foundation.access.actor import Actor, Reach, Role
from yilian.kernel.ids import new_id


class NoticeQuerySet(models.QuerySet["Notice"]):
    def visible_to(self, actor: Actor) -> Self:
        """Notices for the account, and those for its roles at its institution."""
        return self.filter(reduce(or_, ways_to(actor)))


def ways_to(actor: Actor) -> list[Q]:
    """Apart, because each has its index: those of the account, those of the house."""
    mine = Q(account_id=actor.account_id) & ~Q(account_id=None)
    if actor.institution_id is None or actor.reach == Reach.SELF:
        return [mine]
    house = Q(institution_id=actor.institution_id, account_id=None)
    return [mine, house & _for_one_of(actor.roles)]


def _for_one_of(roles: Iterable[Role]) -> Q:
    """`roles` is "nurse,physician": a name stands alone, first, last or between."""
    fits = Q(roles="")
    for role in sorted(roles):
        fits |= Q(roles=role) | Q(roles__startswith=f"{role},")
        fits |= Q(roles__endswith=f",{role}") | Q(roles__contains=f",{role},")
    return fits


class Notice(models.Model):
    """A line in an inbox: for an institution's roles, or for one account.

    `template` is a marked text, `values` its values: translated when shown. Never
    a person's name; the link leads to what may be seen.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    topic = models.CharField(max_length=40)
    institution_id = models.UUIDField(null=True)
    roles = models.CharField(max_length=120, blank=True)  # "," joined; empty: all
    account_id = models.UUIDField(null=True)
    template = models.CharField(max_length=300)
    values = models.JSONField(default=dict)
    link = models.CharField(max_length=200, blank=True)
    urgency = models.CharField(max_length=8, default="routine")
    # The event or row that caused it: one notice each, however often it is handled.
    cause = models.CharField(max_length=120)
    created_at = models.DateTimeField(db_default=Now())

    objects = NoticeQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["cause", "institution_id", "account_id", "topic"],
                nulls_distinct=False,
                name="notice_once_per_cause",
            ),
        ]
        indexes = [
            models.Index(
                fields=["institution_id", "-created_at"], name="notice_of_institution"
            ),
            models.Index(
                fields=["account_id", "-created_at"], name="notice_of_account"
            ),
        ]


class NoticeRead(models.Model):
    """Who has read which notice."""

    notice = models.ForeignKey(Notice, models.PROTECT, related_name="reads")
    account_id = models.UUIDField()
    read_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["notice", "account_id"], name="notice_read_once"
            ),
        ]


class ShortMessage(models.Model):
    """What was handed to the SMS port: number and words only as cipher, because the
    words may hold a one-time code."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    phone_cipher = models.BinaryField()
    text_cipher = models.BinaryField()
    cause = models.CharField(max_length=120, unique=True)
    created_at = models.DateTimeField(db_default=Now())
    sent_at = models.DateTimeField(null=True)
    tries = models.PositiveSmallIntegerField(default=0)
    is_dead = models.BooleanField(default=False)

    class Meta:
        indexes = [
            models.Index(
                fields=["created_at"],
                condition=Q(sent_at=None, is_dead=False),
                name="sms_waiting",
            ),
        ]
