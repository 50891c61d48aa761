"""The intake list, one message with its form, and the steps of whoever mends it."""

from dataclasses import replace
from typing import Any
from uuid import UUID

from django.contrib import messages as toasts
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import (
    require_GET,
    require_http_methods,
    require_POST,
)

from yilian.foundation.access.middleware import ActorRequest
from yilian.foundation.access.scope import require
from yilian.foundation.access.views import signed_in
from yilian.foundation.terminology.queries import icd10_name
from yilian.interfaces.exchange.hl7v2.referral import Patient
from yilian.interfaces.exchange.intake import policies, queries
from yilian.interfaces.exchange.intake.forms import (
    MendForm,
    PersonForm,
    ReceiverForm,
    RevisionForm,
    SetAsideForm,
    first_of,
)
from yilian.interfaces.exchange.intake.models import Received
from yilian.interfaces.exchange.intake.persons import official, person_name
from yilian.interfaces.exchange.intake.rules import (
    KIND_NAMES,
    STATE_NAMES,
    Kind,
    Matter,
    State,
)
from yilian.interfaces.exchange.intake.services import mending
from yilian.kernel.errors import DomainError, Invalid, NotFound
from yilian.kernel.identity_number import mask_identity
from yilian.kernel.ids import new_id
from yilian.kernel.text import _
from yilian.registry.population.forms import RegisterForm, place
from yilian.registry.population.queries import PersonCard, card, cards
from yilian.registry.population.rules import LIKENESS_NAMES, SEX_NAMES
from yilian.registry.population.services import (
    LikelyDuplicates,
    NumberKnown,
    guardian_by_number,
    search_persons,
)
from yilian.registry.population.services.registering import Guardian

ONLY_DESKS = _("转诊消息由双方的转诊办公室和系统管理员查看。")
_TABS = {"open": _("待核对"), "done": _("已办"), "refused": _("未受理")}


@signed_in
@never_cache
@require_GET
def list_page(request: ActorRequest) -> HttpResponse:
    require(policies.can_see_list(request.actor), ONLY_DESKS)
    tab = request.GET.get("show", "open")
    tab = tab if tab in queries.TABS else "open"
    counts = queries.counts(request.actor)
    context = {
        "page": queries.messages(request.actor, tab, request.GET.get("cursor")),
        "tab": tab,
        "tabs": [
            (words, f"?show={name}", name == tab, counts[name] or None)
            for name, words in _TABS.items()
        ],
        "kind_names": KIND_NAMES,
        "state_names": STATE_NAMES,
        "can_keep_feeds": policies.can_keep_feeds(request.actor),
    }
    return render(request, "intake/list.html", context)


@signed_in
@require_GET
def count(request: ActorRequest) -> HttpResponse:
    """The small number in the menu."""
    require(policies.can_see_list(request.actor), ONLY_DESKS)
    waiting = queries.counts(request.actor)["open"]
    return HttpResponse(str(waiting) if waiting else "")


@signed_in
@never_cache
@require_GET
def message(request: ActorRequest, message_id: UUID) -> HttpResponse:
    return _page(request, message_id)


@signed_in
@require_POST
def mend(request: ActorRequest, message_id: UUID) -> HttpResponse:
    opened = mending.open_message(request.actor, message_id)
    settled = queries.offer(
        request.actor, opened.row, opened.facts, opened.mended
    ).settled
    form = MendForm(
        request.POST,
        way=settled.way,
        house=settled.receiver.id if settled.receiver else None,
    )
    if form.is_valid():
        row = mending.mend(request.actor, message_id, **form.facts())
        return _after(request, row)
    return _page(request, message_id, mend_form=form, status=422)


@signed_in
@require_POST
def choose_person(request: ActorRequest, message_id: UUID) -> HttpResponse:
    form = PersonForm(request.POST)
    if not form.is_valid():
        raise Invalid(_("请选择一位居民。"))
    row = mending.choose_person(request.actor, message_id, **form.cleaned_data)
    return _after(request, row)


@signed_in
@never_cache
@require_POST
def find_person(request: ActorRequest, message_id: UUID) -> HttpResponse:
    """As at a desk: audited, masked where nobody has a ground."""
    text = request.POST.get("text", "")
    try:
        found = search_persons(request.actor, text)
    except Invalid as refusal:
        words = refusal.fields.get("text", refusal.text)
        return _page(request, message_id, text=text, wrong=words, status=422)
    return _page(request, message_id, text=text, found=found.lines)


@signed_in
@never_cache
@require_http_methods(["GET", "POST"])
def register(request: ActorRequest, message_id: UUID) -> HttpResponse:
    opened = mending.open_message(request.actor, message_id)
    if request.method == "GET":
        first = _first(opened.facts.patient)
        return _register(request, opened.row, RegisterForm(initial=first))
    form = RegisterForm(request.POST)
    if not form.is_valid():
        return _register(request, opened.row, form, status=422)
    try:
        row = mending.register_person(
            request.actor, message_id, **form.facts(), guardians=_guardians(form)
        )
    except Invalid as refusal:
        place(refusal, form)
        return _register(request, opened.row, form, status=422)
    except (LikelyDuplicates, NumberKnown) as refusal:
        return _known(request, opened.row, form, refusal)
    return _after(request, row)


@signed_in
@require_POST
def choose_receiver(request: ActorRequest, message_id: UUID) -> HttpResponse:
    form = ReceiverForm(request.POST)
    if not form.is_valid():
        return _page(request, message_id, receiver_form=form, status=422)
    row = mending.choose_receiver(request.actor, message_id, **form.cleaned_data)
    return _after(request, row)


@signed_in
@require_POST
def replay(request: ActorRequest, message_id: UUID) -> HttpResponse:
    form = RevisionForm(request.POST)
    form.is_valid()
    row = mending.replay(request.actor, message_id, **form.cleaned_data)
    return _after(request, row)


@signed_in
@require_POST
def set_aside(request: ActorRequest, message_id: UUID) -> HttpResponse:
    form = SetAsideForm(request.POST)
    if not form.is_valid():
        return _page(request, message_id, aside_form=form, status=422)
    mending.set_aside(request.actor, message_id, **form.cleaned_data)
    toasts.success(request, gettext("消息已作废。"))
    return redirect("exchange:list")


@signed_in
@never_cache
@require_POST
def original(request: ActorRequest, message_id: UUID) -> HttpResponse:
    """By POST: a look that is written down, and stands in no history."""
    text = mending.open_original(request.actor, message_id)
    response = render(request, "intake/_original.html", {"text": text})
    response["Cache-Control"] = "no-store"
    return response


def _after(request: ActorRequest, row: Received) -> HttpResponse:
    state = State(row.state)
    if state is State.DONE:
        toasts.success(request, gettext("已办成转诊。"))
        return redirect("exchange:message", row.id)
    words = {
        State.WAITING: gettext("已保存，还有内容要核对。"),
        State.REFUSED: gettext("没有受理，原因见页面。"),
    }
    toasts.warning(request, words.get(state, gettext("已保存。")))
    return redirect("exchange:message", row.id)


def _page(
    request: ActorRequest, message_id: UUID, *, status: int = 200, **shown: Any
) -> HttpResponse:
    actor = request.actor
    require(policies.can_see_list(actor), ONLY_DESKS)
    row = queries.message_row(actor, message_id)
    if row is None:
        raise NotFound
    context = {
        "line": queries.message_line(actor, row),
        "kind": KIND_NAMES[Kind(row.kind)],
        "state_names": STATE_NAMES,
        "row": row,
        "can_map": policies.can_map(actor, row.feed),
        "can_set_aside": policies.can_set_aside(actor, row),
        "needs_receiver": any(one["matter"] == Matter.RECEIVER for one in row.problems),
        "aside_form": SetAsideForm(initial={"revision": row.revision}),
        "receiver_form": ReceiverForm(initial={"revision": row.revision}),
        "words": request.POST.get("institution_id_words", ""),
    }
    if policies.can_read_content(actor, row):
        context |= _content(request, row, shown)
    return render(request, "intake/message.html", context | shown, status=status)


def _content(
    request: ActorRequest, row: Received, shown: dict[str, Any]
) -> dict[str, Any]:
    actor = request.actor
    opened = mending.open_message(actor, row.id)
    offer = queries.offer(actor, opened.row, opened.facts, opened.mended)
    settled = offer.settled
    house = settled.receiver
    form = shown.get("mend_form") or MendForm(
        initial=first_of(settled, opened.mended, row.revision),
        way=settled.way,
        house=house.id if house else None,
    )
    problems = queries.problems_now(row, settled)
    fields = {problem.field: problem.words for problem in problems}
    code = str(form["diagnosis_code"].value() or "")
    name = request.POST.get("to_institution_id_words", "")
    return {
        "facts": opened.facts,
        "line": replace(queries.message_line(actor, row), problems=problems),
        "patient": _patient(opened.facts.patient),
        "offer": offer,
        "mend_form": form,
        "problem_words": fields,
        "receiver_words": name or (house.legal_name if house else ""),
        "diagnosis_words": icd10_name(code) or "" if code else "",
        "said_diagnosis": [one.code for one in opened.facts.diagnoses[:5]],
    }


def _patient(patient: Patient) -> dict[str, Any]:
    return {
        "name": person_name(patient) or patient.name,
        "sex": SEX_NAMES[patient.sex],
        "born_on": patient.born_on,
        "numbers": [mask_identity(one.value) for one in patient.numbers[:4]],
        "address": patient.address,
    }


def _first(patient: Patient) -> dict[str, Any]:
    """Of the message, for the form of a new resident."""
    try:
        number = next(official(patient), None)
    except DomainError:
        number = None
    return {
        "name": person_name(patient),
        "kind": number.kind.value if number else "id_card",
        "number": number.value if number else "",
        "sex": patient.sex,
        "born_on": patient.born_on,
        "phone": patient.phone,
        "address": patient.address,
        "insured_type": "none",
    }


def _register(
    request: ActorRequest,
    row: Received,
    form: RegisterForm,
    status: int = 200,
    **context: Any,
) -> HttpResponse:
    shown = {"form": form, "key": new_id(), "row": row} | context
    return render(request, "intake/register.html", shown, status=status)


def _known(
    request: ActorRequest,
    row: Received,
    form: RegisterForm,
    refusal: LikelyDuplicates | NumberKnown,
) -> HttpResponse:
    """Whoever has the number already, or may be the same: one press chooses them."""
    context: dict[str, Any] = {"words": refusal.text, "aside": []}
    likely: list[tuple[PersonCard, list[str]]]
    if isinstance(refusal, NumberKnown):
        likely = [(card(request.actor, refusal.person_id), [])]
        context["is_certain"] = True
    else:
        shown = cards(request.actor, [one.person_id for one in refusal.likely])
        likely = [
            (
                shown[one.person_id],
                [LIKENESS_NAMES[why] for why in sorted(one.likeness)],
            )
            for one in refusal.likely
        ]
        context["aside"] = form.cleaned_data["not_these"]
    return _register(request, row, form, status=409, likely=likely, **context)


def _guardians(form: RegisterForm) -> list[Guardian]:
    number, relation = form.guardian_facts()
    return [guardian_by_number(number, relation)] if number else []
