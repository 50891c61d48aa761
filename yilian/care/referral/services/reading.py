"""Opening a referral is reading a person's record: it is written down."""

from uuid import UUID

from django.db import transaction

from yilian.care.referral.models import Referral
from yilian.foundation.access.actor import Actor
from yilian.foundation.access.scope import find
from yilian.foundation.audit.services import record as record_audit
from yilian.registry.population.queries.sight import sight_of


@transaction.atomic
def open_referral(actor: Actor, referral_id: UUID) -> None:
    row = find(Referral.objects.visible_to(actor), referral_id)
    seen = sight_of(actor, row.person_id)
    record_audit(
        actor,
        "referral.read",
        object_kind="referral",
        object_id=row.id,
        person_id=row.person_id,
        ground=seen.ground.value if seen.ground else "referral",
        grant_id=seen.grant_id,
    )
