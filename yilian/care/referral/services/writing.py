"""A referral written on one page: saved or sent in one transaction.

A refusal at a field rolls the draft back too, so the page's key stays good and
nothing stands half done.
"""

from typing import Final
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from yilian.care.referral.models import Referral
from yilian.care.referral.rules.states import State
from yilian.care.referral.services import drafting, sending
from yilian.care.referral.services.drafting import Sheet
from yilian.foundation.access.actor import Actor
from yilian.foundation.access.scope import require
from yilian.foundation.idempotency.services import made_before, once
from yilian.kernel.text import _
from yilian.record.services.reading import open_part
from yilian.registry.population.queries import Seen, has_died
from yilian.registry.population.rules import Scope

REWRITE: Final = "referral.rewrite"


@transaction.atomic
def open_sheet(actor: Actor, person_id: UUID) -> Seen:
    """The form will show parts of the record: 403 in words without a ground."""
    return open_part(actor, person_id, "referral", scope=Scope.SUMMARY)


@transaction.atomic
def keep_draft(
    actor: Actor,
    *,
    key: UUID,
    person_id: UUID,
    sheet: Sheet,
    parent_id: UUID | None = None,
) -> Referral:
    """A new draft, or the one this page already made with what it says now."""
    require(
        not has_died(person_id), _("该居民已登记死亡，不能转诊。如登记有误，请先更正。")
    )
    started = timezone.now()
    facts = {"key": key, "person_id": person_id, "sheet": sheet, "parent_id": parent_id}
    referral = drafting.draft(actor, **facts)  # type: ignore[arg-type]
    if referral.created_at < started and referral.state == State.DRAFT:
        return drafting.save_draft(actor, referral.id, sheet=sheet)
    return referral


@transaction.atomic
def draft_and_submit(
    actor: Actor,
    *,
    key: UUID,
    person_id: UUID,
    sheet: Sheet,
    parent_id: UUID | None = None,
    consent_by: str,
) -> Referral:
    """The same page sent twice is sent once."""
    referral = keep_draft(
        actor, key=key, person_id=person_id, sheet=sheet, parent_id=parent_id
    )
    if referral.state != State.DRAFT:
        return referral
    return sending.submit(actor, referral.id, consent_by=consent_by)


@transaction.atomic
def save_again(
    actor: Actor,
    referral_id: UUID,
    *,
    key: UUID,
    sheet: Sheet,
    revision: int | None = None,
) -> Referral:
    """The same page sent twice, because its answer was lost, is saved once."""

    def save() -> UUID:
        return drafting.save_draft(
            actor, referral_id, sheet=sheet, revision=revision
        ).id

    return Referral.objects.get(pk=once(actor, key, REWRITE, save))


@transaction.atomic
def save_and_submit(
    actor: Actor,
    referral_id: UUID,
    *,
    key: UUID,
    sheet: Sheet,
    consent_by: str,
    revision: int | None = None,
) -> Referral:
    def save() -> UUID:
        drafting.save_draft(actor, referral_id, sheet=sheet, revision=revision)
        return sending.submit(actor, referral_id, consent_by=consent_by).id

    return Referral.objects.get(pk=once(actor, key, REWRITE, save))


def written_before(actor: Actor, key: UUID) -> UUID | None:
    """What these very words of this page have already saved or sent."""
    return made_before(actor, key, REWRITE)
