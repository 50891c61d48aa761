"""Finding, registering and opening residents."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from yilian.foundation.access.middleware import ActorRequest
from yilian.foundation.access.scope import require
from yilian.foundation.access.views import signed_in
from yilian.kernel.errors import Invalid
from yilian.kernel.ids import new_id
from yilian.kernel.text import _
from yilian.registry.population import policies, queries, services
from yilian.registry.population.forms import (
    BreakGlassForm,
    RegisterForm,
    ReviewForm,
    place,
)
from yilian.registry.population.rules import (
    GROUP_NAMES,
    LIKENESS_NAMES,
    REVIEWERS,
)
from yilian.registry.population.services.registering import NOT_AT_DESK
from yilian.registry.population.views.keeping import context_of

_REVIEWED_BY = _("紧急调阅由审计管理员或安全管理员复核。")


@signed_in
@require_http_methods(["GET", "POST"])
def search(request: ActorRequest) -> HttpResponse:
    """By POST only: numbers and names never stand in an address."""
    if request.method == "GET":
        return _found(request, text="", page=None)
    text = request.POST.get("text", "")
    try:
        page = services.search_persons(
            request.actor, text, cursor=request.POST.get("cursor")
        )
    except Invalid as refusal:
        words = refusal.fields.get("text", refusal.text)
        return _found(request, text=text, page=None, error=words, status=422)
    return _found(request, text=text, page=page)


@signed_in
@require_http_methods(["GET", "POST"])
def register(request: ActorRequest) -> HttpResponse:
    require(policies.can_register(request.actor), NOT_AT_DESK)
    if request.method == "GET":
        return _form(request, RegisterForm())
    form = RegisterForm(request.POST)
    if not form.is_valid():
        return _form(request, form, status=422)
    try:
        person = services.register(
            request.actor, **form.facts(), guardians=_guardians(form)
        )
    except Invalid as refusal:
        place(refusal, form)
        return _form(request, form, status=422)
    except services.LikelyDuplicates as refusal:
        return _likely(request, form, refusal)
    except services.NumberKnown as refusal:
        known = queries.card(request.actor, refusal.person_id)
        context = {"known": known, "words": refusal.text}
        return _form(request, form, status=409, **context)
    return HttpResponseRedirect(reverse("population:person", args=[person.id]))


@signed_in
@require_GET
def person(request: ActorRequest, person_id: UUID) -> HttpResponse:
    """The record's shell; out of sight, the masked card and the ways to open it."""
    page = services.open_person(request.actor, person_id)
    context = context_of(request, page) | {
        "can_break_glass": policies.can_break_glass(request.actor),
    }
    if page.card.is_masked:
        return render(request, "population/closed.html", context, status=403)
    return render(request, "population/person.html", context)


@signed_in
@require_POST
def reveal(request: ActorRequest, person_id: UUID) -> HttpResponse:
    shown = services.reveal(request.actor, person_id)
    response = render(request, "population/_revealed.html", {"shown": shown})
    response["Cache-Control"] = "no-store"
    return response


@signed_in
@require_http_methods(["GET", "POST"])
def break_glass(request: ActorRequest, person_id: UUID) -> HttpResponse:
    if request.method == "GET":
        return _emergency(request, person_id, BreakGlassForm())
    form = BreakGlassForm(request.POST)
    if not form.is_valid():
        return _emergency(request, person_id, form, status=422)
    try:
        services.break_glass(request.actor, person_id, **form.cleaned_data)
    except Invalid as refusal:
        place(refusal, form)
        return _emergency(request, person_id, form, status=422)
    return HttpResponseRedirect(reverse("population:person", args=[person_id]))


@signed_in
@require_GET
def reviews(request: ActorRequest) -> HttpResponse:
    require(request.actor.has(*REVIEWERS), _REVIEWED_BY)
    only_waiting = request.GET.get("show") != "done"
    context = {
        "only_waiting": only_waiting,
        "waiting": queries.count_waiting(request.actor),
        "page": queries.openings(
            request.actor,
            only_waiting=only_waiting,
            cursor=request.GET.get("cursor"),
        ),
    }
    return render(request, "population/reviews.html", context)


@signed_in
@require_POST
def review(request: ActorRequest, break_glass_id: UUID) -> HttpResponse:
    form = ReviewForm(request.POST)
    if not form.is_valid():
        wrong = {name: str(errors[0]) for name, errors in form.errors.items()}
        raise Invalid(fields=wrong)
    services.review_break_glass(request.actor, break_glass_id, **form.cleaned_data)
    return render(request, "population/_reviewed.html", form.cleaned_data)


def _found(
    request: ActorRequest,
    *,
    text: str,
    page: Any,
    error: object = None,
    status: int = 200,
) -> HttpResponse:
    context = {
        "text": text,
        "page": page,
        "error": error,
        "group_names": GROUP_NAMES,
        "can_register": policies.can_register(request.actor),
        "can_break_glass": policies.can_break_glass(request.actor),
    }
    return render(request, "population/search.html", context, status=status)


def _form(
    request: ActorRequest, form: RegisterForm, status: int = 200, **context: Any
) -> HttpResponse:
    shown = {"form": form, "key": new_id()} | context
    return render(request, "population/register.html", shown, status=status)


def _likely(
    request: ActorRequest, form: RegisterForm, refusal: services.LikelyDuplicates
) -> HttpResponse:
    """Each masked, with why; those already set aside stay so."""
    shown = queries.cards(request.actor, [one.person_id for one in refusal.likely])
    likely = [
        (shown[one.person_id], [LIKENESS_NAMES[why] for why in sorted(one.likeness)])
        for one in refusal.likely
    ]
    aside = form.cleaned_data["not_these"]
    context = {"likely": likely, "aside": aside, "words": refusal.text}
    return _form(request, form, status=409, **context)


def _guardians(form: RegisterForm) -> list[services.Guardian]:
    number, relation = form.guardian_facts()
    return [services.guardian_by_number(number, relation)] if number else []


def _emergency(
    request: ActorRequest, person_id: UUID, form: BreakGlassForm, status: int = 200
) -> HttpResponse:
    context = {"form": form, "card": queries.card(request.actor, person_id)}
    return render(request, "population/break_glass.html", context, status=status)
