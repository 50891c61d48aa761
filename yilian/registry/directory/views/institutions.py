"""Institutions: found, shown, opened, closed."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from yilian.foundation.access.forms import show
from yilian.foundation.access.middleware import ActorRequest
from yilian.foundation.access.scope import find, require
from yilian.foundation.access.views import signed_in
from yilian.kernel.errors import Conflict, Invalid
from yilian.registry.directory import policies, queries, services
from yilian.registry.directory.forms import (
    CloseForm,
    ContactForm,
    DepartmentForm,
    FilterForm,
    InstitutionForm,
    SignInRuleForm,
)
from yilian.registry.directory.models import Institution
from yilian.registry.directory.rules import (
    DUTY_NAMES,
    KIND_NAMES,
    SPONSOR_NAMES,
    DutyKind,
)
from yilian.registry.directory.services.institutions import (
    ONLY_ADMINISTRATORS,
    ONLY_THE_AUTHORITY,
)

_LONGEST_TYPED = 60


@signed_in
@require_GET
def list_page(request: ActorRequest) -> HttpResponse:
    form = FilterForm(request.GET)
    page = queries.institutions(
        **form.chosen(), cursor=request.GET.get("cursor", "").replace("\0", "")
    )
    context = {
        "form": form,
        "page": page,
        "kind_names": KIND_NAMES,
        "may_open": _may_open_some(request),
    }
    return render(request, "directory/list.html", context)


@signed_in
@require_http_methods(["GET", "POST"])
def open_page(request: ActorRequest) -> HttpResponse:
    require(_may_open_some(request), ONLY_THE_AUTHORITY)
    form = InstitutionForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            made = services.open_institution(request.actor, **form.facts())
        except Invalid as error:
            show(form, error)
        else:
            return redirect("directory:detail", made.pk)
    status = 422 if form.is_bound else 200
    return render(request, "directory/open.html", {"form": form}, status=status)


@signed_in
@require_GET
def detail(request: ActorRequest, institution_id: UUID) -> HttpResponse:
    return _detail(request, _institution(institution_id))


@signed_in
@require_GET
def pick(request: ActorRequest) -> HttpResponse:
    """What a picker of institutions offers while somebody types."""
    text = request.GET.get("q", "").replace("\0", "")[:_LONGEST_TYPED]
    found = queries.institutions_to_pick(text) if text.strip() else []
    return render(request, "directory/_pick.html", {"found": found})


@signed_in
@require_POST
def change_contact(request: ActorRequest, institution_id: UUID) -> HttpResponse:
    institution = _institution(institution_id)
    require(policies.can_administer(request.actor, institution), ONLY_ADMINISTRATORS)
    form = ContactForm(request.POST, institution=institution)
    if form.is_valid():
        try:
            services.change_contact(request.actor, institution_id, **form.cleaned_data)
        except Invalid as error:
            show(form, error)
        else:
            return redirect("directory:detail", institution_id)
    return _detail(request, institution, contact_form=form, status=422)


@signed_in
@require_POST
def set_sign_in_rule(request: ActorRequest, institution_id: UUID) -> HttpResponse:
    form = SignInRuleForm(request.POST)
    form.is_valid()
    services.set_sign_in_rule(request.actor, institution_id, **form.cleaned_data)
    return redirect("directory:detail", institution_id)


@signed_in
@require_POST
def close(request: ActorRequest, institution_id: UUID) -> HttpResponse:
    institution = _institution(institution_id)
    form = CloseForm(request.POST)
    if form.is_valid():
        try:
            services.close_institution(
                request.actor, institution_id, **form.cleaned_data
            )
        except Invalid as error:
            show(form, error)
        else:
            return redirect("directory:detail", institution_id)
    return _detail(request, institution, close_form=form, status=422)


@signed_in
@require_http_methods(["GET", "POST"])
def departments(request: ActorRequest, institution_id: UUID) -> HttpResponse:
    institution = _institution(institution_id)
    may_open = policies.can_administer(request.actor, institution)
    form = DepartmentForm(request.POST if request.method == "POST" else None)
    if form.is_bound:
        require(may_open, ONLY_ADMINISTRATORS)
    if form.is_valid():
        try:
            services.open_department(
                request.actor, institution_id=institution_id, **form.facts()
            )
        except (Invalid, Conflict) as error:
            show(form, error)
        else:
            return redirect("directory:departments", institution_id)
    context = {
        "institution": institution,
        "departments": queries.departments_of(institution_id),
        "form": form,
        "may_open": may_open,
    }
    status = 422 if form.is_bound else 200
    return render(request, "directory/departments.html", context, status=status)


@signed_in
@require_GET
def staff(request: ActorRequest, institution_id: UUID) -> HttpResponse:
    institution = _institution(institution_id)
    may_see = policies.can_see_staff(request.actor, institution)
    context = {
        "institution": institution,
        "staff": queries.staff_of(institution_id) if may_see else [],
        "may_see": may_see,
        "may_keep": policies.can_keep_staff(request.actor, institution),
    }
    return render(request, "directory/staff.html", context)


def _institution(institution_id: UUID) -> Institution:
    rows = Institution.objects.select_related("administrative_parent")
    return find(rows, institution_id)


def _may_open_some(request: ActorRequest) -> bool:
    actor = request.actor
    return policies.can_open_institutions(actor, actor.area_code)


def _detail(
    request: ActorRequest,
    institution: Institution,
    *,
    close_form: CloseForm | None = None,
    contact_form: ContactForm | None = None,
    status: int = 200,
) -> HttpResponse:
    facts = queries.institution_facts(institution)
    may_close = policies.can_close(request.actor, institution)
    may_change = policies.can_administer(request.actor, institution)
    duty = [(kind, queries.duty_now(institution.pk, kind)) for kind in DutyKind]
    context: dict[str, Any] = {
        "facts": facts,
        "line": facts.line,
        "is_open": facts.line.is_open_on(queries.today()),
        "kind_names": KIND_NAMES,
        "sponsor_names": SPONSOR_NAMES,
        "duty_names": DUTY_NAMES,
        "duty": [(kind, line) for kind, line in duty if line],
        "may_plan_duty": policies.can_plan_duty(request.actor, institution),
        "may_see_staff": policies.can_see_staff(request.actor, institution),
        "help_phone": institution.help_phone,
        "may_rule": policies.can_set_sign_in_rule(request.actor, institution),
        "demands": institution.requires_second_factor,
        "may_close": may_close and institution.closed_on is None,
        "close_form": close_form or CloseForm(),
        "may_change": may_change and institution.closed_on is None,
        "contact_form": contact_form or ContactForm(institution=institution),
    }
    return render(request, "directory/detail.html", context, status=status)
