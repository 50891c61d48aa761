"""Notices about a draft: once per step, without any person's name."""

from uuid import UUID

from django.urls import reverse

from yilian.foundation.access.actor import Actor
from yilian.foundation.notify.services import tell
from yilian.insurance.policy.models import ParameterDraft
from yilian.insurance.policy.queries.deciding import deciders
from yilian.kernel.text import _

TOPIC = "parameters"
_READY = _("参数草案 {name}（拟自 {day} 生效）已起草，请复核。")
_REVIEWED = _("参数草案 {name}（拟自 {day} 生效）已复核，请发布。")
_RELEASED = _("您起草的参数 {name} 已发布，自 {day} 起生效。")
_REJECTED = _("您起草的参数草案 {name}（拟自 {day} 生效）被退回，请查看原因。")


def tell_ready(draft: ParameterDraft) -> None:
    """At the first values of its own; later changes are seen in the draft."""
    _tell_deciders(draft, _READY, "ready")


def tell_reviewed(draft: ParameterDraft) -> None:
    _tell_deciders(draft, _REVIEWED, "reviewed")


def tell_released(actor: Actor, draft: ParameterDraft) -> None:
    _tell_author(actor, draft, _RELEASED, "released")


def tell_rejected(actor: Actor, draft: ParameterDraft) -> None:
    _tell_author(actor, draft, _REJECTED, "rejected")


def _tell_deciders(draft: ParameterDraft, template: str, step: str) -> None:
    for account_id in deciders(draft.area_code, drafted_by=draft.drafted_by_id):
        _tell(draft, account_id, template, step)


def _tell_author(actor: Actor, draft: ParameterDraft, template: str, step: str) -> None:
    """Nobody is told of what they did themselves: a draft may be taken back."""
    if actor.account_id != draft.drafted_by_id:
        _tell(draft, draft.drafted_by_id, template, step)


def _tell(draft: ParameterDraft, account_id: UUID, template: str, step: str) -> None:
    tell(
        topic=TOPIC,
        template=template,
        values={
            "name": f"{draft.set_id} v{draft.version}",
            "day": str(draft.effective_from),
        },
        link=reverse("policy:draft", args=[draft.pk]),
        cause=f"parameters:{draft.pk}:{step}",
        account_id=account_id,
    )
