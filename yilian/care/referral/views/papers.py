"""Letters that print, and finding a letter by its number."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from yilian.care.referral.models import Referral
from yilian.care.referral.queries.detail import detail
from yilian.care.referral.rules import numbers
from yilian.care.referral.services.looking import open_print
from yilian.care.referral.views.writing import CONSENT_NAMES
from yilian.foundation.access.middleware import ActorRequest
from yilian.foundation.access.views import signed_in
from yilian.kernel.errors import NotFound
from yilian.kernel.text import _
from yilian.registry.population.queries import card


@signed_in
@require_GET
def letter(request: ActorRequest, referral_id: UUID) -> HttpResponse:
    """One A4 page: the referral letter up, the hand-over sheet down."""
    return _paper(request, referral_id, "letter")


@signed_in
@require_GET
def feedback(request: ActorRequest, referral_id: UUID) -> HttpResponse:
    """What the receiver reports back, once it has."""
    return _paper(request, referral_id, "feedback")


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


def _paper(request: ActorRequest, referral_id: UUID, paper: str) -> HttpResponse:
    row = open_print(request.actor, referral_id, paper=paper)
    found = detail(request.actor, referral_id)
    if paper == "feedback" and not found.feedback:
        raise NotFound(_("对方还没有反馈，没有可以打印的反馈单。"))
    context = {
        "d": found,
        "hop": found.hop,
        "person": card(request.actor, row.person_id),
        "consent": CONSENT_NAMES.get(found.consent_by, ""),
        "printed_at": timezone.now(),
    }
    return render(request, f"referral/print_{paper}.html", context)
