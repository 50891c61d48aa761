"""Keeping a person's entry right: every act answers with the same side of the page."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_POST

from yilian.foundation.access.forms import show
from yilian.foundation.access.middleware import ActorRequest
from yilian.foundation.access.scope import require
from yilian.foundation.access.views import signed_in
from yilian.kernel.errors import Invalid, NotFound
from yilian.kernel.text import _
from yilian.registry.population import policies, services
from yilian.registry.population.forms_keeping import (
    ConsentForm,
    CorrectForm,
    GroupForm,
    IdentifierForm,
    PanelForm,
    ProxyForm,
    UntagForm,
    WithdrawForm,
    at_number,
)
from yilian.registry.population.queries import keeping
from yilian.registry.population.queries.person import ConsentLine, PersonPage
from yilian.registry.population.rules import GROUP_NAMES
from yilian.registry.population.services.registering import NOT_AT_DESK

_ONLY_CARE = _("书面授权由被授权机构的医师、护士或转诊办公室登记。")


@signed_in
@require_http_methods(["GET", "POST"])
def correct(request: ActorRequest, person_id: UUID) -> HttpResponse:
    """The form is fetched when its panel opens: few who open the page correct it."""
    page = _page(request, person_id)
    if request.method == "GET":
        context = {"page": page, "correct_form": _correct_form(request, page)}
        return render(request, "population/_correct.html", context)
    form = _correct_form(request, page, request.POST)
    if form.is_valid():
        try:
            services.correct(
                request.actor,
                person_id,
                revision=form.cleaned_data["revision"],
                **form.changes(),
            )
        except Invalid as refusal:
            show(form, refusal)
        else:
            return _kept(request, _page(request, person_id))
    return _kept(request, page, status=422, correct_form=form)


@signed_in
@require_http_methods(["GET", "POST"])
def add_identifier(request: ActorRequest, person_id: UUID) -> HttpResponse:
    if request.method == "GET":
        return _panel(request, person_id, IdentifierForm())
    page = _page(request, person_id)
    form = IdentifierForm(request.POST)
    if form.is_valid():
        try:
            services.add_identifier(request.actor, person_id, **form.facts())
        except (Invalid, services.NumberKnown) as refusal:
            at_number(form, refusal)
        else:
            return _kept(request, _page(request, person_id))
    return _kept(request, page, status=422, form=form)


@signed_in
@require_http_methods(["GET", "POST"])
def appoint_proxy(request: ActorRequest, person_id: UUID) -> HttpResponse:
    if request.method == "GET":
        return _panel(request, person_id, ProxyForm())
    page = _page(request, person_id)
    form = ProxyForm(request.POST)
    if form.is_valid():
        try:
            who = services.guardian_by_number(*form.who())
            services.appoint_proxy(
                request.actor,
                person_id,
                proxy_id=who.person_id,
                relation=who.relation,
                **form.facts(),
            )
        except Invalid as refusal:
            _at_proxy(form, refusal)
        else:
            return _kept(request, _page(request, person_id))
    return _kept(request, page, status=422, form=form)


@signed_in
@require_POST
def end_proxy(request: ActorRequest, proxy_id: UUID) -> HttpResponse:
    ended = services.end_proxy(request.actor, proxy_id)
    return _kept(request, _page(request, ended.person_id))


@signed_in
@require_http_methods(["GET", "POST"])
def tag(request: ActorRequest, person_id: UUID) -> HttpResponse:
    if request.method == "GET":
        return _panel(request, person_id, GroupForm())
    page = _page(request, person_id)
    form = GroupForm(request.POST)
    if form.is_valid():
        services.tag(request.actor, person_id, **form.facts())
        return _kept(request, _page(request, person_id))
    return _kept(request, page, status=422, form=form)


@signed_in
@require_POST
def untag(request: ActorRequest, person_id: UUID) -> HttpResponse:
    form = UntagForm(request.POST)
    if not form.is_valid():
        raise Invalid
    services.untag(request.actor, person_id, **form.cleaned_data)
    return _kept(request, _page(request, person_id))


@signed_in
@require_http_methods(["GET", "POST"])
def consent(request: ActorRequest, person_id: UUID) -> HttpResponse:
    """Also for somebody out of sight: the paper is what opens their record."""
    actor = request.actor
    require(policies.can_take_paper_consent(actor), _ONLY_CARE)
    if request.method == "GET":
        return _blank(request, person_id, ConsentForm())
    form = ConsentForm(request.POST)
    if form.is_valid() and actor.institution_id is not None:
        try:
            services.consent(
                actor,
                person_id=person_id,
                institution_id=actor.institution_id,
                **form.facts(),
            )
        except Invalid as refusal:
            show(form, refusal)
        else:
            return _consents(request, person_id)
    return _consents(request, person_id, status=422, form=form)


@signed_in
@require_POST
def withdraw_consent(request: ActorRequest, consent_id: UUID) -> HttpResponse:
    form = WithdrawForm(request.POST)
    if not form.is_valid():
        raise Invalid(fields={"evidence": str(form.errors["evidence"][0])})
    person_id = services.withdraw_consent(
        request.actor, consent_id, **form.cleaned_data
    )
    return _consents(request, person_id)


def context_of(request: ActorRequest, page: PersonPage) -> dict[str, Any]:
    """What the sides of the person's page want besides the page itself."""
    shown = {"page": page, "group_names": GROUP_NAMES}
    shown |= consents_of(request, page.card.id, page.consents)
    if page.card.is_masked:
        return shown
    return shown | {
        "may_keep": policies.can_correct(request.actor),
    }


def consents_of(
    request: ActorRequest, person_id: UUID, consents: Sequence[ConsentLine]
) -> dict[str, Any]:
    may_take = policies.can_take_paper_consent(request.actor)
    return {
        "person_id": person_id,
        "may_take_consent": may_take,
        "consents": consents if may_take else [],
    }


def _panel(request: ActorRequest, person_id: UUID, form: PanelForm) -> HttpResponse:
    """Nothing of the person stands in it."""
    require(policies.can_correct(request.actor), NOT_AT_DESK)
    return _blank(request, person_id, form)


def _blank(request: ActorRequest, person_id: UUID, form: PanelForm) -> HttpResponse:
    context = {"form": form, "person_id": person_id}
    return render(request, "population/_panel.html", context)


def _page(request: ActorRequest, person_id: UUID) -> PersonPage:
    """Read again, and written down as read: never without sight."""
    page = services.open_person(request.actor, person_id)
    if page.card.is_masked:
        raise NotFound
    require(policies.can_correct(request.actor), NOT_AT_DESK)
    return page


def _correct_form(
    request: ActorRequest, page: PersonPage, typed: Any = None
) -> CorrectForm:
    known = keeping.facts_to_correct(request.actor, page.card.id)
    return CorrectForm(typed, known=known, may_change_phone=page.has_all)


def _at_proxy(form: ProxyForm, refusal: Invalid) -> None:
    """A date is wrong at the date; whoever cannot stand in, at the number."""
    if set(refusal.fields) & set(form.fields):
        show(form, refusal)
        return
    at_number(form, refusal)


def _kept(
    request: ActorRequest, page: PersonPage, status: int = 200, **forms: Any
) -> HttpResponse:
    context = context_of(request, page) | forms
    return render(request, "population/_kept.html", context, status=status)


def _consents(
    request: ActorRequest, person_id: UUID, status: int = 200, **forms: Any
) -> HttpResponse:
    consents = keeping.consents_here(request.actor, person_id)
    context = consents_of(request, person_id, consents) | forms
    return render(request, "population/_consents.html", context, status=status)
