"""Refusals in words: as a page, as a fragment for htmx, as JSON, as FHIR.

A refusal says what was refused, why, and what to do. It shows no stack, no
names, no numbers of persons: only the error's own words.
"""

import json
import sys
from dataclasses import dataclass, field
from typing import Final

from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.template import loader
from django.utils.translation import gettext

from yilian.foundation.access.pool import look_through
from yilian.foundation.telemetry.logs import current
from yilian.interfaces.web.words import text
from yilian.kernel.errors import DomainError, Invalid
from yilian.kernel.text import _

RETRY_SECONDS: Final = "2"
WAIT: Final = frozenset({429, 503})
TITLES: Final = {
    400: _("请求有误"),
    401: _("请先登录"),
    403: _("不能这样做"),
    404: _("没有找到"),
    405: _("不能这样打开"),
    409: _("情况已有变化"),
    413: _("内容太大"),
    422: _("有内容需要修改"),
    429: _("请求太多"),
    500: _("出了问题"),
    503: _("现在太忙"),
}
# FHIR R4 issue types, http://hl7.org/fhir/R4/valueset-issue-type.html
ISSUE_CODES: Final = {
    400: "invalid",
    401: "login",
    403: "forbidden",
    404: "not-found",
    405: "not-supported",
    409: "conflict",
    413: "too-long",
    422: "invalid",
    429: "throttled",
    500: "exception",
    503: "transient",
}


@dataclass(frozen=True, slots=True)
class Refusal:
    status: int
    code: str
    words: str
    fields: dict[str, str] = field(default_factory=dict)

    @property
    def reference(self) -> str:
        """The number that the help desk finds the log line by."""
        asked = current.get()
        return asked.id if asked else ""

    @property
    def title(self) -> str:
        return gettext(TITLES.get(self.status, TITLES[500]))


def render_error(request: HttpRequest, error: DomainError) -> HttpResponse:
    """The answer to a refusal, in the form that the asker understands."""
    fields = error.fields if isinstance(error, Invalid) else {}
    said = {name: text(words) for name, words in fields.items()}
    return answer(request, Refusal(error.status, error.code, text(error.text), said))


def answer(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    response = _in_the_form_asked_for(request, refusal)
    response["X-Refusal"] = refusal.code
    response["Cache-Control"] = "no-store"
    if refusal.status in WAIT:
        response["Retry-After"] = RETRY_SECONDS
    return response


def _in_the_form_asked_for(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    if request.path.startswith("/fhir/"):
        return _outcome(refusal)
    if request.headers.get("HX-Request") == "true":
        return _fragment(request, refusal)
    if _wants_json(request):
        return _json(refusal)
    return _page(request, refusal)


def _wants_json(request: HttpRequest) -> bool:
    accepts = request.headers.get("Accept", "")
    return "json" in accepts and "text/html" not in accepts


def _outcome(refusal: Refusal) -> HttpResponse:
    code = ISSUE_CODES.get(refusal.status, "processing")
    issue: dict[str, object] = {
        "severity": "error",
        "code": code,
        "details": {"text": refusal.words},
    }
    wrong = [
        {**issue, "details": {"text": words}, "expression": [name]}
        for name, words in refusal.fields.items()
    ]
    issue |= {"diagnostics": refusal.reference} if refusal.reference else {}
    body = {"resourceType": "OperationOutcome", "issue": [issue, *wrong]}
    return _dumped(body, refusal.status, "application/fhir+json; charset=utf-8")


def _json(refusal: Refusal) -> HttpResponse:
    body: dict[str, object] = {
        "code": refusal.code,
        "words": refusal.words,
        "fields": refusal.fields,
    }
    body |= {"reference": refusal.reference} if refusal.reference else {}
    return _dumped(body, refusal.status, "application/json")


def _dumped(body: object, status: int, content_type: str) -> HttpResponse:
    said = json.dumps(body, ensure_ascii=False)
    return HttpResponse(said, status=status, content_type=content_type)


def _fragment(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    said = loader.render_to_string("web/_refusal.html", {"refusal": refusal}, request)
    response = HttpResponse(said, status=refusal.status)
    # The page keeps what was typed: yilian.js shows the words beside it.
    response["HX-Reswap"] = "none"
    return response


def _page(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    said = loader.render_to_string("web/error.html", {"refusal": refusal}, request)
    return HttpResponse(said, status=refusal.status)


# --- Django's own refusals ------------------------------------------------


def bad_request(
    request: HttpRequest, exception: Exception | None = None
) -> HttpResponse:
    words = gettext("这个请求无法理解。请返回上一页，检查后再试。")
    return answer(request, Refusal(400, "bad-request", words))


def permission_denied(
    request: HttpRequest, exception: Exception | None = None
) -> HttpResponse:
    words = gettext("您没有权限打开这一页。如工作需要，请联系本机构的管理员。")
    return answer(request, Refusal(403, "not-permitted", words))


def page_not_found(
    request: HttpRequest, exception: Exception | None = None
) -> HttpResponse:
    words = gettext("没有这一页，或不在您可见的范围内。请检查网址，或从菜单重新进入。")
    return answer(request, Refusal(404, "not-found", words))


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    words = gettext("这一页打开太久，或登录已变化。请返回、刷新页面后再提交。")
    return answer(request, Refusal(403, "stale-page", words))


def busy(request: HttpRequest) -> HttpResponse:
    words = gettext("现在使用的人太多，这一步没有做。请过几秒再试，填写的内容还在。")
    return _bare(request, Refusal(503, "busy", words))


def server_error(request: HttpRequest) -> HttpResponse:
    error = sys.exc_info()[1]
    if isinstance(error, OperationalError):
        look_through(error)
        return busy(request)  # no free connection: also met before any view runs
    words = gettext("系统没能完成这一步，已经记录。没有保存一半的内容；请稍后再试。")
    return _bare(request, Refusal(500, "server-error", words))


def _bare(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    """Leans on nothing that may be broken: no session, no database, no template."""
    response = _bare_body(request, refusal)
    response["X-Refusal"] = refusal.code
    response["HX-Reswap"] = "none"
    response["Cache-Control"] = "no-store"
    if refusal.status in WAIT:
        response["Retry-After"] = RETRY_SECONDS
    return response


def _bare_body(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    if request.path.startswith("/fhir/"):
        return _outcome(refusal)
    if _wants_json(request):
        return _json(refusal)
    home = gettext("回到首页")
    body = BARE_PAGE.format(
        title=refusal.title,
        words=refusal.words,
        home=home,
        number=gettext("错误编号"),
        reference=refusal.reference,
    )
    return HttpResponse(body, status=refusal.status)


BARE_PAGE: Final = (
    '<!doctype html><meta charset="utf-8">'
    '<meta name="viewport" content="width=device-width, initial-scale=1">'
    "<title>{title}</title>"
    '<link rel="stylesheet" href="/static/yilian.css">'
    '<main class="narrow refusal"><section class="card"><div class="body" data-refusal>'
    '<h1>{title}</h1><p data-words>{words}</p><p class="steps">'
    '<a class="button primary" href="/">{home}</a></p>'
    '<p class="code-line"><small class="faint">{number} {reference}</small></p>'
    "</div></section></main>"
)
