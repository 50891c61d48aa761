"""What opens a record by somebody's will: consent, or an emergency, 授权与紧急调阅."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from yilian.foundation.access.actor import Actor, Role
from yilian.foundation.access.database import one_at_a_time
from yilian.foundation.access.scope import find, require
from yilian.foundation.audit.services import record
from yilian.foundation.idempotency.services import once
from yilian.foundation.notify.services import tell
from yilian.foundation.outbox.services import publish
from yilian.foundation.parameters.queries import value_of
from yilian.kernel.errors import Conflict, Invalid, NotFound, NotPermitted
from yilian.kernel.ids import new_id
from yilian.kernel.safe_text import required_text
from yilian.kernel.text import _
from yilian.registry.directory.models import Institution
from yilian.registry.population import fhir, policies
from yilian.registry.population.events import GlassBroken
from yilian.registry.population.models import BreakGlass, Grant, Person
from yilian.registry.population.parameters import BREAK_GLASS_HOURS
from yilian.registry.population.queries.openings import reviewable
from yilian.registry.population.rules import BREAK_GLASS_REASONS, Ground, Scope
from yilian.registry.population.services.grants import (
    end_grants,
    give_emergency_grant,
    give_grant,
)
from yilian.registry.ports import record_sink

_LONGEST_CONSENT: Final = timedelta(days=3 * 366)


@transaction.atomic
def consent(
    actor: Actor,
    *,
    key: UUID,
    person_id: UUID,
    institution_id: UUID,
    until: datetime,
    scope: Scope = Scope.FULL,
    evidence: str = "",
) -> UUID:
    """The resident lets an institution read; returns the id of the consent.

    Given by the resident it opens for everybody there. Taken on paper it rests on
    whoever took it, and so does not open for them alone.
    """
    is_own_word = policies.stands_for(actor, person_id)
    paper = "" if is_own_word else _paper(actor, institution_id, evidence)
    if not Person.objects.filter(pk=person_id).exists():
        raise NotFound
    given_at = timezone.now()
    if not given_at < until <= given_at + _LONGEST_CONSENT:
        raise Invalid(fields={"until": _("授权的截止日期应在今天以后、三年以内。")})
    find(Institution.objects.open_on(timezone.localdate()), institution_id)
    said = _Consent(person_id, institution_id, scope, given_at, until, paper)

    def make() -> UUID:
        consent_id = new_id()
        _let_read(actor, consent_id, said)
        _keep_consent(actor, consent_id, said)
        return consent_id

    return once(actor, key, "population.consent", make)


@dataclass(frozen=True, slots=True)
class _Consent:
    """`paper`: what it was taken on; "" by the resident's own word."""

    person_id: UUID
    institution_id: UUID
    scope: Scope
    given_at: datetime
    until: datetime
    paper: str

    @property
    def is_on_paper(self) -> bool:
        return bool(self.paper)


def _let_read(actor: Actor, consent_id: UUID, said: _Consent) -> None:
    give_grant(
        actor,
        person_id=said.person_id,
        institution_id=said.institution_id,
        ground=Ground.CONSENT,
        scope=said.scope,
        evidence_kind="consent",
        evidence_id=consent_id,
        until=said.until,
        is_sole=said.is_on_paper,
    )


def _keep_consent(actor: Actor, consent_id: UUID, said: _Consent) -> None:
    """In the record, and in the audit trail."""
    resource = fhir.consent(
        consent_id,
        person_id=said.person_id,
        institution_id=said.institution_id,
        given_at=said.given_at,
        until=said.until,
        evidence=said.paper,
    )
    record_sink().put(actor, resource, said.person_id)
    record(
        actor,
        "person.consent",
        object_kind="consent",
        object_id=consent_id,
        person_id=said.person_id,
        detail={"scope": int(said.scope), "paper": said.is_on_paper},
    )


@transaction.atomic
def withdraw_consent(actor: Actor, consent_id: UUID, *, evidence: str = "") -> UUID:
    """Taken back by the resident, or on paper at the house that may read; it ends at
    once, and who has looked stays known. Returns whose it was."""
    grant = Grant.objects.filter(
        evidence_kind="consent", evidence_id=consent_id
    ).first()
    if grant is None:
        raise NotFound
    is_own_word = policies.stands_for(actor, grant.person_id)
    if not is_own_word and not policies.can_withdraw_on_paper(
        actor, grant.institution_id
    ):
        raise NotFound
    paper = "" if is_own_word else required_text(evidence, max_length=200)
    end_grants(evidence_kind="consent", evidence_id=consent_id)
    resource = fhir.consent(
        consent_id,
        person_id=grant.person_id,
        institution_id=grant.institution_id,
        given_at=grant.created_at,
        until=timezone.now(),
        evidence=paper,
        is_active=False,
    )
    record_sink().put(actor, resource, grant.person_id)
    record(
        actor,
        "person.withdraw_consent",
        object_kind="consent",
        object_id=consent_id,
        person_id=grant.person_id,
        detail={"paper": not is_own_word},
    )
    return grant.person_id


@transaction.atomic
def break_glass(
    actor: Actor, person_id: UUID, *, reason_code: str, reason: str
) -> BreakGlass:
    """Open a whole record for this account at once; flagged, told, reviewed.

    While one of the account's own openings is in force, that one is given back.
    """
    require(
        policies.can_break_glass(actor),
        _("紧急调阅只限在机构执业的医师或护士；请联系值班医师。"),
    )
    if reason_code not in BREAK_GLASS_REASONS:
        raise Invalid(fields={"reason_code": _("请选择紧急调阅的原因。")})
    words = required_text(reason, max_length=500)
    if not Person.objects.filter(pk=person_id).exists():
        raise NotFound
    one_at_a_time(f"break-glass:{actor.account_id}:{person_id}")  # a second press
    return _opening_in_force(actor, person_id) or _open(
        actor, person_id, reason_code, words
    )


@transaction.atomic
def review_break_glass(
    actor: Actor, break_glass_id: UUID, *, is_justified: bool, note: str
) -> BreakGlass:
    """Somebody other than who opened it says whether it was right; once."""
    require(
        policies.can_review_break_glass(actor),
        _("紧急调阅由审计管理员或安全管理员复核。"),
    )
    opened = find(reviewable(actor).select_for_update(of=("self",)), break_glass_id)
    if opened.account_id == actor.account_id:
        raise NotPermitted(_("不能复核自己的紧急调阅，请由另一位管理员复核。"))
    if opened.reviewed_at is not None:
        raise Conflict(_("这次紧急调阅已经复核过，请刷新页面。"))
    opened.reviewed_at, opened.reviewed_by_id = timezone.now(), actor.account_id
    opened.is_justified = is_justified
    opened.review_note = required_text(note, max_length=500)
    opened.save(
        update_fields=["reviewed_at", "reviewed_by", "is_justified", "review_note"]
    )
    if not is_justified:
        end_grants(evidence_kind="break_glass", evidence_id=opened.id)
    record(
        actor,
        "person.review_break_glass",
        object_kind="break_glass",
        object_id=opened.id,
        person_id=opened.person_id,
        detail={"justified": is_justified},
    )
    return opened


def _paper(actor: Actor, institution_id: UUID, evidence: str) -> str:
    require(
        policies.can_take_paper_consent(actor)
        and actor.institution_id == institution_id,
        _("纸质授权只能由被授权机构的工作人员登记。"),
    )
    return required_text(evidence, max_length=200)


def _opening_in_force(actor: Actor, person_id: UUID) -> BreakGlass | None:
    grant = (
        Grant.objects.open_to(actor)
        .filter(
            person=person_id,
            ground=Ground.EMERGENCY.value,
            only_account=actor.account_id,
        )
        .first()
    )
    if grant is None:
        return None
    return BreakGlass.objects.filter(pk=grant.evidence_id).first()


def _open(actor: Actor, person_id: UUID, reason_code: str, reason: str) -> BreakGlass:
    assert actor.institution_id is not None, "policies.can_break_glass"  # noqa: S101
    assert actor.account_id is not None, "staff act by an account"  # noqa: S101
    opened = BreakGlass.objects.create(
        person_id=person_id,
        institution_id=actor.institution_id,
        account_id=actor.account_id,
        account_name=actor.name[:50],
        reason_code=reason_code,
        reason=reason,
    )
    hours = value_of(BREAK_GLASS_HOURS, timezone.localdate())
    grant_id = give_emergency_grant(
        actor,
        person_id=person_id,
        evidence_id=opened.id,
        until=timezone.now() + timedelta(hours=hours),
    )
    record(
        actor,
        "person.break_glass",
        object_kind="break_glass",
        object_id=opened.id,
        person_id=person_id,
        ground=Ground.EMERGENCY.value,
        grant_id=grant_id,
        is_break_glass=True,
        detail={"reason": reason_code},
    )
    tell(
        topic="audit",
        template=_("有一次紧急调阅等待复核。"),
        link="/residents/reviews",
        cause=f"break-glass:{opened.id}",
        institution_id=actor.institution_id,
        roles=[Role.AUDIT_ADMIN, Role.SECURITY_ADMIN],
        urgency="urgent",
    )
    publish(
        GlassBroken(
            break_glass_id=opened.id,
            person_id=person_id,
            institution_id=actor.institution_id,
        ),
        person_id=person_id,
    )
    return opened
