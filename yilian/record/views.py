"""Parts of a person's page: each looks once, with its ground, and says so."""

from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_GET

from yilian.foundation.access.middleware import ActorRequest
from yilian.foundation.access.views import signed_in
from yilian.foundation.audit.services import record_refusal
from yilian.kernel.errors import NotPermitted
from yilian.kernel.ids import NIL
from yilian.kernel.text import _
from yilian.record.advice.evaluate import evaluate
from yilian.record.advice.naming import name_of
from yilian.record.advice.rules import DIRECTION_NAMES, Advice, Outcome
from yilian.record.fhir import href_of
from yilian.record.queries import summaries
from yilian.record.queries.summaries import Stay
from yilian.record.rules.readable import TYPE_NAMES, readable
from yilian.record.services.reading import open_with_history, read_part
from yilian.registry.population.rules import GROUND_NAMES, Scope

PERIODS: Final[Mapping[int, str]] = {
    12: _("一年"),
    24: _("两年"),
    60: _("五年"),
    240: _("二十年"),
}
_USUAL_MONTHS: Final = 12
_DAYS_A_MONTH: Final = 30.44
_SMALL_TEXT: Final = 20_000


@signed_in
@require_GET
def timeline(request: ActorRequest, person_id: UUID) -> HttpResponse:
    months = _months(request)
    end = timezone.now() + timedelta(days=14)
    start = end - timedelta(days=months * _DAYS_A_MONTH)

    def make() -> dict[str, Any]:
        found = summaries.timeline(request.actor, person_id, start, end)
        return {
            "stays": _linked(found.stays),
            "moves": found.moves,
            "found": found,
            "start": timezone.localdate(start),
            "end": timezone.localdate(end),
            "today": timezone.localdate(),
            "months": months,
            "periods": PERIODS,
        }

    return _part(request, person_id, "timeline", make)


@signed_in
@require_GET
def problems(request: ActorRequest, person_id: UUID) -> HttpResponse:
    def make() -> dict[str, Any]:
        return {
            "problems": summaries.problems(request.actor, person_id),
            "allergies": summaries.allergies(request.actor, person_id),
        }

    return _part(request, person_id, "problems", make)


@signed_in
@require_GET
def medications(request: ActorRequest, person_id: UUID) -> HttpResponse:
    def make() -> dict[str, Any]:
        found = summaries.drugs(request.actor, person_id)
        return {
            "current": [one for one in found if one.line.is_current],
            "ended": [one for one in found if not one.line.is_current],
        }

    return _part(request, person_id, "medications", make)


@signed_in
@require_GET
def results(request: ActorRequest, person_id: UUID) -> HttpResponse:
    def make() -> dict[str, Any]:
        return {"groups": summaries.result_groups(request.actor, person_id)}

    return _part(request, person_id, "results", make, scope=Scope.FULL)


@signed_in
@require_GET
def documents(request: ActorRequest, person_id: UUID) -> HttpResponse:
    def make() -> dict[str, Any]:
        return {"documents": summaries.documents(request.actor, person_id)}

    return _part(request, person_id, "documents", make, scope=Scope.FULL)


@signed_in
@require_GET
def advice(request: ActorRequest, person_id: UUID) -> HttpResponse:
    def make() -> dict[str, Any]:
        today = timezone.localdate()
        facts = summaries.facts_for_advice(request.actor, person_id, today)
        said = evaluate(facts, on=today, tier=request.actor.tier)
        about = [one for one in said if one.applies or one.fires]
        return {
            "fires": [one for one in about if one.fires],
            "unknown": _of(about, Outcome.UNKNOWN),
            "not_now": _of(about, Outcome.NOT),
            "direction_names": DIRECTION_NAMES,
            "name_of": name_of,
            "unread": facts.problems,
        }

    return _part(request, person_id, "advice", make)


@signed_in
@require_GET
def resource(request: ActorRequest, type_name: str, resource_id: str) -> HttpResponse:
    opened, lines = open_with_history(request.actor, type_name, resource_id)
    body = opened.held.body
    seen = opened.seen
    context = {
        "held": opened.held,
        "title": TYPE_NAMES.get(type_name, type_name),
        "facts": [(term, gettext(said)) for term, said in readable(body)],
        "attached": _attached(body),
        "files": _files(body),
        "lines": lines,
        "authors": summaries.authors(line.account_id for line in lines),
        "places": {
            key: summaries.place_of(key)
            for key in {line.institution_id for line in lines}
        },
        "ground": GROUND_NAMES[seen.ground] if seen.ground else "",
        "is_of_person": opened.held.person_id != NIL,
    }
    return render(request, "record/resource.html", context)


def _linked(stays: Iterable[Stay]) -> list[Stay]:
    """The address of one resource tells that of the next."""
    known = ("Type", "id")
    start = reverse("record:resource", args=known).removesuffix("/".join(known))
    return [replace(stay, href=start + stay.ref) for stay in stays]


def _part(
    request: ActorRequest,
    person_id: UUID,
    part: str,
    make: Callable[[], dict[str, Any]],
    *,
    scope: Scope = Scope.SUMMARY,
) -> HttpResponse:
    """A fragment for the page that asked for it; by itself, a page of its own."""
    try:
        seen, made = read_part(request.actor, person_id, part, make, scope=scope)
    except NotPermitted as refusal:
        return _closed(request, part, refusal)
    ground = GROUND_NAMES[seen.ground] if seen.ground else ""
    context = made | {"person_id": person_id, "ground": ground, "part": part}
    return _shown(request, f"record/_{part}.html", context)


def _closed(request: ActorRequest, part: str, refusal: NotPermitted) -> HttpResponse:
    """The page stays whole: this part says what it would need."""
    actor = request.actor
    record_refusal(actor, "record.view", origin=actor.origin, object_kind=part)
    context = {"words": refusal.text, "part": part, "title": PART_NAMES[part]}
    return _shown(request, "record/_closed.html", context)


PART_NAMES: Final[Mapping[str, str]] = {
    "timeline": _("就诊时间线"),
    "problems": _("诊断和过敏"),
    "medications": _("用药"),
    "results": _("检查结果"),
    "documents": _("文书和报告"),
    "advice": _("临床建议"),
}


def _shown(
    request: HttpRequest, fragment: str, context: dict[str, Any]
) -> HttpResponse:
    if request.headers.get("HX-Request") == "true":
        return render(request, fragment, context)
    whole = {"fragment": fragment, "part_name": PART_NAMES[context["part"]]}
    return render(request, "record/part.html", context | whole)


def _of(said: list[Advice], outcome: Outcome) -> list[Advice]:
    return [one for one in said if one.outcome is outcome]


def _months(request: HttpRequest) -> int:
    asked = request.GET.get("months", "")
    months = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 4 else 0  # noqa: PLR2004
    return months if months in PERIODS else _USUAL_MONTHS


def _attached(body: dict[str, Any]) -> list[tuple[str, str]]:
    """Plain text that came inside a document."""
    found = []
    for content in body.get("content") or ():
        attachment = content.get("attachment") or {}
        text = _text_of(attachment)
        if text:
            found.append((str(attachment.get("title") or gettext("内容")), text))
    return found


def _files(body: dict[str, Any]) -> list[tuple[str, str]]:
    """Files of this house that the document stands for, and where they open."""
    attachments = [one.get("attachment") for one in body.get("content") or ()]
    return [
        (str(one.get("title") or gettext("文件")), href)
        for one in attachments
        if (href := href_of(one)) and body.get("status") == "current"
    ]


def _text_of(attachment: Mapping[str, Any]) -> str:
    if not str(attachment.get("contentType", "")).startswith("text/plain"):
        return ""
    try:
        return b64decode(attachment.get("data") or "").decode()[:_SMALL_TEXT]
    except (NotBase64, ValueError):
        return ""
