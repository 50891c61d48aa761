"""Days in both books: the list, asking for one, its differences."""

from datetime import timedelta
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from yilian.foundation.access.forms import show
from yilian.foundation.access.middleware import ActorRequest
from yilian.foundation.access.scope import require
from yilian.foundation.access.views import signed_in
from yilian.insurance.insurer import policies
from yilian.insurance.insurer.forms import DayForm, NoteForm
from yilian.insurance.insurer.queries import pages
from yilian.insurance.insurer.rules.states import FAULT_NAMES, Fault
from yilian.insurance.insurer.services import reconciling
from yilian.insurance.insurer.services.reconciling import ONLY_INSURER
from yilian.kernel.calendar import local_day
from yilian.kernel.errors import Conflict, Invalid


@signed_in
@require_GET
def listing(request: ActorRequest) -> HttpResponse:
    return _list(request)


@signed_in
@require_POST
def ask(request: ActorRequest) -> HttpResponse:
    form = DayForm(request.POST)
    if form.is_valid():
        try:
            made = reconciling.ask(request.actor, form.cleaned_data["day"])
        except (Invalid, Conflict) as error:
            show(form, error)
        else:
            return redirect("insurer:day", made.id)
    return _list(request, form)


@signed_in
@require_GET
def day(request: ActorRequest, reconciliation_id: UUID) -> HttpResponse:
    return _day(request, reconciliation_id)


@signed_in
@require_POST
def close(request: ActorRequest, difference_id: UUID) -> HttpResponse:
    form = NoteForm(request.POST)
    note = form.cleaned_data["note"] if form.is_valid() else ""
    row = reconciling.close(request.actor, difference_id, note=note)
    return redirect("insurer:day", row.reconciliation_id)


def _list(request: ActorRequest, form: DayForm | None = None) -> HttpResponse:
    require(policies.can_reconcile(request.actor), ONLY_INSURER)
    yesterday = local_day(timezone.now()) - timedelta(days=1)
    context = {
        "page": pages.days(request.actor, request.GET.get("cursor")),
        "form": form or DayForm(initial={"day": yesterday.isoformat()}),
        "status": pages.line_status(),
        "is_open": form is not None,
    }
    return render(request, "insurer/days.html", context, status=422 if form else 200)


def _day(request: ActorRequest, reconciliation_id: UUID) -> HttpResponse:
    require(policies.can_reconcile(request.actor), ONLY_INSURER)
    row, differences = pages.one_day(request.actor, reconciliation_id)
    context = {
        "row": row,
        "differences": differences,
        "fault": FAULT_NAMES[Fault(row.fault)] if row.fault else "",
    }
    return render(request, "insurer/day.html", context)
