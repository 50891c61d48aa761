"""Slips: the list, one slip, recording a new one, and the steps of its life."""

from collections.abc import Callable
from typing import Any, Final
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from yilian.foundation.access.forms import show as show_error
from yilian.foundation.access.middleware import ActorRequest
from yilian.foundation.access.scope import require
from yilian.foundation.access.views import signed_in
from yilian.insurance.clearing import policies
from yilian.insurance.clearing.forms import ReasonForm, SlipForm, today_in
from yilian.insurance.clearing.models import SharedService
from yilian.insurance.clearing.queries import slips as lists
from yilian.insurance.clearing.queries.items import items_like
from yilian.insurance.clearing.rules.slip import STEP_NAMES, Step
from yilian.insurance.clearing.services import slips as services
from yilian.kernel.errors import Invalid, NotFound
from yilian.kernel.text import _
from yilian.registry.directory.queries import today

_WHO: Final = _("服务单给医疗机构的医保财务和牵头单位的医联体办公室看。")
_WHO_RECORDS: Final = _("只有医疗机构的医保财务可以登记服务单。")
_MOST_AT_ONCE: Final = 100
_ACTS: Final[dict[Step, Callable[..., SharedService]]] = {
    Step.RETURN: services.send_back,
    Step.WITHDRAW: services.withdraw,
    Step.VOID: services.void,
}


@signed_in
@require_GET
def listing(request: ActorRequest) -> HttpResponse:
    actor = request.actor
    require(policies.can_work(actor), _WHO)
    default = "mine" if policies.keeps_books(actor) else "all"
    tab = lists.tab_named(request.GET.get("tab", default))
    address = reverse("clearing:slips")
    counted = {"mine": lists.counted(actor)}
    context = {
        "tab": tab,
        "tabs": [
            (words, f"{address}?tab={key}", key == tab, counted.get(key))
            for key, words in lists.TABS.items()
        ],
        "page": lists.slips_of(actor, tab, request.GET.get("cursor")),
        "may_record": policies.can_record(actor),
        "here": actor.institution_id,
    }
    return render(request, "clearing/slips.html", context)


@signed_in
@require_http_methods(["GET", "POST"])
def new(request: ActorRequest) -> HttpResponse:
    require(policies.can_record(request.actor), _WHO_RECORDS)
    form = SlipForm(request.actor, request.POST or None)
    today_in(form, today())
    if not form.is_bound:
        return _form(request, form)
    if form.is_valid():
        try:
            row = services.record(
                request.actor,
                key=form.cleaned_data["idempotency_key"],
                facts=form.told(),
            )
        except Invalid as error:
            show_error(form, error)
        else:
            return redirect("clearing:slip", row.id)
    return _form(request, form, status=422)


@signed_in
@require_GET
def items(request: ActorRequest) -> HttpResponse:
    """The price catalogue while typing, with today's price."""
    require(policies.can_record(request.actor), _WHO_RECORDS)
    found = items_like(request.actor, request.GET.get("q", "")[:40], today())
    return render(request, "clearing/_items.html", {"items": found})


@signed_in
@require_GET
def show(request: ActorRequest, slip_id: UUID) -> HttpResponse:
    return _show(request, slip_id)


@signed_in
@require_POST
def acknowledge_many(request: ActorRequest) -> HttpResponse:
    chosen = [_uuid(text) for text in request.POST.getlist("slip")[:_MOST_AT_ONCE]]
    done = services.acknowledge_many(request.actor, [pk for pk in chosen if pk])
    words = gettext(_("已签认 {n} 张服务单并入账。")).format(n=done)
    messages.success(request, words)
    return redirect("clearing:slips")


@signed_in
@require_POST
def take(request: ActorRequest, slip_id: UUID, name: str) -> HttpResponse:
    try:
        step = Step(name)
    except ValueError:
        raise NotFound from None
    if step is Step.ACKNOWLEDGE:
        services.acknowledge(request.actor, slip_id)
        return redirect("clearing:slip", slip_id)
    form = ReasonForm(request.POST)
    if not form.is_valid():
        return _show(request, slip_id, step=step, form=form)
    _ACTS[step](request.actor, slip_id, **form.cleaned_data)
    return redirect("clearing:slip", slip_id)


def _show(
    request: ActorRequest,
    slip_id: UUID,
    step: Step | None = None,
    form: ReasonForm | None = None,
) -> HttpResponse:
    found = lists.detail(request.actor, slip_id)
    context = {
        "found": found,
        "line": found.line,
        "actions": [
            (one.value, STEP_NAMES[one], form if one is step else ReasonForm())
            for one in found.steps
        ],
        "open": step.value if step else "",
    }
    status = 422 if form else 200
    return render(request, "clearing/slip.html", context, status=status)


def _form(request: ActorRequest, form: SlipForm, status: int = 200) -> HttpResponse:
    code = str(form["item_code"].value() or "")
    known = items_like(request.actor, code, today()) if code else []
    context: dict[str, Any] = {
        "form": form,
        "item_words": next((x.words for x in known if x.code == code), ""),
    }
    return render(request, "clearing/new_slip.html", context, status=status)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
