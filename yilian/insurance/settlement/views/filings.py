"""Late emergencies and appeals: filed, decided by one, confirmed by another."""

from typing import Any, BinaryIO, Final, cast
from uuid import UUID

from django import forms
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from yilian.foundation.access.forms import show
from yilian.foundation.access.middleware import ActorRequest
from yilian.foundation.access.views import signed_in
from yilian.foundation.files import serving
from yilian.foundation.files.rules.checking import FIELD
from yilian.foundation.files.uploads import takes_files
from yilian.insurance.settlement import policies
from yilian.insurance.settlement.forms import ConfirmForm, DecideForm, FilingForm
from yilian.insurance.settlement.queries.billing import BillPage
from yilian.insurance.settlement.queries.filings import FilingPage, Which, counts
from yilian.insurance.settlement.rules.case import Referral
from yilian.insurance.settlement.rules.filing import Evidence
from yilian.insurance.settlement.rules.ledger import FILING_NAMES, FilingKind
from yilian.insurance.settlement.services import confirm_decision, decide, looking
from yilian.insurance.settlement.services.evidence import (
    MOST_PAPERS,
    Upload,
    file_with_papers,
    open_filing,
    open_paper,
    open_work,
)
from yilian.insurance.settlement.views.rooms import rooms
from yilian.kernel.errors import Conflict, Invalid, NotFound
from yilian.kernel.text import _

WHICH: Final = (
    (Which.WAITING, _("待审核")),
    (Which.TO_CONFIRM, _("待复核")),
    (Which.DONE, _("已办结")),
)


@signed_in
@require_GET
def work_list(request: ActorRequest) -> HttpResponse:
    asked = request.GET.get("which", "")
    which = Which(asked) if asked in Which._value2member_map_ else Which.WAITING
    page = open_work(request.actor, which, request.GET.get("cursor"))
    number = counts(request.actor)
    context = {
        "page": page,
        "which": which,
        "tabs": [
            (words, f"?which={one.value}", one is which, number.get(one))
            for one, words in WHICH
        ],
        "rooms": rooms(request.actor, "filings"),
        "is_clerk": policies.is_insurer(request.actor),
    }
    return render(request, "settlement/filings.html", context)


@signed_in
@require_GET
def new(request: ActorRequest, bill_id: UUID, name: str) -> HttpResponse:
    kind = _kind(name)
    found = looking.open_bill(request.actor, bill_id)
    _require_open(found, kind)
    return _form_page(request, found, kind, FilingForm(kind))


@takes_files
@signed_in
@require_POST
def file(request: ActorRequest, bill_id: UUID, name: str) -> HttpResponse:
    kind = _kind(name)
    form = FilingForm(kind, request.POST)
    if form.is_valid():
        try:
            filing = _file(request, bill_id, kind, form)
        except Invalid as error:
            show(form, error)
        else:
            return redirect("settlement:filing", filing)
    found = looking.open_bill(request.actor, bill_id)
    return _form_page(request, found, kind, form, status=422)


@signed_in
@require_GET
def filing(request: ActorRequest, filing_id: UUID) -> HttpResponse:
    return _page(request, open_filing(request.actor, filing_id))


@signed_in
@require_POST
def take_decision(request: ActorRequest, filing_id: UUID) -> HttpResponse:
    found = open_filing(request.actor, filing_id)
    form = _decide_form(found, request.POST)
    if form.is_valid():
        clean = form.cleaned_data
        state, hop = clean.get("referral_state"), clean.get("referral_id")
        try:
            decide(
                request.actor,
                filing_id,
                grants=clean["grants"] == "yes",
                note=clean["note"],
                referral_state=Referral(state) if state else None,
                referral_id=UUID(hop) if hop else None,
            )
        except Invalid as error:
            show(form, error)
        else:
            return redirect("settlement:filing", filing_id)
    return _page(request, found, form)


@signed_in
@require_POST
def confirm(request: ActorRequest, filing_id: UUID) -> HttpResponse:
    """The second pair of eyes: agrees, or gives it back to be decided anew."""
    found = open_filing(request.actor, filing_id)
    if found.open_decision is None:
        raise Conflict(_("现在没有等待复核的结论，请刷新页面。"))
    form = ConfirmForm(request.POST)
    note = form.cleaned_data.get("note", "") if form.is_valid() else ""
    confirm_decision(
        request.actor,
        found.open_decision.id,
        agrees=request.POST.get("agrees") == "yes",
        note=note,
    )
    return redirect("settlement:filing", filing_id)


@signed_in
@require_GET
def paper(request: ActorRequest, filing_id: UUID, file_id: UUID) -> HttpResponseBase:
    stored = open_paper(request.actor, filing_id, file_id)
    return serving.answer(stored, name="evidence", to_keep="save" in request.GET)


# --- helpers ------------------------------------------------------------------


def _kind(name: str) -> FilingKind:
    try:
        return FilingKind(name)
    except ValueError:
        raise NotFound from None


def _require_open(found: BillPage, kind: FilingKind) -> None:
    """A page that could only be refused is not offered."""
    may = found.may
    is_open = may.file_late if kind is FilingKind.LATE_EMERGENCY else may.appeal
    if not is_open:
        raise Conflict(
            _("这张单据现在不能{what}：没有减付、已在审核、已过期限，或不由您办理。"),
            what=FILING_NAMES[kind],
        )


def _file(
    request: ActorRequest, bill_id: UUID, kind: FilingKind, form: FilingForm
) -> UUID:
    clean = form.cleaned_data
    evidence = Evidence(
        reason=clean["reason"],
        triage_level=clean.get("triage_level"),
        has_rescue_record=bool(clean.get("has_rescue_record")),
    )
    uploads = [
        Upload(cast(BinaryIO, one.file), one.size or 0, one.name or "")
        for one in request.FILES.getlist(FIELD)
    ]
    key = clean["idempotency_key"]
    return file_with_papers(request.actor, bill_id, kind, evidence, uploads, key=key).id


def _form_page(
    request: ActorRequest,
    found: BillPage,
    kind: FilingKind,
    form: FilingForm,
    status: int = 200,
) -> HttpResponse:
    context = {
        "page": found,
        "line": found.line,
        "bill": found.bill,
        "found": found.detail,
        "kind": kind,
        "kind_name": FILING_NAMES[kind],
        "form": form,
        "most_papers": MOST_PAPERS,
        "rooms": rooms(request.actor, "filings"),
    }
    return render(request, "settlement/file.html", context, status=status)


def _decide_form(found: FilingPage, data: Any = None) -> DecideForm:
    return DecideForm(
        data,
        states=found.may_become,
        hops=[(str(hop.id), f"{hop.number} {hop.words}") for hop in found.hops],
        asks_state=found.kind is FilingKind.APPEAL and len(found.may_become) > 1,
    )


def _page(
    request: ActorRequest, found: FilingPage, form: forms.Form | None = None
) -> HttpResponse:
    context = {
        "page": found,
        "line": found.line,
        "bill": found.bill,
        "form": form or _decide_form(found),
        "confirm_form": ConfirmForm(),
        "rooms": rooms(request.actor, "filings"),
        "is_clerk": policies.is_insurer(request.actor),
    }
    status = 422 if form is not None and form.errors else 200
    return render(request, "settlement/filing.html", context, status=status)
