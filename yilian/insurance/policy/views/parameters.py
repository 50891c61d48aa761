"""Released sets and drafts: reading, comparing, taking away as a file."""

from datetime import date
from typing import Any, Final
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from yilian.foundation.access.middleware import ActorRequest
from yilian.foundation.access.scope import require
from yilian.foundation.access.views import signed_in
from yilian.insurance.policy import policies
from yilian.insurance.policy.forms import AREAS, ReleaseForm, UploadForm
from yilian.insurance.policy.queries import drafts, parameters
from yilian.insurance.policy.rules import comparing
from yilian.insurance.policy.rules.documents import as_document
from yilian.insurance.policy.rules.releases import NoParametersInForce
from yilian.insurance.policy.rules.sets import ParameterSet
from yilian.insurance.policy.rules.sheets import sections
from yilian.insurance.policy.rules.toml_text import as_toml
from yilian.insurance.policy.views.said import change_lines
from yilian.kernel.areas import NINGXIA
from yilian.kernel.canonical import dump_json
from yilian.kernel.errors import NotFound
from yilian.kernel.text import _

ONLY_INSURERS: Final = _(
    "参数草案由医保经办部门起草、复核和发布，其他人可看已发布的版本。"
)
_TYPES: Final = {"toml": "application/toml", "json": "application/json"}


@signed_in
@never_cache
@require_GET
def listing(request: ActorRequest) -> HttpResponse:
    today = timezone.localdate()
    context = {
        "versions": drafts.version_lines(request.actor),
        "drafts": drafts.draft_lines(request.actor),
        "today": today,
        "rises": _rises(today),
        "areas": AREAS,
        "may_draft": policies.can_draft(request.actor, NINGXIA),
        "upload": UploadForm(),
    }
    return render(request, "policy/list.html", context)


@signed_in
@never_cache
@require_GET
def version(request: ActorRequest, version_id: UUID) -> HttpResponse:
    line = drafts.version_line(request.actor, version_id)
    found = parameters.version(version_id)
    today = timezone.localdate()
    usual = today if line.is_in_force(today) else line.effective_from
    day = _day(request.GET.get("day"), found, usual)
    context = {
        "line": line,
        "areas": AREAS,
        "set": found,
        "day": day,
        "days": found.changes,
        "sections": sections(found, day),
        "others": [v for v in drafts.version_lines(request.actor) if v.id != line.id],
        "may_draft": policies.can_draft(request.actor, line.area_code),
    }
    return render(request, "policy/version.html", context)


@signed_in
@never_cache
@require_GET
def draft(request: ActorRequest, draft_id: UUID) -> HttpResponse:
    return draft_page(request, draft_id, ReleaseForm())


def draft_page(
    request: ActorRequest, draft_id: UUID, form: ReleaseForm
) -> HttpResponse:
    require(policies.can_see_drafts(request.actor), ONLY_INSURERS)
    line, found = drafts.draft_of(request.actor, draft_id)
    context: dict[str, Any] = {
        "line": line,
        "areas": AREAS,
        "set": found,
        "sections": sections(found, line.effective_from),
        "day": line.effective_from,
        "form": form,
        "changes": _changes_since(line, found),
        "foreseen": drafts.foresee(line.area_code, line.effective_from, found),
    }
    status = 422 if form.errors else 200
    return render(request, "policy/draft.html", context, status=status)


@signed_in
@never_cache
@require_GET
def compare(request: ActorRequest) -> HttpResponse:
    old, new = _asked_id(request, "old"), _asked_id(request, "new")
    old_name, old_set = drafts.anything(request.actor, old)
    new_name, new_set = drafts.anything(request.actor, new)
    context = {
        "old_name": old_name,
        "new_name": new_name,
        "old": old,
        "new": new,
        "lines": change_lines(comparing.differences(old_set, new_set)),
    }
    return render(request, "policy/compare.html", context)


@signed_in
@require_GET
def download(request: ActorRequest, some_id: UUID, ending: str) -> HttpResponse:
    if ending not in _TYPES:
        raise NotFound
    _name, found = drafts.anything(request.actor, some_id)
    text = as_toml(found) if ending == "toml" else dump_json(as_document(found))
    response = HttpResponse(text, content_type=f"{_TYPES[ending]}; charset=utf-8")
    name = f"{found.id}-{found.version}.{ending}".encode("ascii", "replace").decode()
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Cache-Control"] = "no-store"
    return response


@signed_in
@require_GET
def count(request: ActorRequest) -> HttpResponse:
    """The small number in the menu: drafts that wait for this pair of eyes."""
    waiting = drafts.awaiting(request.actor)
    return HttpResponse(str(waiting) if waiting else "")


def _rises(today: date) -> list[comparing.Rise]:
    """None where nothing was released yet."""
    try:
        line = parameters.released_line(NINGXIA)
    except NoParametersInForce:
        return []
    return comparing.rises(comparing.limits_by_year(line, today.year))


def _changes_since(line: drafts.DraftLine, found: ParameterSet) -> list[Any] | None:
    if line.based_on_id is None:
        return None
    base = parameters.version(line.based_on_id)
    return change_lines(comparing.differences(base, found))


def _day(asked: str | None, found: ParameterSet, usual: date) -> date:
    try:
        day = date.fromisoformat(asked or "")
    except ValueError:
        return usual
    return max(day, found.first_day)


def _asked_id(request: ActorRequest, name: str) -> UUID:
    try:
        return UUID(request.GET.get(name, ""))
    except ValueError:
        raise NotFound from None
