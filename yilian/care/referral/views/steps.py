"""One address per step: the form it asks for, and taking it.

`STEPS` joins a step of the state table to its form and its service; the view has
no rule of its own. A step taken answers with the row or the page it was taken on.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from yilian.care.referral import forms
from yilian.care.referral.models import Referral
from yilian.care.referral.queries import desk
from yilian.care.referral.queries.rows import FOR_A_FORM, PLAIN
from yilian.care.referral.rules.states import STEP_NAMES, Step
from yilian.care.referral.services import closing, receiving, sending
from yilian.care.referral.views.detail import render_body
from yilian.foundation.access.forms import show
from yilian.foundation.access.middleware import ActorRequest
from yilian.foundation.access.views import signed_in
from yilian.kernel.errors import Invalid, NotFound


@dataclass(frozen=True, slots=True)
class Asked:
    form: type[forms.StepForm]
    act: Callable[..., Referral]


STEPS: Final[Mapping[Step, Asked]] = {
    Step.SUBMIT: Asked(forms.SubmitForm, sending.submit),
    Step.REQUEST_INFO: Asked(forms.QuestionForm, receiving.request_info),
    Step.ANSWER_INFO: Asked(forms.AnswerForm, sending.answer_info),
    Step.ACCEPT: Asked(forms.AcceptForm, receiving.accept),
    Step.DECLINE: Asked(forms.DeclineForm, receiving.decline),
    Step.REDIRECT: Asked(forms.RedirectForm, receiving.redirect),
    Step.SCHEDULE: Asked(forms.PlaceForm, receiving.schedule),
    Step.DEPART: Asked(forms.DepartForm, sending.depart),
    Step.ARRIVE: Asked(forms.NoteForm, receiving.arrive),
    Step.MARK_NO_SHOW: Asked(forms.NoteForm, receiving.mark_no_show),
    Step.ADMIT: Asked(forms.PlainForm, receiving.admit),
    Step.FINISH_CARE: Asked(forms.FinishForm, receiving.finish_care),
    Step.COMPLETE: Asked(forms.FeedbackForm, receiving.complete),
    Step.WITHDRAW: Asked(forms.WithdrawForm, sending.withdraw),
    Step.REQUEST_CANCEL: Asked(forms.CancelForm, sending.request_cancel),
    Step.CONFIRM_CANCEL: Asked(forms.PlainForm, receiving.confirm_cancel),
    Step.REFUSE_CANCEL: Asked(forms.RefuseCancelForm, receiving.refuse_cancel),
    Step.RECORD_DEATH: Asked(forms.DeathForm, closing.record_death),
    Step.MARK_ERROR: Asked(forms.ErrorForm, sending.mark_error),
}


@signed_in
@require_GET
def form(request: ActorRequest, referral_id: UUID, name: str) -> HttpResponse:
    """What a step asks for, opened in place."""
    step = _step(name)
    row = PLAIN.of(request.actor, referral_id)
    return _form(request, step, STEPS[step].form(lambda: row))


@signed_in
@require_POST
def take(request: ActorRequest, referral_id: UUID, name: str) -> HttpResponse:
    step = _step(name)
    read = partial(FOR_A_FORM.of, request.actor, referral_id)
    asked = STEPS[step].form(read, request.POST)
    if not asked.is_valid():
        return _form(request, step, asked, status=422)
    seen = _revision(request.POST.get("revision", ""))
    act = STEPS[step].act
    try:
        taken = act(request.actor, referral_id, revision=seen, **asked.facts())
    except Invalid as error:
        show(asked, error)
        return _form(request, step, asked, status=422)
    return _answer(request, referral_id, taken)


@signed_in
@require_POST
def assign(request: ActorRequest, referral_id: UUID) -> HttpResponse:
    row = PLAIN.of(request.actor, referral_id)
    asked = forms.AssignForm(lambda: row, request.POST)
    if asked.is_valid():
        receiving.assign(request.actor, referral_id, **asked.facts())
    return _answer(request, referral_id)


def _step(name: str) -> Step:
    try:
        step = Step(name)
    except ValueError:
        raise NotFound from None
    if step not in STEPS:
        raise NotFound
    return step


def _form(
    request: ActorRequest, step: Step, asked: forms.StepForm, status: int = 200
) -> HttpResponse:
    asked.offer()
    row = asked.referral
    shown = request.POST.get("shown") or request.GET.get("shown", "row")
    context = {
        "referral_id": row.id,
        "step": step,
        "step_name": STEP_NAMES[step],
        "form": asked,
        "shown": "page" if shown == "page" else "row",
        "revision": _revision((request.POST or request.GET).get("revision", "")),
    }
    response = render(request, "referral/_form.html", context, status=status)
    if asked.errors:
        response["HX-Retarget"] = f"#form-{row.id}-{step.value}"
        response["HX-Reswap"] = "outerHTML"
    return response


def _revision(told: str) -> int | None:
    """Of the page that the step was chosen on: a stale tab is told so."""
    return int(told) if told.isascii() and told.isdecimal() else None


def _answer(
    request: ActorRequest, referral_id: UUID, taken: Referral | None = None
) -> HttpResponse:
    """The same row, or the same page, as it stands now; at the reception who is here
    has changed as well, so that page is read again. `taken` is what a step returned:
    another hop, where it made one."""
    if request.POST.get("shown") == "reception":
        here = reverse("reception:today")
        return HttpResponse(status=204, headers={"HX-Redirect": here})
    if request.POST.get("shown") == "page":
        return render_body(request, referral_id)
    if taken is not None and taken.id == referral_id:
        hop = desk.line_of(request.actor, taken)
    else:
        hop = desk.line(request.actor, referral_id)
    return render(request, "referral/_hop.html", {"hop": hop})
