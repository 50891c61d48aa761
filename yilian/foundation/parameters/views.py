"""Values in force, their history, and two people who change them."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from yilian.foundation.access.forms import show
from yilian.foundation.access.middleware import ActorRequest
from yilian.foundation.access.scope import require
from yilian.foundation.access.views import signed_in
from yilian.foundation.parameters import policies, queries, services
from yilian.foundation.parameters.forms import ProposeForm, RejectForm
from yilian.foundation.parameters.rules import KEYS, Key, typed
from yilian.kernel.errors import Invalid, NotFound
from yilian.kernel.text import _

ONLY_MANAGERS = _("只有卫健管理人员和系统管理员可以查看和更改参数。")


@signed_in
@never_cache
@require_GET
def values(request: ActorRequest) -> HttpResponse:
    require(policies.can_propose(request.actor), ONLY_MANAGERS)
    context = {
        "keys": queries.keys(timezone.localdate()),
        "proposals": queries.proposals(request.actor),
    }
    return render(request, "parameters/list.html", context)


@signed_in
@never_cache
@require_http_methods(["GET", "POST"])
def key(request: ActorRequest, name: str) -> HttpResponse:
    require(policies.can_propose(request.actor), ONLY_MANAGERS)
    if name not in KEYS:
        raise NotFound
    form = ProposeForm(KEYS[name], request.POST or None)
    if request.method == "POST" and _proposed(request, KEYS[name], form):
        messages.success(request, gettext("已提出，须由另一位管理人员发布后生效。"))
        return redirect("parameters:key", name)
    return _page(request, KEYS[name], form)


@signed_in
@require_POST
def release(request: ActorRequest, value_id: UUID) -> HttpResponse:
    row = services.release(request.actor, value_id)
    messages.success(request, gettext("已发布，十秒内在各处生效。"))
    return redirect("parameters:key", row.key)


@signed_in
@require_POST
def reject(request: ActorRequest, value_id: UUID) -> HttpResponse:
    form = RejectForm(request.POST)
    note = form.cleaned_data["note"] if form.is_valid() else ""
    row = services.reject(request.actor, value_id, note)
    messages.success(request, gettext("已退回提出人。"))
    return redirect("parameters:key", row.key)


def _proposed(request: ActorRequest, key: Key[Any], form: ProposeForm) -> bool:
    if not form.is_valid():
        return False
    facts = dict(form.cleaned_data)
    try:
        facts["value"] = typed(key, facts["value"])
    except ValueError:
        form.add_error("value", gettext("这个值的格式不对。"))
        return False
    try:
        services.propose(request.actor, key.name, **facts)
    except Invalid as error:
        show(form, error)
        return False
    return True


def _page(request: ActorRequest, key: Key[Any], form: ProposeForm) -> HttpResponse:
    context = {
        "key": key,
        "value": key.shown(queries.value_of(key, timezone.localdate())),
        "defaults": [
            (day, key.shown(value))
            for day, value in sorted(key.default.by_start.items(), reverse=True)
        ],
        "history": queries.history(request.actor, key),
        "form": form,
    }
    status = 422 if form.errors else 200
    return render(request, "parameters/key.html", context, status=status)
