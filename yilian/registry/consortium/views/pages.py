"""Consortia and agreements on the screen."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from yilian.foundation.access.forms import show
from yilian.foundation.access.middleware import ActorRequest
from yilian.foundation.access.scope import find, require
from yilian.foundation.access.views import signed_in
from yilian.kernel.errors import Conflict, Invalid
from yilian.kernel.ids import NIL
from yilian.registry.consortium import policies, queries, services
from yilian.registry.consortium.forms import AgreementForm, EndForm, FilterForm
from yilian.registry.consortium.models import Agreement, Consortium, Membership
from yilian.registry.consortium.rules import (
    AGREEMENT_NAMES,
    FORM_CLAUSES,
    FORM_NAMES,
    GOVERNED_BY,
    MEMBER_ROLE_NAMES,
    STANDING_NAMES,
    TIE_NAMES,
    TIGHTNESS_NAMES,
    Form,
    Standing,
)
from yilian.registry.consortium.services.agreements import ONLY_PARTIES
from yilian.registry.directory.models import Institution
from yilian.registry.directory.queries import today
from yilian.registry.directory.rules import SPECIALTY_NAMES

STANDING_KINDS = {
    Standing.IN_FORCE: "good",
    Standing.ENDS_SOON: "urgent",
    Standing.NOT_YET: "calm",
    Standing.EXPIRED: "stat",
    Standing.UNSIGNED: "urgent",
    Standing.ENDED: "",
}
NAMES = {
    "form_names": FORM_NAMES,
    "role_names": MEMBER_ROLE_NAMES,
    "tie_names": TIE_NAMES,
    "tightness_names": TIGHTNESS_NAMES,
    "agreement_names": AGREEMENT_NAMES,
    "standing_names": STANDING_NAMES,
    "standing_kinds": STANDING_KINDS,
}


@signed_in
@require_GET
def list_page(request: ActorRequest) -> HttpResponse:
    form = FilterForm(request.GET)
    cards = queries.consortium_cards(
        today(), **form.chosen(), own=request.actor.consortium_ids
    )
    own = [card for card in cards if card.is_own]
    context = {
        "form": form,
        "own": own,
        "others": [card for card in cards if not card.is_own],
        "may_draft": policies.can_draft_some(request.actor),
        "may_found": policies.can_found_some(request.actor),
        **NAMES,
    }
    return render(request, "consortium/list.html", context)


@signed_in
@require_GET
def detail(request: ActorRequest, consortium_id: UUID) -> HttpResponse:
    rows = Consortium.objects.select_related("governing_authority")
    consortium = find(rows, consortium_id)
    day = today()
    groups = queries.member_groups(consortium, day)
    specialties = consortium.specialties
    context = {
        "consortium": consortium,
        "because": FORM_CLAUSES[Form(consortium.form)],
        "governed_by": GOVERNED_BY,
        "specialties": [SPECIALTY_NAMES.get(code, code) for code in specialties],
        "groups": groups,
        "count": sum(len(group.members) for group in groups),
        "missing": queries.missing_lanes(groups),
        "agreements": queries.agreements_of_consortium(consortium_id, day),
        "may_draft": policies.can_draft_some(request.actor)
        and consortium.pk in request.actor.consortium_ids,
        "may_change": _may_change(request, consortium),
        "today": day,
        "here": request.actor.institution_id,
        **NAMES,
    }
    return render(request, "consortium/detail.html", context)


def _may_change(request: ActorRequest, consortium: Consortium) -> bool:
    leads = Membership.objects.on(today()).leads(consortium.pk)
    is_open = consortium.ended_on is None or consortium.ended_on > today()
    return is_open and policies.can_change_members(request.actor, consortium, leads)


@signed_in
@require_GET
def of_institution(request: ActorRequest, institution_id: UUID) -> HttpResponse:
    """A fragment of the institution's page."""
    lines = queries.consortia_of(institution_id, today())
    return render(request, "consortium/_of_institution.html", {"lines": lines, **NAMES})


@signed_in
@require_GET
def agreements_of_institution(
    request: ActorRequest, institution_id: UUID
) -> HttpResponse:
    """A fragment of the institution's page."""
    lines = queries.agreements_of_institution(institution_id, today())
    context = {"agreements": lines, "is_part": True, **NAMES}
    return render(request, "consortium/_agreements.html", context)


# --- agreements ---------------------------------------------------------------


@signed_in
@require_GET
def agreement(request: ActorRequest, agreement_id: UUID) -> HttpResponse:
    return _agreement_page(request, agreement_id)


@signed_in
@require_POST
def sign(request: ActorRequest, agreement_id: UUID) -> HttpResponse:
    services.sign(request.actor, agreement_id)
    return redirect("consortium:agreement", agreement_id)


@signed_in
@require_POST
def end(request: ActorRequest, agreement_id: UUID) -> HttpResponse:
    form = EndForm(request.POST)
    if not form.is_valid():
        return _agreement_page(request, agreement_id, form=form, status=422)
    services.end_agreement(request.actor, agreement_id, **form.cleaned_data)
    return redirect("consortium:agreement", agreement_id)


@signed_in
@require_http_methods(["GET", "POST"])
def draft(request: ActorRequest) -> HttpResponse:
    require(policies.can_draft_some(request.actor), ONLY_PARTIES)
    form = _draft_form(request)
    if form.is_valid():
        facts = form.facts()
        parties = [request.actor.institution_id, *facts.pop("others")]
        try:
            made = services.draft_agreement(
                request.actor, party_ids=[p for p in parties if p], **facts
            )
        except (Invalid, Conflict) as error:
            show(form, error)
        else:
            return redirect("consortium:agreement", made.pk)
    status = 422 if form.is_bound else 200
    return render(request, "consortium/draft.html", {"form": form}, status=status)


def _draft_form(request: ActorRequest) -> AgreementForm:
    """Partners are the other members of one's own consortia."""
    actor = request.actor
    home = actor.institution_id
    own = queries.consortia_of(home, today()) if home else []
    ours = {str(line.id): line.id for line in own}
    chosen = ours.get(request.GET.get("consortium", ""))
    within = [chosen] if chosen else actor.consortium_ids
    partners = Institution.objects.filter(
        pk__in=queries.fellow_members(within, today())
    ).exclude(pk=actor.institution_id or NIL)
    names = partners.order_by("code").values_list("pk", "legal_name")
    return AgreementForm(
        request.POST if request.method == "POST" else None,
        initial={
            "consortium_id": request.GET.get("consortium", ""),
            "others": [request.GET.get("with", "")],
            "starts_on": today(),
        },
        consortia=[(str(line.id), line.alias) for line in own],
        partners=[(str(partner), name) for partner, name in names],
    )


def _agreement_page(
    request: ActorRequest,
    agreement_id: UUID,
    *,
    form: EndForm | None = None,
    status: int = 200,
) -> HttpResponse:
    row = find(Agreement.objects.select_related("consortium"), agreement_id)
    line = queries.agreement_line(row, today())
    parties = [party.institution_id for party in line.parties]
    actor = request.actor
    is_open = line.standing not in {Standing.ENDED, Standing.EXPIRED}
    context = {
        "line": line,
        "may_sign": policies.can_sign(actor, parties)
        and is_open
        and line.is_unsigned_by(actor.institution_id),
        "may_end": is_open and policies.can_end(actor, parties, row.consortium),
        "form": form or EndForm(),
        **NAMES,
    }
    return render(request, "consortium/agreement.html", context, status=status)
