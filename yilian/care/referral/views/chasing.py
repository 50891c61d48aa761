"""Reminding whoever's turn it is, and asking the next hospital."""

from typing import Any, Final
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from yilian.care.referral import policies
from yilian.care.referral.models import Referral
from yilian.care.referral.queries import desk
from yilian.care.referral.queries import next_hospital as offering
from yilian.care.referral.queries.reminding import reminders
from yilian.care.referral.rules.ladder import CLOCK_CLAUSES, Clock
from yilian.care.referral.rules.reasons import OUTSIDE_REASONS, SKIP_REASONS, Urgency
from yilian.care.referral.rules.states import Step
from yilian.care.referral.services import chasing, next_hospital
from yilian.care.referral.views.detail import render_body
from yilian.care.referral.views.writing import CONSENT_NAMES
from yilian.foundation.access.middleware import ActorRequest
from yilian.foundation.access.scope import find
from yilian.foundation.access.views import signed_in
from yilian.kernel.errors import Invalid, NotPermitted
from yilian.kernel.ids import new_id
from yilian.kernel.text import Text, _

EMERGENCY: Final = "emergency"


@signed_in
@require_POST
def nudge(request: ActorRequest, referral_id: UUID) -> HttpResponse:
    """Answers with the page as it stands now: who was told is on its time line."""
    chasing.nudge(request.actor, referral_id)
    if request.headers.get("HX-Request") == "true":
        return render_body(request, referral_id)
    return redirect("referral:detail", referral_id)


@signed_in
@require_http_methods(["GET", "POST"])
def next_page(request: ActorRequest, referral_id: UUID) -> HttpResponse:
    """One press: taken back from the silent one, sent to the chosen one."""
    row = find(Referral.objects.visible_to(request.actor), referral_id)
    if not policies.can_take(request.actor, row, Step.WITHDRAW):
        why = policies.why_not(Step.WITHDRAW)
        raise NotPermitted(why.template, **why.values)
    if request.method == "GET":
        return _page(request, row)
    try:
        hop = next_hospital.ask_next(request.actor, referral_id, **_typed(request))
    except Invalid as error:
        return _page(request, row, error)
    return redirect("referral:detail", hop.id)


def _typed(request: ActorRequest) -> dict[str, Any]:
    house, _colon, department = request.POST.get("to_institution_id", "").partition(":")
    chosen = _uuid(house)
    if chosen is None:
        raise Invalid(fields={"to_institution_id": _("请选择下一家机构。")})
    told = request.POST.get("revision", "")
    return {
        "key": _uuid(request.POST.get("idempotency_key", "")) or new_id(),
        "to_institution_id": chosen,
        "to_department_id": _uuid(department),
        "consent_by": request.POST.get("consent_by", ""),
        "skip_reason": _known(request.POST.get("skip_reason", ""), SKIP_REASONS),
        "outside_reason": _known(
            request.POST.get("outside_reason", ""), OUTSIDE_REASONS
        ),
        "revision": int(told) if told.isascii() and told.isdecimal() else None,
    }


def _page(
    request: ActorRequest, row: Referral, error: Invalid | None = None
) -> HttpResponse:
    is_open = offering.is_offered(row)
    offer = offering.offer(request.actor, row) if is_open else offering.Offer()
    errors: dict[str, str | Text] = error.fields if error else {}
    usual = EMERGENCY if row.urgency == Urgency.STAT else ""
    context = {
        "hop": desk.line(request.actor, row.id),
        "is_open": is_open,
        "offer": offer,
        "own_tier": row.from_institution.tier,
        "chosen": request.POST.get("to_institution_id", ""),
        "typed": {"target_id": _preselected(request, offer)},
        "key": request.POST.get("idempotency_key") or new_id(),
        "consent_by": request.POST.get("consent_by") or row.consent_by,
        "consents": list(CONSENT_NAMES.items()),
        "skip_reasons": list(SKIP_REASONS.items()),
        "outside_reasons": list(OUTSIDE_REASONS.items()),
        "skip_reason": request.POST.get("skip_reason") or row.skip_reason or usual,
        "outside_reason": request.POST.get("outside_reason")
        or row.outside_reason
        or usual,
        "errors": errors,
        "problem": error.text if error and not errors else None,
        "reminders": reminders(row),
        "clause": CLOCK_CLAUSES[Clock.ANSWER].id,
    }
    status = Invalid.status if error else 200
    return render(request, "referral/next_hospital.html", context, status=status)


def _preselected(request: ActorRequest, offer: offering.Offer) -> UUID | None:
    """The best, so that one press is enough."""
    typed = _uuid(request.POST.get("to_institution_id", "").partition(":")[0])
    if typed is not None or not offer.proposals:
        return typed
    return offer.proposals[0].candidate.institution_id


def _known(code: str, names: dict[str, str] | Any) -> str:
    return code if code in names else ""


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
