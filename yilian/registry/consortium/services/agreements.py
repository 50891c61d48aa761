"""Agreements: drafted by one party, signed by each, ended by any."""

from collections.abc import Collection
from datetime import date
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.backends.postgresql.psycopg_any import DateRange

from yilian.foundation.access.actor import Actor
from yilian.foundation.access.scope import find, require
from yilian.foundation.audit import services as audit
from yilian.foundation.idempotency.services import once
from yilian.kernel.errors import Conflict, Invalid
from yilian.kernel.safe_text import required_text
from yilian.kernel.text import _
from yilian.registry.consortium import policies
from yilian.registry.consortium.models import (
    Agreement,
    AgreementParty,
    Consortium,
    Membership,
)
from yilian.registry.consortium.rules import (
    AgreementKind,
    SignatureState,
    state_after_signing,
)
from yilian.registry.directory.models import Institution
from yilian.registry.directory.queries import today

ONLY_PARTIES = _("只有签约方的医联体办公室可以起草和签署协议。")
FEWEST_PARTIES = 2


@transaction.atomic
def draft_agreement(
    actor: Actor,
    *,
    key: UUID,
    number: str,
    kind: AgreementKind,
    title: str,
    party_ids: Collection[UUID],
    starts_on: date,
    ends_on: date,
    consortium_id: UUID | None = None,
) -> Agreement:
    """`ends_on` is the first day on which it no longer holds."""
    parties = set(party_ids)
    require(policies.can_draft_agreement(actor, parties), ONLY_PARTIES)
    agreement = Agreement(
        number=number,
        kind=kind,
        title=title,
        consortium=_consortium(consortium_id),
        validity=DateRange(starts_on, ends_on),
    )

    def make() -> UUID:
        _require_right(parties, starts_on, ends_on)
        _require_members(agreement, parties, starts_on)
        _insert(agreement)
        AgreementParty.objects.bulk_create(
            AgreementParty(agreement=agreement, institution_id=party)
            for party in sorted(parties)
        )
        _audit(actor, "agreement.draft", agreement)
        return agreement.pk

    return Agreement.objects.get(pk=once(actor, key, "agreement", make))


@transaction.atomic
def sign(actor: Actor, agreement_id: UUID) -> Agreement:
    """For the actor's institution; the last signature brings it into force."""
    agreement, parties = _lock(agreement_id)
    ids = [party.institution_id for party in parties]
    require(policies.can_sign(actor, ids), ONLY_PARTIES)
    _require_signable(agreement)
    own = next(p for p in parties if p.institution_id == actor.institution_id)
    if own.signed_on is not None:
        raise Conflict(_("本机构已签署这份协议。"))
    own.signed_on, own.signed_by = today(), actor.name[:50]
    own.save(update_fields=["signed_on", "signed_by"])
    signed = sum(party.signed_on is not None for party in parties)
    agreement.state = state_after_signing(signed, len(parties))
    agreement.save(update_fields=["state"])
    _audit(actor, "agreement.sign", agreement)
    return agreement


@transaction.atomic
def end_agreement(actor: Actor, agreement_id: UUID, *, reason: str) -> Agreement:
    """From today on; what was in force before stays so for the days before."""
    agreement, parties = _lock(agreement_id)
    ids = [party.institution_id for party in parties]
    require(
        policies.can_end(actor, ids, agreement.consortium),
        _("只有签约方的医联体办公室或主管部门可以终止协议。"),
    )
    if agreement.state == SignatureState.ENDED:
        raise Conflict(_("这份协议已经终止。"))
    agreement.state = SignatureState.ENDED
    agreement.ended_on = today()
    agreement.end_reason = required_text(reason, max_length=200)
    agreement.save(update_fields=["state", "ended_on", "end_reason"])
    _audit(actor, "agreement.end", agreement)
    return agreement


def _lock(agreement_id: UUID) -> tuple[Agreement, list[AgreementParty]]:
    """Held, so that two signatures at once are counted one after the other."""
    held = Agreement.objects.select_for_update(of=("self",))
    agreement = find(held.select_related("consortium"), agreement_id)
    return agreement, list(agreement.parties.all())


def _consortium(consortium_id: UUID | None) -> Consortium | None:
    if consortium_id is None:
        return None
    return find(Consortium.objects.all(), consortium_id)


def _require_right(parties: set[UUID], starts_on: date, ends_on: date) -> None:
    if ends_on <= starts_on:
        raise Invalid(fields={"ends_on": _("截止日期须在开始日期之后。")})
    known = Institution.objects.open_on(starts_on).filter(pk__in=parties)
    if len(parties) < FEWEST_PARTIES or known.count() != len(parties):
        raise Invalid(fields={"party_ids": _("请选择至少两家在业机构作为签约方。")})


def _require_members(agreement: Agreement, parties: set[UUID], day: date) -> None:
    if agreement.consortium is None:
        return
    members = Membership.objects.on(day).filter(consortium=agreement.consortium)
    inside = set(members.values_list("institution_id", flat=True))
    if not parties <= inside:
        raise Invalid(fields={"party_ids": _("签约方须都是所选医联体的成员。")})


def _insert(agreement: Agreement) -> None:
    try:
        with transaction.atomic():
            agreement.save(force_insert=True)
    except IntegrityError:
        raise Invalid(fields={"number": _("这个协议编号已经使用。")}) from None


def _require_signable(agreement: Agreement) -> None:
    if agreement.state == SignatureState.ENDED:
        raise Conflict(_("这份协议已经终止，不能再签署。"))
    if agreement.validity.upper is not None and agreement.validity.upper <= today():
        raise Conflict(_("这份协议已过有效期，请重新起草。"))


def _audit(actor: Actor, action: str, agreement: Agreement) -> None:
    audit.record(
        actor,
        action,
        object_kind="agreement",
        object_id=agreement.pk,
        detail={"kind": agreement.kind, "state": str(agreement.state)},
    )
