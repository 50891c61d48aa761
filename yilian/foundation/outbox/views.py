"""Dead letters, seen and sent again by who keeps the system running."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from yilian.foundation.access.middleware import ActorRequest
from yilian.foundation.access.scope import require
from yilian.foundation.access.views import signed_in
from yilian.foundation.outbox import policies, queries, services
from yilian.kernel.text import _


@signed_in
@never_cache
@require_GET
def letters(request: ActorRequest) -> HttpResponse:
    require(policies.can_see(request.actor), _("只有系统管理员可以查看事件。"))
    page = queries.dead_letters(request.GET.get("cursor"))
    context = {"page": page, "waiting": queries.waiting()}
    return render(request, "outbox/list.html", context)


@signed_in
@require_POST
def resend(request: ActorRequest, delivery_id: UUID) -> HttpResponse:
    delivery = services.resend(request.actor, delivery_id)
    context = {"letter": queries.letter(delivery)}
    return render(request, "outbox/_row.html", context)
