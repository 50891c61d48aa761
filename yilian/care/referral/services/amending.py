"""A change that another system announces before the receiver has answered."""

from typing import Final
from uuid import UUID

from django.db import transaction

from yilian.care.referral import events, policies
from yilian.care.referral.models import Referral
from yilian.care.referral.rules.states import WAITING
from yilian.care.referral.services import steps
from yilian.care.referral.services.drafting import (
    Sheet,
    complete_content,
    require_sight,
)
from yilian.foundation.access.actor import Actor
from yilian.foundation.access.scope import require
from yilian.kernel.errors import Conflict
from yilian.kernel.text import _

SENDER_ONLY: Final = _("只有转出方的医师或转诊办公室可以修改转诊单。")


@transaction.atomic
def amend(actor: Actor, referral_id: UUID, *, sheet: Sheet) -> Referral:
    """What goes with the patient; where to and how fast stay, and so does the clock."""
    referral = steps.locked(actor, referral_id)
    require(policies.can_draft(actor) and policies.sends(actor, referral), SENDER_ONLY)
    if referral.state not in WAITING:
        raise Conflict(_("接收方已经应答，转诊单不能再修改；请直接与接收方联系。"))
    require_sight(actor, referral.person_id)
    complete_content(referral, sheet)
    referral.revision += 1
    referral.save()
    steps.write_to_record(actor, referral)
    steps.note_act(actor, referral, "amend")
    steps.announce(referral, events.InformationSupplied)
    return referral
