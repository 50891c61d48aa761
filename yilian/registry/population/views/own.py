"""What residents read and decide about their own entry."""

from uuid import UUID

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from yilian.foundation.access.forms import show
from yilian.foundation.access.middleware import ActorRequest
from yilian.foundation.access.views import signed_in
from yilian.kernel.errors import Invalid, NotFound
from yilian.registry.population import policies, services
from yilian.registry.population.forms_keeping import OwnConsentForm


@signed_in
@require_GET
def mine(request: ActorRequest) -> HttpResponse:
    return _mine(request)


@signed_in
@require_POST
def allow(request: ActorRequest, person_id: UUID) -> HttpResponse:
    """The resident's own word: it opens for everybody at that institution."""
    if not policies.stands_for(request.actor, person_id):
        raise NotFound
    form = OwnConsentForm(request.POST, prefix=str(person_id))
    if form.is_valid():
        try:
            services.consent(request.actor, person_id=person_id, **form.facts())
        except Invalid as refusal:
            show(form, refusal)
        else:
            return _back()
    return _mine(request, status=422, for_id=person_id, typed=form)


@signed_in
@require_POST
def withdraw(request: ActorRequest, consent_id: UUID) -> HttpResponse:
    if not policies.is_resident(request.actor):
        raise NotFound
    services.withdraw_consent(request.actor, consent_id)
    return _back()


@signed_in
@require_POST
def end_proxy(request: ActorRequest, proxy_id: UUID) -> HttpResponse:
    if not policies.is_resident(request.actor):
        raise NotFound
    services.end_proxy(request.actor, proxy_id)
    return _back()


def _mine(
    request: ActorRequest,
    status: int = 200,
    for_id: UUID | None = None,
    typed: OwnConsentForm | None = None,
) -> HttpResponse:
    pages = services.open_own(request.actor)
    forms = {
        one.page.card.id: typed
        if typed and one.page.card.id == for_id
        else OwnConsentForm(prefix=str(one.page.card.id))
        for one in pages
    }
    context = {"pages": pages, "forms_of": forms}
    return render(request, "population/mine.html", context, status=status)


def _back() -> HttpResponse:
    return HttpResponseRedirect(reverse("population:mine"))
