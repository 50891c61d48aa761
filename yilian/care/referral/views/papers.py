"""Forms that print, and finding a referral by its number."""

from typing import Any, Final
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from yilian.care.referral import policies
from yilian.care.referral.models import Referral
from yilian.care.referral.queries import desk, paper
from yilian.care.referral.queries.detail import HopDetail, detail
from yilian.care.referral.rules import numbers
from yilian.care.referral.services.looking import note_export, open_print
from yilian.care.referral.views.duties import FOLLOW_UP_NAMES
from yilian.care.referral.views.writing import CONSENT_NAMES
from yilian.foundation.access.middleware import ActorRequest
from yilian.foundation.access.scope import require
from yilian.foundation.access.views import signed_in
from yilian.kernel.errors import NotFound
from yilian.kernel.text import _
from yilian.registry.population.queries import card

PAPERS: Final = {
    "letter": _("转诊单"),
    "consent": _("知情同意书"),
    "plan": _("接续治疗计划"),
    "feedback": _("反馈单"),
}
LISTS: Final = {
    "desk": (desk.RECEIVED, _("转诊接收清单")),
    "sent": (desk.SENT, _("已发出转诊清单")),
}
_WHO_LISTS: Final = _("只有医疗机构的医师和转诊办公室有转诊工作台。")
_NO_FEEDBACK: Final = _("对方还没有反馈，没有可以打印的反馈单。")
_NO_PLAN: Final = _("只有下转的患者有接续治疗计划。")


@signed_in
@require_GET
def letter(request: ActorRequest, referral_id: UUID) -> HttpResponse:
    """Stub, letter and receipt: up, across and down in the official order."""
    return _paper(request, referral_id, "letter")


@signed_in
@require_GET
def feedback(request: ActorRequest, referral_id: UUID) -> HttpResponse:
    """What the receiver reports back, once it has."""
    return _paper(request, referral_id, "feedback")


@signed_in
@require_GET
def other(request: ActorRequest, referral_id: UUID, name: str) -> HttpResponse:
    if name not in PAPERS:
        raise NotFound
    return _paper(request, referral_id, name)


@signed_in
@require_GET
def follow_up(request: ActorRequest, follow_up_id: UUID) -> HttpResponse:
    """The sheet that goes along on a visit, with what is known filled in."""
    require(
        policies.can_follow_up(request.actor),
        _("只有医疗机构的医护人员和转诊办公室有随访任务。"),
    )
    sheet, row = paper.follow_up_sheet(request.actor, follow_up_id)
    open_print(request.actor, row.id, paper="follow_up")
    context = _context(request, row) | {"sheet": sheet, "names": FOLLOW_UP_NAMES}
    return render(request, "referral/print_follow_up.html", context)


@signed_in
@require_GET
def work_list(request: ActorRequest, side: str) -> HttpResponse:
    """A tab of the desk, to be signed and kept where the line is out."""
    require(policies.can_draft(request.actor), _WHO_LISTS)
    if side not in LISTS:
        raise NotFound
    tabs, title = LISTS[side]
    tab = desk.tab_named(tabs, request.GET.get("tab", ""))
    lines = paper.printed_list(request.actor, side, tab)
    note_export(
        request.actor, "work_list", rows=len(lines),
        chosen={"side": side, "tab": tab.key},
        person_ids=[line.person_id for line in lines],
    )  # fmt: skip
    context = {
        "title": title,
        "side": side,
        "tab": tab,
        "lines": lines,
        "is_cut": len(lines) == paper.MOST_PRINTED,
        "most": paper.MOST_PRINTED,
        "printed_at": timezone.now(),
    }
    return render(request, "referral/print_list.html", context)


@signed_in
@require_http_methods(["GET", "POST"])
def find_by_number(request: ActorRequest) -> HttpResponse:
    """Typed or scanned; by POST, so that a number stands in no address."""
    if request.method == "GET":
        return render(request, "referral/find.html", {"typed": ""})
    typed = request.POST.get("number", "")[:60]
    number = numbers.tidy(typed)
    if number is None:
        words = _("这不是完整的转诊单号。单号形如 Z261121-7K3QMF-4，请核对后再输。")
        return _not_found(request, typed, words, status=422)
    row = Referral.objects.visible_to(request.actor).filter(number=number).first()
    if row is None:
        words = _("单号无误，但没有这张转诊单，或它不是发给本机构的。请向转出方核对。")
        return _not_found(request, typed, words, status=404)
    return redirect("referral:detail", row.id)


def _not_found(
    request: ActorRequest, typed: str, words: str, status: int
) -> HttpResponse:
    context = {"typed": typed, "error": words}
    return render(request, "referral/find.html", context, status=status)


def _paper(request: ActorRequest, referral_id: UUID, name: str) -> HttpResponse:
    row = open_print(request.actor, referral_id, paper=name)
    context = _context(request, row)
    found: HopDetail = context["d"]
    if name == "feedback" and not found.feedback:
        raise NotFound(_NO_FEEDBACK)
    if name == "plan" and found.hop.direction != "down":
        raise NotFound(_NO_PLAN)
    return render(request, f"referral/print_{name}.html", context)


def _context(request: ActorRequest, row: Referral) -> dict[str, Any]:
    now = timezone.now()
    found = detail(request.actor, row.id)
    offered = [
        (name, words)
        for name, words in PAPERS.items()
        if (name != "feedback" or found.feedback)
        and (name != "plan" or found.hop.direction == "down")
    ]
    return {
        "d": found,
        "hop": found.hop,
        "on": paper.on_paper(row, now),
        "person": card(request.actor, row.person_id),
        "consent": CONSENT_NAMES.get(found.consent_by, ""),
        "papers": offered,
        "printed_at": now,
        "printed_by": request.actor.name,
    }
