"""The second pair of eyes: review, release, or send back."""

from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from yilian.foundation.access.actor import Actor
from yilian.foundation.access.database import one_at_a_time
from yilian.foundation.access.scope import find, require
from yilian.insurance.policy import policies
from yilian.insurance.policy.models import ParameterDraft, ParameterSetVersion
from yilian.insurance.policy.queries.drafts import Foreseen, foresee, visible_drafts
from yilian.insurance.policy.queries.parameters import digest_of
from yilian.insurance.policy.rules.drafting import (
    DRAFT_STATE_NAMES,
    OPEN,
    DraftState,
)
from yilian.insurance.policy.rules.files import read_set
from yilian.insurance.policy.services.drafting import note, require_revision
from yilian.insurance.policy.services.loading import RELEASING, next_number
from yilian.insurance.policy.services.telling import (
    tell_rejected,
    tell_released,
    tell_reviewed,
)
from yilian.kernel.errors import Conflict, Invalid
from yilian.kernel.safe_text import is_blank, required_text
from yilian.kernel.text import _

SECOND_EYES = _("参数草案须由本统筹区医保部门中起草人以外的另一人复核和发布。")
ONLY_BUREAU = _("草案由起草人自己，或本统筹区医保部门的另一人退回。")


class NotACorrection(Conflict):
    """Settlements rest on the days that the release would change."""

    code = "parameters-settled-days"

    def __init__(self, foreseen: Foreseen) -> None:
        self.settled = foreseen.settled
        super().__init__(
            _(
                "有 {count} 笔结算落在这个版本会改变的日期（自 {day} 起）。"
                "如确需更正已结算的日期，请勾选“更正”并写明原因；"
                "已有结算不会自动改变，须由医保经办重新结算。"
            ),
            count=foreseen.settled,
            day=foreseen.changed[0].start,
        )


@transaction.atomic
def review(actor: Actor, draft_id: UUID, *, revision: int) -> ParameterDraft:
    draft = _lock(actor, draft_id)
    _require_second(actor, draft)
    _require_state(draft, DraftState.DRAFT)
    require_revision(draft, revision)
    read_set(draft.document)
    draft.state = DraftState.REVIEWED.value
    draft.reviewed_by_id = actor.account_id
    draft.reviewed_at = timezone.now()
    draft.save(update_fields=["state", "reviewed_by", "reviewed_at"])
    note(actor, "review", draft, revision=revision)
    tell_reviewed(draft)
    return draft


@transaction.atomic
def release(
    actor: Actor,
    draft_id: UUID,
    *,
    revision: int,
    is_correction: bool = False,
    correction_reason: str = "",
) -> ParameterSetVersion:
    """In force from its day on. Days with settlements are changed only as a
    correction that says why."""
    one_at_a_time(RELEASING)
    draft = _lock(actor, draft_id)
    _require_second(actor, draft)
    _require_state(draft, DraftState.REVIEWED)
    require_revision(draft, revision)
    if is_correction and is_blank(correction_reason):
        raise Invalid(fields={"correction_reason": _("请写明更正的原因。")})
    found = foresee(draft.area_code, draft.effective_from, read_set(draft.document))
    if found.settled and not is_correction:
        raise NotACorrection(found)
    reason = required_text(correction_reason, max_length=300) if is_correction else ""
    released = _insert(actor, draft, reason)
    draft.state = DraftState.RELEASED.value
    draft.released_as = released
    draft.save(update_fields=["state", "released_as"])
    note(
        actor,
        "release",
        draft,
        number=released.number,
        effective_from=str(draft.effective_from),
        settled=found.settled,
        is_correction=is_correction,
    )
    tell_released(actor, draft)
    return released


@transaction.atomic
def reject(actor: Actor, draft_id: UUID, *, because: str) -> ParameterDraft:
    draft = _lock(actor, draft_id)
    may = policies.can_reject(actor, draft.area_code, drafted_by=draft.drafted_by_id)
    require(may, ONLY_BUREAU)
    _require_state(draft, *OPEN)
    if is_blank(because):
        raise Invalid(fields={"because": _("请写明退回的原因。")})
    draft.state = DraftState.REJECTED.value
    draft.rejected_by_id = actor.account_id
    draft.rejected_at = timezone.now()
    draft.rejected_because = required_text(because, max_length=300)
    draft.save(
        update_fields=["state", "rejected_by", "rejected_at", "rejected_because"]
    )
    note(actor, "reject", draft)
    tell_rejected(actor, draft)
    return draft


def _insert(actor: Actor, draft: ParameterDraft, reason: str) -> ParameterSetVersion:
    acts: dict[str, Any] = {
        "drafted_by_id": draft.drafted_by_id,
        "drafted_at": draft.drafted_at,
        "reviewed_by_id": draft.reviewed_by_id,
        "reviewed_at": draft.reviewed_at,
        "released_by_id": actor.account_id,
        "released_at": timezone.now(),
    }
    return ParameterSetVersion.objects.create(
        number=next_number(),
        set_id=draft.set_id,
        version=draft.version,
        title=draft.title,
        area_code=draft.area_code,
        effective_from=draft.effective_from,
        document=draft.document,
        digest=digest_of(draft.document),
        source=draft.source,
        is_correction=bool(reason),
        correction_reason=reason,
        **acts,
    )


def _lock(actor: Actor, draft_id: UUID) -> ParameterDraft:
    return find(visible_drafts(actor).select_for_update(of=("self",)), draft_id)


def _require_second(actor: Actor, draft: ParameterDraft) -> None:
    may = policies.can_decide(actor, draft.area_code, drafted_by=draft.drafted_by_id)
    require(may, SECOND_EYES)


def _require_state(draft: ParameterDraft, *wanted: DraftState) -> None:
    state = DraftState(draft.state)
    if state not in wanted:
        raise Conflict(
            _("草案当前为“{state}”，不能这样做。请刷新页面查看最新状态。"),
            state=DRAFT_STATE_NAMES[state],
        )
