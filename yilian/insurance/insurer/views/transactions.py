"""The queue, one transaction, and the acts of the clerk."""

from typing import Final
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_POST

from yilian.foundation.access.middleware import ActorRequest
from yilian.foundation.access.scope import require
from yilian.foundation.access.views import signed_in
from yilian.insurance.insurer import policies
from yilian.insurance.insurer.queries import pages
from yilian.insurance.insurer.rules.states import State
from yilian.insurance.insurer.services import sending
from yilian.insurance.insurer.services.looking import (
    WHO,
    open_transaction,
    open_transactions,
)
from yilian.kernel.text import _

TAB_NAMES: Final = {
    "unknown": _("结果未知"),
    "refused": _("被拒绝"),
    "waiting": _("待发送"),
    "booked": _("已入账"),
}
KINDS: Final = {
    State.QUEUED: "calm",
    State.SENT: "calm",
    State.BOOKED: "good",
    State.REFUSED: "stat",
    State.UNKNOWN: "urgent",
    State.REVERSED: "calm",
    State.NEEDLESS: "calm",
}


@signed_in
@require_GET
def listing(request: ActorRequest) -> HttpResponse:
    require(policies.may_look(request.actor), WHO)
    counts = pages.counts(request.actor)
    first = next((tab for tab in counts if counts[tab]), "booked")
    asked = request.GET.get("show", "")
    tab = asked if asked in TAB_NAMES else first
    context = {
        "page": open_transactions(request.actor, tab, request.GET.get("cursor")),
        "tab": tab,
        "tabs": [
            (words, f"?show={name}", name == tab, counts.get(name) or None)
            for name, words in TAB_NAMES.items()
        ],
        "status": pages.line_status(),
        "kinds": KINDS,
        "may_reconcile": policies.can_reconcile(request.actor),
    }
    return render(request, "insurer/list.html", context)


@signed_in
@require_GET
def count(request: ActorRequest) -> HttpResponse:
    """What waits for the clerk: unknown and refused."""
    found = pages.counts(request.actor) if policies.may_look(request.actor) else {}
    waiting = found.get("unknown", 0) + found.get("refused", 0)
    return HttpResponse(str(waiting) if waiting else "")


@signed_in
@require_GET
def detail(request: ActorRequest, transaction_id: UUID) -> HttpResponse:
    context = {
        "found": open_transaction(request.actor, transaction_id),
        "status": pages.line_status(),
        "kinds": KINDS,
        "parts": (_("统筹基金"), _("大额补助"), _("大病保险"), _("医疗救助")),
    }
    return render(request, "insurer/detail.html", context)


@signed_in
@require_POST
def resend(request: ActorRequest, transaction_id: UUID) -> HttpResponse:
    row = sending.resend(request.actor, transaction_id)
    messages.success(request, gettext("已排入发送。"))
    return redirect("insurer:detail", row.id)


@signed_in
@require_POST
def ask(request: ActorRequest, transaction_id: UUID) -> HttpResponse:
    row = sending.ask_now(request.actor, transaction_id)
    messages.success(request, gettext("已向医保系统查询，稍后刷新看结果。"))
    return redirect("insurer:detail", row.id)
