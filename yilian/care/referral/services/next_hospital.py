"""Asking the next hospital: taken back here and sent there, in one press."""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from yilian.care.referral.models import Referral
from yilian.care.referral.queries import facts
from yilian.care.referral.queries.next_hospital import is_offered
from yilian.care.referral.rules.states import Step
from yilian.care.referral.services import attaching, onward, sending
from yilian.care.referral.services.steps import lock
from yilian.foundation.access.actor import Actor
from yilian.foundation.idempotency.services import once
from yilian.kernel.errors import Conflict, Invalid
from yilian.kernel.text import Text, _
from yilian.registry.population.queries import sight_of
from yilian.registry.population.rules import Scope

NO_ANSWER = "no_answer"


@transaction.atomic
def ask_next(
    actor: Actor,
    referral_id: UUID,
    *,
    key: UUID,
    to_institution_id: UUID,
    to_department_id: UUID | None = None,
    consent_by: str,
    skip_reason: str = "",
    outside_reason: str = "",
    revision: int | None = None,
) -> Referral:
    """The new hop, of the same episode; the same form sent twice asks once.

    Withdraw and submit are the steps of the state table, each with its own right,
    evidence and events. The patient is asked again: it is another hospital.
    """

    def make() -> UUID:
        referral = lock(actor, referral_id, Step.WITHDRAW, revision)
        _require_offered(referral)
        if consent_by not in sending.CONSENT_BY:
            raise Invalid(fields={"consent_by": _("请记录是谁同意转诊。")})
        target = onward.other_place(referral, to_institution_id)
        # Read before the grants of the old hop end; no more than was seen before.
        scope = max(sight_of(actor, referral.person_id).scope, Scope.SUMMARY)
        closed = sending.withdraw(actor, referral_id, reason_code=NO_ANSWER)
        now = timezone.now()
        hop = onward.write(closed, target, to_department_id, now)
        hop.skip_reason = skip_reason or closed.skip_reason
        hop.outside_reason = outside_reason or closed.outside_reason
        _check_way(hop, now)
        # The patient agreed to this hospital now: hand-over and papers go whole.
        attaching.carry_papers(closed, hop)
        sending.send(
            actor, hop, scope=scope, consent_by=consent_by, consented_at=now, now=now
        )
        return hop.id

    made = once(actor, key, "referral.ask_next", make)
    return Referral.objects.get(pk=made)


def _require_offered(referral: Referral) -> None:
    if not is_offered(referral):
        raise Conflict(
            _("催办还没有走到最后一级，请先等接收机构应答，或撤回后重新选择机构。")
        )


def _check_way(hop: Referral, now: datetime) -> None:
    """A reason for leaving out a tier or the consortium, and none where none is due."""
    wrong: dict[str, str | Text] = {}
    if not facts.is_skipping(hop):
        hop.skip_reason = ""
    elif not hop.skip_reason:
        wrong["skip_reason"] = _("越级转诊，请选择原因。")
    if facts.shares_consortium(hop, now):
        hop.outside_reason = ""
    elif not hop.outside_reason:
        wrong["outside_reason"] = _("转往医联体以外，请选择原因。")
    if wrong:
        raise Invalid(fields=wrong)
