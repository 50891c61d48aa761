"""Where letters go, and those that did not arrive."""

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

from yilian.foundation.access.forms import show
from yilian.foundation.access.middleware import ActorRequest
from yilian.foundation.access.scope import find, require
from yilian.foundation.access.views import signed_in
from yilian.interfaces.exchange.outgoing import policies, queries
from yilian.interfaces.exchange.outgoing.forms import (
    OpenPeerForm,
    PeerForm,
    SetAsideForm,
)
from yilian.interfaces.exchange.outgoing.models import Peer
from yilian.interfaces.exchange.outgoing.rules import STATE_NAMES
from yilian.interfaces.exchange.outgoing.services import peers, sending
from yilian.interfaces.exchange.outgoing.services.peers import ONLY_ADMINISTRATORS
from yilian.kernel.errors import Conflict, Invalid
from yilian.kernel.text import _

_TABS = {"dead": _("未能送达"), "waiting": _("待发送"), "done": _("已送达")}


@signed_in
@never_cache
@require_GET
def outgoing(request: ActorRequest) -> HttpResponse:
    require(policies.can_see_letters(request.actor), sending.ONLY_KEEPERS)
    tab = request.GET.get("show", "dead")
    tab = tab if tab in queries.TABS else "dead"
    counts = queries.counts(request.actor)
    context = {
        "page": queries.letters(request.actor, tab, request.GET.get("cursor")),
        "tab": tab,
        "tabs": [
            (words, f"?show={name}", name == tab, counts[name] or None)
            for name, words in _TABS.items()
        ],
        "state_names": STATE_NAMES,
    }
    return render(request, "outgoing/list.html", context)


@signed_in
@require_POST
def resend(request: ActorRequest, letter_id: UUID) -> HttpResponse:
    letter = sending.resend(request.actor, letter_id)
    context = {"line": queries.letter_line(letter), "state_names": STATE_NAMES}
    return render(request, "outgoing/_letter.html", context)


@signed_in
@require_POST
def set_aside(request: ActorRequest, letter_id: UUID) -> HttpResponse:
    form = SetAsideForm(request.POST)
    if not form.is_valid():
        raise Invalid(fields={"note": str(form.errors["note"][0])})
    letter = sending.set_aside(request.actor, letter_id, **form.cleaned_data)
    context = {"line": queries.letter_line(letter), "state_names": STATE_NAMES}
    return render(request, "outgoing/_letter.html", context)


@signed_in
@require_GET
def list_peers(request: ActorRequest) -> HttpResponse:
    require(policies.can_keep_peers(request.actor), ONLY_ADMINISTRATORS)
    context = {"lines": queries.peers(request.actor)}
    return render(request, "outgoing/peers.html", context)


@signed_in
@never_cache
@require_http_methods(["GET", "POST"])
def open_peer(request: ActorRequest) -> HttpResponse:
    require(policies.can_keep_peers(request.actor), ONLY_ADMINISTRATORS)
    form = OpenPeerForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            peers.open_peer(request.actor, **form.facts())
        except (Invalid, Conflict) as error:
            show(form, error)
        else:
            toasts.success(request, gettext("已登记。"))
            return redirect("exchange:peers")
    return _form(request, form, "outgoing/open_peer.html", {})


@signed_in
@never_cache
@require_http_methods(["GET", "POST"])
def peer(request: ActorRequest, peer_id: UUID) -> HttpResponse:
    rows = Peer.objects.visible_to(request.actor).select_related("institution")
    row = find(rows, peer_id)
    first = {name: getattr(row, name) for name in _FACTS}
    form = PeerForm(request.POST if request.method == "POST" else None, initial=first)
    if form.is_valid():
        try:
            peers.change_peer(request.actor, peer_id, **form.cleaned_data)
        except Invalid as error:
            show(form, error)
        else:
            toasts.success(request, gettext("已保存。"))
            return redirect("exchange:peers")
    context = {"line": queries.peer_line(row)}
    return _form(request, form, "outgoing/peer.html", context)


_FACTS = (
    "address", "is_secured", "application", "facility", "takes_referrals",
    "takes_answers", "is_active",
)  # fmt: skip


def _form(
    request: ActorRequest, form: Any, template: str, context: dict[str, Any]
) -> HttpResponse:
    words = request.POST.get("institution_id_words", "")
    status = 422 if form.is_bound else 200
    shown = {"form": form, "words": words} | context
    return render(request, template, shown, status=status)
