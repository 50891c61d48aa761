"""Making and changing drafts, and the second pair of eyes."""

from collections.abc import Callable
from typing import Any, Final
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from yilian.foundation.access.forms import said, show
from yilian.foundation.access.middleware import ActorRequest
from yilian.foundation.access.scope import require
from yilian.foundation.access.views import signed_in
from yilian.foundation.files.uploads import takes_files
from yilian.foundation.idempotency.answering import key_of
from yilian.insurance.policy import policies
from yilian.insurance.policy.forms import (
    DecideForm,
    DraftForm,
    RejectForm,
    ReleaseForm,
    ReplaceForm,
    UploadForm,
)
from yilian.insurance.policy.queries import drafts
from yilian.insurance.policy.rules.editing import split
from yilian.insurance.policy.rules.files import SetWrong
from yilian.insurance.policy.rules.reading import LARGEST
from yilian.insurance.policy.rules.sheets import cells, sections
from yilian.insurance.policy.rules.typing_in import typed
from yilian.insurance.policy.services import drafting, releasing
from yilian.insurance.policy.views.parameters import ONLY_INSURERS, draft_page
from yilian.kernel.errors import Conflict, Invalid

_WRONG: Final = 422


@signed_in
@never_cache
@require_http_methods(["GET", "POST"])
def new(request: ActorRequest, version_id: UUID) -> HttpResponse:
    require(policies.can_see_drafts(request.actor), ONLY_INSURERS)
    line = drafts.version_line(request.actor, version_id)
    form = DraftForm(
        request.POST or None,
        initial={"title": line.title, "area_code": line.area_code},
    )
    if request.method == "POST" and form.is_valid():
        try:
            made = drafting.draft_from(
                request.actor, version_id=version_id, **form.facts()
            )
        except Invalid as error:
            show(form, error)
        else:
            return redirect("policy:edit", made)
    status = _WRONG if form.errors else 200
    context = {"line": line, "form": form}
    return render(request, "policy/new.html", context, status=status)


@takes_files
@signed_in
@require_http_methods(["GET", "POST"])
def upload(request: ActorRequest) -> HttpResponse:
    require(policies.can_see_drafts(request.actor), ONLY_INSURERS)
    form = UploadForm(request.POST or None, request.FILES or None)
    problems: list[Any] = []
    if request.method == "POST" and form.is_valid():
        facts = form.facts()
        content = facts.pop("file").read(LARGEST + 1)
        made, problems = _tried(
            form,
            lambda: drafting.upload(request.actor, content=content, **facts),
        )
        if made is not None:
            messages.success(request, gettext("已读入为草案，请核对后交另一人复核。"))
            return redirect("policy:draft", made)
    context = {"form": form, "problems": problems}
    status = _WRONG if form.errors else 200
    return render(request, "policy/upload.html", context, status=status)


@takes_files
@signed_in
@require_http_methods(["GET", "POST"])
def replace(request: ActorRequest, draft_id: UUID) -> HttpResponse:
    """The whole document of a draft from a file."""
    require(policies.can_see_drafts(request.actor), ONLY_INSURERS)
    line, _found = drafts.draft_of(request.actor, draft_id)
    form = ReplaceForm(
        request.POST or None,
        request.FILES or None,
        initial={"revision": line.revision},
    )
    problems: list[Any] = []
    if request.method == "POST" and form.is_valid():
        content = form.cleaned_data["file"].read(LARGEST + 1)
        done, problems = _tried(
            form,
            lambda: drafting.replace_document(
                request.actor,
                draft_id,
                revision=form.cleaned_data["revision"],
                content=content,
            ),
        )
        if done is not None:
            messages.success(request, gettext("已用文件替换草案的内容。"))
            return redirect("policy:draft", draft_id)
    context = {"line": line, "form": form, "problems": problems}
    status = _WRONG if form.errors else 200
    return render(request, "policy/upload.html", context, status=status)


@signed_in
@never_cache
@require_http_methods(["GET", "POST"])
def edit(request: ActorRequest, draft_id: UUID) -> HttpResponse:
    require(policies.can_see_drafts(request.actor), ONLY_INSURERS)
    line, found = drafts.draft_of(request.actor, draft_id)
    wrong: dict[str, str] = {}
    others: list[str] = []
    if request.method == "POST":
        changed = {
            cell.path: request.POST[cell.path]
            for cell in cells(found, line.effective_from)
            if cell.path in request.POST
            and _differs(request.POST[cell.path], cell.field)
        }
        wrong, others = _saved(request, draft_id, changed)
        if not wrong and not others:
            messages.success(request, gettext("已保存。交另一人复核后才能发布。"))
            return redirect("policy:draft", draft_id)
    context = {
        "line": line,
        "sections": sections(found, line.effective_from),
        "day": line.effective_from,
        "typed": request.POST,
        "wrong": wrong,
        "others": others,
    }
    status = _WRONG if wrong or others else 200
    return render(request, "policy/edit.html", context, status=status)


@signed_in
@require_POST
def review(request: ActorRequest, draft_id: UUID) -> HttpResponse:
    releasing.review(request.actor, draft_id, revision=_revision(request))
    messages.success(request, gettext("已复核，可以发布。"))
    return redirect("policy:draft", draft_id)


@signed_in
@require_POST
def release(request: ActorRequest, draft_id: UUID) -> HttpResponse:
    form = ReleaseForm(request.POST)
    if not form.is_valid():
        return draft_page(request, draft_id, form)
    try:
        row = releasing.release(request.actor, draft_id, **form.cleaned_data)
    except Invalid as error:
        show(form, error)
        return draft_page(request, draft_id, form)
    messages.success(request, gettext("已发布，从生效日起使用。"))
    return redirect("policy:version", row.id)


@signed_in
@require_POST
def reject(request: ActorRequest, draft_id: UUID) -> HttpResponse:
    form = RejectForm(request.POST)
    because = form.cleaned_data["because"] if form.is_valid() else ""
    releasing.reject(request.actor, draft_id, because=because)
    messages.success(request, gettext("已退回。"))
    return redirect("policy:draft", draft_id)


@signed_in
@require_POST
def again(request: ActorRequest, draft_id: UUID) -> HttpResponse:
    made = drafting.draft_again(
        request.actor, key=key_of(request.POST), draft_id=draft_id
    )
    return redirect("policy:edit", made)


def _saved(
    request: ActorRequest, draft_id: UUID, changed: dict[str, str]
) -> tuple[dict[str, str], list[str]]:
    """What is wrong, by field, and what belongs to none."""
    values = {}
    for path, text in changed.items():
        key, _below = split(path)
        values[path] = typed(key.leaf, text) if key else text
    try:
        drafting.change_values(
            request.actor,
            draft_id,
            revision=_revision(request),
            values=values,
            title=request.POST.get("title"),
            source=request.POST.get("source"),
        )
    except SetWrong as error:
        wrong = {p.path: said(p.text) for p in error.problems if p.path in changed}
        return wrong, [
            f"{p.path}: {said(p.text)}" for p in error.problems if p.path not in changed
        ]
    except Invalid as error:
        return {}, [said(error.text), *map(said, error.fields.values())]
    return {}, []


def _differs(typed_text: str, field: str) -> bool:
    """Browsers send line ends of their own."""
    return typed_text.replace("\r\n", "\n").strip() != field


def _revision(request: ActorRequest) -> int:
    form = DecideForm(request.POST)
    if not form.is_valid():
        raise Conflict(drafting.CHANGED)
    return int(form.cleaned_data["revision"])


def _tried(form: Any, act: Callable[[], Any]) -> tuple[Any, list[Any]]:
    """What came of it, or every problem of the file."""
    try:
        return act(), []
    except SetWrong as error:
        form.add_error("file", gettext("文件有需要修改的地方，见下表。"))
        return None, list(error.problems)
    except Invalid as error:
        show(form, error)
        return None, []
