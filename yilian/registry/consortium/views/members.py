"""Founding a consortium, joining and leaving it."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from yilian.foundation.access.forms import show
from yilian.foundation.access.middleware import ActorRequest
from yilian.foundation.access.scope import find, require
from yilian.foundation.access.views import signed_in
from yilian.kernel.errors import Conflict, Invalid
from yilian.registry.consortium import policies, services
from yilian.registry.consortium.forms import FoundForm, JoinForm, LeaveForm, MemberForm
from yilian.registry.consortium.models import Consortium, Membership
from yilian.registry.consortium.rules import FORM_CLAUSES, FORM_NAMES, GOVERNED_BY, Form
from yilian.registry.consortium.services.members import ONLY_LEADS, ONLY_THE_GOVERNING
from yilian.registry.directory.queries import today


@signed_in
@require_http_methods(["GET", "POST"])
def found(request: ActorRequest) -> HttpResponse:
    actor = request.actor
    require(policies.can_found_some(actor), ONLY_THE_GOVERNING)
    first = {"area_code": actor.area_code, "founded_on": today()}
    form = FoundForm(request.POST if request.method == "POST" else None, initial=first)
    if form.is_valid():
        try:
            made = services.found_consortium(actor, **form.facts())
        except (Invalid, Conflict) as error:
            show(form, error)
        else:
            return redirect("consortium:detail", made.pk)
    context = {
        "form": form,
        "forms_of_law": [(FORM_NAMES[one], FORM_CLAUSES[one].id) for one in Form],
        "governed_by": GOVERNED_BY,
    }
    return _form(request, "consortium/found.html", form, context)


@signed_in
@require_http_methods(["GET", "POST"])
def join(request: ActorRequest, consortium_id: UUID) -> HttpResponse:
    consortium = find(Consortium.objects.all(), consortium_id)
    leads = Membership.objects.on(today()).leads(consortium_id)
    require(policies.can_change_members(request.actor, consortium, leads), ONLY_LEADS)
    typed = request.POST if request.method == "POST" else None
    form = JoinForm(typed, initial={"starts_on": today()})
    if form.is_valid():
        try:
            services.join(request.actor, consortium_id=consortium_id, **form.facts())
        except (Invalid, Conflict) as error:
            show(form, error)
        else:
            return redirect("consortium:detail", consortium_id)
    because = FORM_CLAUSES[Form(consortium.form)]
    context = {"form": form, "consortium": consortium, "because": because}
    return _form(request, "consortium/join.html", form, context)


@signed_in
@require_POST
def leave(request: ActorRequest, membership_id: UUID) -> HttpResponse:
    """The page is read again: who leads, what is missing and the counts change too."""
    form = LeaveForm(request.POST)
    if not form.is_valid():
        raise Invalid(fields={"ends_on": str(form.errors["ends_on"][0])})
    services.leave(request.actor, membership_id, **form.cleaned_data)
    return HttpResponse(status=204, headers={"HX-Refresh": "true"})


def _form(
    request: ActorRequest, template: str, form: MemberForm, context: dict[str, object]
) -> HttpResponse:
    words = request.POST.get("institution_id_words", "")
    status = 422 if form.is_bound else 200
    return render(request, template, context | {"words": words}, status=status)
