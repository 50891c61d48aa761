"""Encounters by the thousand, for imports and the demo (decisions 33)."""

from collections.abc import Sequence

from django.db import transaction

from yilian.foundation.access.actor import Actor, Reach
from yilian.foundation.access.scope import require
from yilian.foundation.audit.services import record
from yilian.kernel.text import _
from yilian.record.services.writing import Incoming, put_many
from yilian.registry.directory.services.loading import copy_in
from yilian.resources.reception import fhir
from yilian.resources.reception.models import Encounter


@transaction.atomic
def load_many(actor: Actor, *, encounters: Sequence[Encounter] = ()) -> None:
    """Unsaved rows by COPY, each with its Encounter in the record. Grants that come
    with them go through `population.services.load_many`.
    """
    require(actor.reach is Reach.SYSTEM, _("批量载入只由系统执行。"))
    copy_in(encounters)
    put_many(
        actor,
        (
            Incoming(fhir.encounter_resource(one), one.person_id, one.institution_id)
            for one in encounters
        ),
    )
    record(actor, "reception.load", detail={"encounter": len(encounters)})
