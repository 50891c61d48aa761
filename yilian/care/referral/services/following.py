"""A follow-up whose answer was lost and that is sent again is still one."""

from uuid import UUID

from django.db import transaction

from yilian.care.referral.models import FollowUp
from yilian.care.referral.services.closing import do_follow_up
from yilian.foundation.access.actor import Actor
from yilian.foundation.idempotency.services import once


@transaction.atomic
def do_once(actor: Actor, follow_up_id: UUID, *, outcome: str, key: UUID) -> FollowUp:
    def do() -> UUID:
        return do_follow_up(actor, follow_up_id, outcome=outcome).id

    return FollowUp.objects.get(pk=once(actor, key, "referral.follow_up", do))
