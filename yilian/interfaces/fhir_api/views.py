"""`GET /fhir/…`: read, versions, search, and what the server can do."""

import json
from collections.abc import Callable, Iterable
from functools import update_wrapper
from typing import Any, Concatenate, Final, ParamSpec, cast
from urllib.parse import urlencode

import fhirkit
from django.http import HttpRequest, HttpResponse
from django.utils.http import http_date
from django.utils.translation import gettext
from django.views.decorators.http import require_GET

from yilian.foundation.access.middleware import ActorRequest
from yilian.foundation.access.views import SIGNED_IN, public
from yilian.foundation.identity.middleware import REFUSES_ITSELF, still_due
from yilian.interfaces.fhir_api.capability import statement
from yilian.interfaces.web.errors import Refusal, answer
from yilian.kernel.errors import NotFound, NotPermitted
from yilian.record.queries.reading import VersionLine, filled
from yilian.record.rules.asking import read_query
from yilian.record.services import reading

FHIR_JSON: Final = "application/fhir+json; charset=utf-8"
P = ParamSpec("P")
_TYPES: Final = frozenset(fhirkit.RESOURCE_TYPES)


def signed_in(
    view: Callable[Concatenate[ActorRequest, P], HttpResponse],
) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
    """A program is told so in FHIR, and not sent to a page with a form. Inside,
    `request.actor` is always there."""

    def guarded(
        request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs
    ) -> HttpResponse:
        if getattr(request, "actor", None) is None:
            words = gettext("请先登录，再读取数据。")
            response = answer(request, Refusal(401, "not-signed-in", words))
            response["WWW-Authenticate"] = 'Session realm="yilian"'
            return response
        asked = cast(ActorRequest, request)
        due = still_due(asked, asked.actor)
        if due is not None:
            raise NotPermitted(due)
        return view(asked, *args, **kwargs)

    update_wrapper(guarded, view)
    cast(Any, guarded).access = SIGNED_IN
    setattr(guarded, REFUSES_ITSELF, True)
    return guarded


@public("what the server can do; holds no data of anybody")
@require_GET
def metadata(request: HttpRequest) -> HttpResponse:
    return _answer(json.dumps(statement(_base(request)), ensure_ascii=False))


@signed_in
@require_GET
def read(request: ActorRequest, type_name: str, resource_id: str) -> HttpResponse:
    opened = reading.open_resource(request.actor, _known(type_name), resource_id)
    response = _answer(opened.text)
    response["ETag"] = f'W/"{opened.held.version}"'
    response["Last-Modified"] = http_date(opened.held.last_updated.timestamp())
    return response


@signed_in
@require_GET
def history(request: ActorRequest, type_name: str, resource_id: str) -> HttpResponse:
    lines, _seen = reading.open_history(request.actor, _known(type_name), resource_id)
    address = f"{_base(request)}/{type_name}/{resource_id}"
    entries = (_version_entry(request, line, address) for line in lines)
    return _answer(_bundle("history", [("self", f"{address}/_history")], entries))


@signed_in
@require_GET
def read_version(
    request: ActorRequest, type_name: str, resource_id: str, version: str
) -> HttpResponse:
    lines, _seen = reading.open_history(request.actor, _known(type_name), resource_id)
    for line in lines:
        if line.version == int(version) and not line.is_deleted:
            response = _answer(filled(request.actor, line.text))
            response["ETag"] = f'W/"{line.version}"'
            return response
    raise NotFound


@signed_in
@require_GET
def search(request: ActorRequest, type_name: str) -> HttpResponse:
    pairs = [(name, value) for name, values in request.GET.lists() for value in values]
    found = reading.search(request.actor, read_query(_known(type_name), pairs))
    address = f"{_base(request)}/{type_name}"
    kept = [(name, value) for name, value in pairs if name != "_cursor"]
    links = [("self", _with(address, pairs))]
    if found.next:
        links.append(("next", _with(address, [*kept, ("_cursor", found.next)])))
    before = _quoted(f"{address}/")[:-1]  # an id is letters, digits, points, dashes
    entries = (
        f'{{"fullUrl":{before}{line.id}","resource":{text},"search":{{"mode":"match"}}}}'
        for line, text in zip(found.items, found.texts, strict=True)
    )
    return _answer(_bundle("searchset", links, entries))


def _known(type_name: str) -> str:
    if type_name not in _TYPES:
        raise NotFound
    return type_name


def _version_entry(request: ActorRequest, line: VersionLine, address: str) -> str:
    asked = {"method": "PUT" if line.version > 1 else "POST", "url": address}
    made = {"status": "200", "lastModified": line.created_at.isoformat()}
    return (
        f'{{"fullUrl":{_quoted(address)},'
        f'"resource":{filled(request.actor, line.text)},'
        f'"request":{json.dumps(asked)},"response":{json.dumps(made)}}}'
    )


def _bundle(kind: str, links: Iterable[tuple[str, str]], entries: Iterable[str]) -> str:
    """The texts of the record go in as they stand."""
    listed = json.dumps([{"relation": r, "url": url} for r, url in links])
    inside = ",".join(entries)
    rows = f',"entry":[{inside}]' if inside else ""
    return f'{{"resourceType":"Bundle","type":"{kind}","link":{listed}{rows}}}'


def _answer(text: str) -> HttpResponse:
    response = HttpResponse(text, content_type=FHIR_JSON)
    response["Cache-Control"] = "no-store"
    return response


def _base(request: HttpRequest) -> str:
    return request.build_absolute_uri("/fhir")


def _with(address: str, pairs: list[tuple[str, Any]]) -> str:
    return f"{address}?{urlencode(pairs)}" if pairs else address


def _quoted(text: str) -> str:
    return json.dumps(text)
