"""What a picker shows while somebody types."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from yilian.foundation.access.middleware import ActorRequest
from yilian.foundation.access.views import signed_in
from yilian.foundation.terminology.queries import search_icd10


@signed_in
@require_GET
def icd10(request: ActorRequest) -> HttpResponse:
    found = search_icd10(request.GET.get("q", ""))
    return render(request, "terminology/_options.html", {"items": found})
