"""Invented regions and tests begin with released sets; a real one never does."""

from datetime import date, datetime
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Max

from yilian.foundation.access.actor import Actor
from yilian.foundation.access.database import one_at_a_time
from yilian.foundation.access.scope import require
from yilian.foundation.audit import services as audit
from yilian.insurance.policy.models import ParameterSetVersion
from yilian.insurance.policy.queries.parameters import digest_of
from yilian.insurance.policy.rules.documents import as_document
from yilian.insurance.policy.rules.sets import ParameterSet
from yilian.kernel.text import _

RELEASING: Final = "policy:release"


@transaction.atomic
def load_released(
    actor: Actor,
    parameters: ParameterSet,
    *,
    effective_from: date,
    drafted_by: UUID,
    reviewed_by: UUID,
    released_by: UUID,
    at: datetime,
) -> ParameterSetVersion:
    """A released set without the way through the pages, for the demo alone: a real
    region has no parameters until two people of its bureau have released them."""
    is_invented = settings.YILIAN_DEMO or settings.YILIAN_TESTING
    require(is_invented, _("只有演示区域可以直接装入参数集。"))
    one_at_a_time(RELEASING)
    document = as_document(parameters)
    row = ParameterSetVersion.objects.create(
        number=next_number(),
        set_id=parameters.id,
        version=parameters.version,
        title=parameters.title,
        area_code=parameters.region,
        effective_from=effective_from,
        document=document,
        digest=digest_of(document),
        source=parameters.source,
        drafted_by_id=drafted_by,
        drafted_at=at,
        reviewed_by_id=reviewed_by,
        reviewed_at=at,
        released_by_id=released_by,
        released_at=at,
    )
    audit.record(
        actor,
        "parameters.load",
        object_kind="ParameterSetVersion",
        object_id=row.id,
        detail={"set": row.set_id, "version": row.version},
    )
    return row


def next_number() -> int:
    """Within `one_at_a_time(RELEASING)`."""
    last = ParameterSetVersion.objects.aggregate(last=Max("number"))["last"]
    return int(last or 0) + 1


def hold_parameters() -> None:
    """Until this transaction ends nothing is released: for a settlement that must not
    miss a correction. Settlements do not wait for each other."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock_shared(hashtextextended(%s, 1))", [RELEASING]
        )
