"""A refusal in the form its asker understands, with words and nothing else."""

import json

import pytest
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from yilian.interfaces.web import errors
from yilian.interfaces.web.middleware import BodyLimit, Refusals
from yilian.kernel.errors import (
    Busy,
    Conflict,
    DomainError,
    Invalid,
    NotFound,
    NotPermitted,
)

ask = RequestFactory()
CONFLICT = Conflict(
    "转诊单当前为“{state}”，不能{step}。可以：{allowed}。",
    state="已到诊",
    step="撤回",
    allowed=["完成", "转荐"],
)
SAID = "转诊单当前为“已到诊”，不能撤回。可以：完成、转荐。"


@pytest.mark.parametrize(
    ("error", "status", "issue"),
    [
        (NotFound(), 404, "not-found"),
        (NotPermitted("您所在的岗位不能接收。"), 403, "forbidden"),
        (CONFLICT, 409, "conflict"),
        (Invalid(), 422, "invalid"),
        (Busy("请稍后再试。"), 503, "transient"),
    ],
)
def test_each_refusal_has_its_status_everywhere(
    error: DomainError, status: int, issue: str
) -> None:
    page = errors.render_error(ask.get("/referrals/1"), error)
    outcome = errors.render_error(ask.get("/fhir/Patient/1"), error)
    assert page.status_code == outcome.status_code == status
    assert json.loads(outcome.content)["issue"][0]["code"] == issue


def test_a_page_says_what_was_refused_and_where_to_go() -> None:
    page = errors.render_error(ask.get("/referrals/1"), CONFLICT)
    shown = page.content.decode()
    assert SAID in shown
    assert "返回上一页" in shown
    assert page["Cache-Control"] == "no-store"


def test_htmx_gets_the_words_and_keeps_what_was_typed() -> None:
    wrong = Invalid(fields={"phone": "手机号应为 11 位数字。"})
    request = ask.post("/referrals/1", headers={"HX-Request": "true"})
    answer = errors.render_error(request, wrong)
    assert answer["HX-Reswap"] == "none"
    assert answer["X-Refusal"] == "invalid"
    assert (
        '<li data-field="phone">手机号应为 11 位数字。</li>' in answer.content.decode()
    )
    assert "<html" not in answer.content.decode()


def test_fhir_gets_an_operation_outcome_that_names_the_field() -> None:
    wrong = Invalid(fields={"Patient.birthDate": "日期不存在。"})
    answer = errors.render_error(ask.post("/fhir/Patient"), wrong)
    body = json.loads(answer.content)
    assert answer["Content-Type"].startswith("application/fhir+json")
    assert body["resourceType"] == "OperationOutcome"
    assert body["issue"][1]["expression"] == ["Patient.birthDate"]


def test_json_is_for_those_who_ask_for_it() -> None:
    request = ask.get("/referrals/1/actions", headers={"Accept": "application/json"})
    body = json.loads(errors.render_error(request, CONFLICT).content)
    assert body == {"code": "conflict", "words": SAID, "fields": {}}


def test_words_of_a_refusal_are_escaped() -> None:
    error = Conflict("不能{step}。", step="<script>")
    assert b"<script>alert" not in errors.render_error(ask.get("/x"), error).content
    assert b"&lt;script&gt;" in errors.render_error(ask.get("/x"), error).content


@pytest.mark.parametrize(
    ("handler", "status"),
    [
        (errors.bad_request, 400),
        (errors.permission_denied, 403),
        (errors.page_not_found, 404),
        (errors.csrf_failure, 403),
        (errors.server_error, 500),
    ],
)
def test_djangos_own_refusals_speak_like_ours(handler: object, status: int) -> None:
    assert callable(handler)
    answer = handler(ask.get("/any"))
    assert answer.status_code == status
    assert "data-refusal" in answer.content.decode()


def test_a_crash_tells_nothing_of_what_broke() -> None:
    try:
        raise RuntimeError("SELECT secret")
    except RuntimeError:
        answer = errors.server_error(ask.get("/any"))
    assert b"secret" not in answer.content
    assert b"RuntimeError" not in answer.content


def refusing(error: Exception) -> HttpResponse | None:
    return Refusals(lambda request: HttpResponse()).process_exception(
        ask.get("/x"), error
    )


def test_no_free_connection_is_told_as_busy_with_a_time_to_come_back() -> None:
    answer = refusing(OperationalError("couldn't get a connection"))
    assert answer is not None
    assert (answer.status_code, answer["Retry-After"]) == (503, "2")
    try:
        raise OperationalError
    except OperationalError:
        assert errors.server_error(ask.get("/x")).status_code == 503


def test_a_fault_of_ours_is_not_taken_for_a_refusal() -> None:
    assert refusing(ValueError("a bug must reach the error log")) is None


@pytest.mark.parametrize(
    ("length", "status"),
    [("10485760", 413), ("-1", 400), ("x", 400), ("²", 400), ("12", 200), ("", 200)],
)
def test_a_body_that_is_too_big_is_refused_unread(length: str, status: int) -> None:
    request: HttpRequest = ask.post("/x")
    request.META["CONTENT_LENGTH"] = length
    answer = BodyLimit(lambda request: HttpResponse())(request)
    assert answer.status_code == status
