"""Who answers when, for a week."""

from datetime import datetime, timedelta
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from yilian.foundation.access.forms import show
from yilian.foundation.access.middleware import ActorRequest
from yilian.foundation.access.scope import find, require
from yilian.foundation.access.views import signed_in
from yilian.kernel.calendar import start_of_day
from yilian.kernel.errors import Conflict, Invalid
from yilian.registry.directory import policies, queries, services
from yilian.registry.directory.forms import DutyForm
from yilian.registry.directory.models import DutyShift, Institution
from yilian.registry.directory.rules import DUTY_NAMES
from yilian.registry.directory.services.duty import ONLY_THE_OFFICE

A_WEEK = timedelta(days=7)


@signed_in
@require_http_methods(["GET", "POST"])
def roster(request: ActorRequest, institution_id: UUID) -> HttpResponse:
    institution = find(Institution.objects.all(), institution_id)
    may_plan = policies.can_plan_duty(request.actor, institution)
    posts = [
        (line.post_id, f"{line.name} {line.department}".strip())
        for line in (queries.staff_of(institution_id) if may_plan else [])
    ]
    form = DutyForm(request.POST if request.method == "POST" else None, posts=posts)
    if form.is_bound:
        require(may_plan, ONLY_THE_OFFICE)
    if form.is_valid():
        try:
            services.plan_duty(
                request.actor, institution_id=institution_id, **form.facts()
            )
        except (Invalid, Conflict) as error:
            show(form, error)
        else:
            return redirect("directory:duty", institution_id)
    start = _first_day()
    context = {
        "institution": institution,
        "shifts": queries.duty_roster(institution_id, start, start + A_WEEK),
        "duty_names": DUTY_NAMES,
        "form": form,
        "may_plan": may_plan,
    }
    status = 422 if form.is_bound else 200
    return render(request, "directory/duty.html", context, status=status)


@signed_in
@require_POST
def cancel(request: ActorRequest, shift_id: UUID) -> HttpResponse:
    shift = find(DutyShift.objects.all(), shift_id)
    services.cancel_duty(request.actor, shift_id)
    return redirect("directory:duty", shift.institution_id)


def _first_day() -> datetime:
    return start_of_day(queries.today())
