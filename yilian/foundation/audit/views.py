"""The auditor's search and verification; the resident's "who looked"."""

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from yilian.foundation.access.middleware import ActorRequest
from yilian.foundation.access.scope import require
from yilian.foundation.access.views import signed_in
from yilian.foundation.audit import policies, queries, services
from yilian.foundation.audit.exports import as_csv
from yilian.foundation.audit.forms import SearchForm
from yilian.kernel.text import _


@signed_in
@never_cache
@require_GET
def entries(request: ActorRequest) -> HttpResponse:
    require(policies.can_search(request.actor), services.ONLY_AUDITORS)
    form = SearchForm(request.GET)
    page = None
    if form.is_valid():
        cursor = request.GET.get("cursor")
        page = services.search(request.actor, form.wanted(), cursor=cursor)
    context = {"form": form, "page": page}
    status = 200 if page else 422
    return render(request, "audit/list.html", context, status=status)


@signed_in
@require_POST
def export(request: ActorRequest) -> HttpResponse:
    form = SearchForm(request.POST)
    require(policies.can_export(request.actor), services.ONLY_AUDITORS)
    if not form.is_valid():
        return render(
            request, "audit/list.html", {"form": form, "page": None}, status=422
        )
    lines = services.export(request.actor, form.wanted())
    name = f"audit-{timezone.localtime():%Y%m%d-%H%M}.csv"
    return HttpResponse(
        as_csv(lines),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


@signed_in
@never_cache
@require_GET
def verification(request: ActorRequest) -> HttpResponse:
    require(policies.can_verify(request.actor), services.ONLY_AUDITORS)
    return render(request, "audit/verify.html", {"report": None})


@signed_in
@require_POST
def verify(request: ActorRequest) -> HttpResponse:
    report = services.verify_for(request.actor)
    return render(request, "audit/verify.html", {"report": report})


@signed_in
@never_cache
@require_GET
def who_looked(request: ActorRequest) -> HttpResponse:
    require(
        policies.can_see_who_looked(request.actor),
        _("这一页供居民查看谁看过自己的档案。工作人员请联系审计管理员。"),
    )
    page = queries.who_looked(request.actor, cursor=request.GET.get("cursor"))
    return render(request, "audit/who_looked.html", {"page": page})
