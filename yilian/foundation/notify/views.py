"""The inbox, and the small number beside it."""

from uuid import UUID

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from yilian.foundation.access.middleware import ActorRequest
from yilian.foundation.access.views import signed_in
from yilian.foundation.notify import queries, services


@signed_in
@never_cache
@require_GET
def inbox(request: ActorRequest) -> HttpResponse:
    page = queries.inbox(request.actor, request.GET.get("cursor"))
    unread = queries.unread_count(request.actor)
    return render(request, "notify/inbox.html", {"page": page, "unread": unread})


@signed_in
@never_cache
@require_GET
def count(request: ActorRequest) -> HttpResponse:
    """Only the number: nothing when there is nothing to read."""
    unread = queries.unread_count(request.actor)
    said = "99+" if unread >= queries.MOST_COUNTED else str(unread or "")
    return HttpResponse(said, content_type="text/plain; charset=utf-8")


@signed_in
@require_POST
def read(request: ActorRequest, notice_id: UUID) -> HttpResponse:
    """Marks it and goes where it leads."""
    services.mark_read(request.actor, notice_id)
    link = request.POST.get("next", "")
    if link and url_has_allowed_host_and_scheme(link, allowed_hosts=None):
        return HttpResponseRedirect(link)
    return redirect("notify:inbox")


@signed_in
@require_POST
def read_all(request: ActorRequest) -> HttpResponse:
    services.mark_all_read(request.actor)
    return redirect("notify:inbox")
