"""The next hop that a redirection writes for the sender, 转荐."""

from datetime import datetime
from typing import Final
from uuid import UUID

from django.utils import timezone

from yilian.care.referral.models import Referral
from yilian.care.referral.queries import facts
from yilian.care.referral.rules.states import State
from yilian.care.referral.services import numbering
from yilian.care.referral.services.placing import own_department
from yilian.kernel import calendar
from yilian.kernel.errors import Invalid
from yilian.kernel.ids import new_id
from yilian.kernel.text import _
from yilian.kernel.tier import Direction, Tier, direction
from yilian.registry.directory.models import Institution

# The receiver that sends on says so: it could not, and knows who can.
REASON: Final = "no_capability"
_COPIED: Final = (
    "person", "urgency", "care_kind", "specialty", "diagnosis_code", "diagnosis_name",
    "complaint", "reason", "rule_ids", "content", "from_institution",
    "from_department_id", "from_post", "created_by_id", "episode_id",
    "check_result_on",
)  # fmt: skip


def other_place(referral: Referral, institution_id: UUID) -> Institution:
    if institution_id in (referral.from_institution_id, referral.to_institution_id):
        raise Invalid(fields={"to_institution_id": _("请选择另一家机构。")})
    today = calendar.local_day(timezone.now())
    open_now = Institution.objects.open_on(today).receiving()
    target = open_now.filter(pk=institution_id).first()
    if target is None:
        raise Invalid(fields={"to_institution_id": _("请从列表中选择接收机构。")})
    return target


def write(
    referral: Referral, target: Institution, department_id: UUID | None, now: datetime
) -> Referral:
    """A draft from the same sender with the same content, to be sent at once."""
    hop = Referral(
        id=new_id(),
        parent=referral,
        state=State.DRAFT.value,
        direction=_direction(referral, target).value,
        to_institution=target,
        created_at=now,
        **{name: getattr(referral, name) for name in _COPIED},
    )
    if department_id is not None:
        hop.to_department = own_department(hop, department_id)
    if facts.is_skipping(hop):
        hop.skip_reason = referral.skip_reason or REASON
    if not facts.shares_consortium(hop, now):
        hop.outside_reason = referral.outside_reason or REASON
    numbering.insert(hop)
    return hop


def _direction(referral: Referral, target: Institution) -> Direction:
    source = referral.from_institution.tier
    if not source or not target.tier:
        return Direction.UP
    return direction(Tier(source), Tier(target.tier))
