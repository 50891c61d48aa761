"""What may be posted: a house's bill as a Claim, and the question what a stay costs.

Both pass the services that the pages use. What is wrong is said at the path of the
resource where the sender finds it.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final
from uuid import NAMESPACE_URL, UUID, uuid5

from django.db import transaction
from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods

from yilian.foundation.access.actor import Actor
from yilian.foundation.access.forms import said
from yilian.foundation.access.middleware import ActorRequest
from yilian.insurance.policy.rules.releases import NoParametersInForce
from yilian.insurance.settlement import fhir, fhir_estimate
from yilian.insurance.settlement.models import Bill
from yilian.insurance.settlement.queries.estimating import NoEstimate
from yilian.insurance.settlement.rules.case import CaseWrong
from yilian.insurance.settlement.rules.posting import BillFacts, BillWrong
from yilian.insurance.settlement.services import post_bill
from yilian.insurance.settlement.services.reading import open_estimate
from yilian.interfaces.fhir_api.checks import problems_of
from yilian.interfaces.fhir_api.views import FHIR_JSON, search, signed_in
from yilian.kernel.canonical import dump_json, parse_object
from yilian.kernel.errors import Conflict, Invalid
from yilian.kernel.ids import new_id
from yilian.kernel.text import Text, _
from yilian.record.queries.reading import read
from yilian.record.services.writing import put

Body = Mapping[str, Any]
PATH: Final = "urn:yilian:extension:path"
_CREATED, _WRONG = 201, 422


class AtPath(Invalid):
    """One thing wrong, where the sender finds it."""

    def __init__(self, path: str, template: str, /, **values: object) -> None:
        self.path = path
        fields = {path: Text(template, values)}
        super().__init__(template, fields=fields, **values)


@signed_in
@require_http_methods(["GET", "POST"])
def claim(request: ActorRequest) -> HttpResponse:
    if request.method == "GET":
        return search(request, type_name="Claim")
    return post_claim(request)


@signed_in
@require_http_methods(["GET", "POST"])
def eligibility(request: ActorRequest) -> HttpResponse:
    if request.method == "GET":
        return search(request, type_name="CoverageEligibilityRequest")
    return ask_eligibility(request)


# --- a bill -------------------------------------------------------------------


def post_claim(request: ActorRequest) -> HttpResponse:
    """201 with the answer that waits; the same identifier again the same answer."""
    asked = _resource(request, "Claim")
    try:
        facts, key = facts_of(asked, request.actor)
        bill = _posted(request.actor, facts, key)
    except BillWrong as error:
        return _refused(asked, _path_of(error.field), said(error.fields[error.field]))
    except AtPath as error:
        return _refused(asked, error.path, said(error.text))
    held = read(request.actor, "ClaimResponse", str(bill.id))
    response = _answer(held.text, _CREATED)
    response["Location"] = f"/fhir/Claim/{bill.id}"
    return response


def facts_of(claim: Body, actor: Actor) -> tuple[BillFacts, UUID]:
    """With the key that makes the same identifier the same bill."""
    number, system = _identifier(claim)
    period = _object(claim, "billablePeriod")
    start = _text(period, "start", "Claim.billablePeriod.start")
    lines = [_line(item, n) for n, item in enumerate(_list(claim, "item"))]
    if not lines:
        raise AtPath("Claim.item", _("应为费用明细的列表，至少一条"))
    diagnosis = _concept(
        _first(claim, "diagnosis"), "diagnosisCodeableConcept", "Claim.diagnosis[0]"
    )
    kind, scheme = _kinds(claim)
    facts = BillFacts(
        person_id=_reference(claim, "patient", "Patient", "Claim.patient"),
        number=number,
        kind=kind,
        scheme=scheme,
        admitted_on=start[:10],
        discharged_on=str(period.get("end") or start)[:10],
        lines=lines,
        catalogue=_extension(claim, CATALOGUE) or "FHIR",
        diagnosis_code=diagnosis[0],
        diagnosis_name=diagnosis[1],
        referral_id=_optional(claim, "referral", "ServiceRequest", "Claim.referral"),
    )
    house = actor.institution_id
    return facts, uuid5(NAMESPACE_URL, f"claim|{house}|{system}|{number}")


CATALOGUE: Final = "urn:yilian:extension:catalogue"


def _posted(actor: Actor, facts: BillFacts, key: UUID) -> Bill:
    bill = post_bill(actor, key=key, facts=facts)
    is_same = (
        bill.person_id == facts.person_id
        and bill.discharged_on.isoformat() == facts.discharged_on
        and [line["amount"] for line in bill.lines]
        == [line["amount"] for line in facts.lines]
    )
    if not is_same:
        raise Conflict(_("这个单据号已经上传过，内容不同。原单据有误的，请先撤回。"))
    return bill


_FIELDS: Final[Mapping[str, str]] = {
    "number": "Claim.identifier[0].value",
    "kind": "Claim.type",
    "scheme": "Claim.subType",
    "admitted_on": "Claim.billablePeriod.start",
    "discharged_on": "Claim.billablePeriod.end",
    "diagnosis_code": "Claim.diagnosis[0].diagnosisCodeableConcept",
    "diagnosis_name": "Claim.diagnosis[0].diagnosisCodeableConcept",
    "lines": "Claim.item",
    "referral_id": "Claim.referral",
    "person_id": "Claim.patient",
    "catalogue": "Claim.extension",
}
_OF_A_LINE: Final[Mapping[str, str]] = {
    "amount": "net.value",
    "catalog_class": "category",
    "on": "servicedDate",
    "item": "productOrService",
    "name": "productOrService.text",
    "over_limit": "extension",
    "self_pay_first_rate": "extension",
}
_LINE: Final = re.compile(r"lines\[(\d+)\](?:\.(\w+))?")


def _path_of(field: str) -> str:
    found = _LINE.fullmatch(field)
    if found is None:
        return _FIELDS.get(field, "Claim")
    below = _OF_A_LINE.get(found[2] or "", "")
    return f"Claim.item[{found[1]}]" + (f".{below}" if below else "")


def _refused(claim: Body, path: str, words: str) -> HttpResponse:
    """A ClaimResponse that says what is wrong, and where."""
    found = re.search(r"item\[(\d+)\]", path)
    error: dict[str, Any] = {
        "extension": [{"url": PATH, "valueString": path}],
        "code": {"text": words},
    }
    if found is not None:
        error["itemSequence"] = int(found[1]) + 1
    answer = {
        "resourceType": "ClaimResponse",
        "status": "active",
        "type": claim.get("type") or {"text": gettext("费用")},
        "use": "claim",
        "patient": claim.get("patient") or {"display": gettext("未写明")},
        "created": timezone.now().isoformat(),
        "insurer": {"display": gettext("参保地医保")},
        "outcome": "error",
        "disposition": words,
        "error": [error],
    }
    return _answer(dump_json(answer), _WRONG)


def _line(item: Any, number: int) -> dict[str, Any]:
    path = f"Claim.item[{number}]"
    if not isinstance(item, Mapping):
        raise AtPath(path, _("应为一个对象"))
    code, _words = _concept(item, "category", path)
    value = _object(item, "net", path).get("value")
    if _object(item, "net", path).get("currency", "CNY") != "CNY":
        raise AtPath(f"{path}.net.currency", _("金额应为人民币（CNY）"))
    found: dict[str, Any] = {"catalog_class": code, "amount": _money(value, path)}
    what = _object(item, "productOrService", path)
    name = what.get("text")
    if isinstance(name, str) and name:
        found["name"] = name
    for coding in what.get("coding") or ():
        found["item"] = str(coding.get("code") or "")
    if isinstance(item.get("servicedDate"), str):
        found["on"] = item["servicedDate"][:10]
    return found | dict(_beyond(item, path))


def _beyond(item: Body, path: str) -> Iterator[tuple[str, str]]:
    for one in item.get("extension") or ():
        url = one.get("url")
        if url == fhir.OVER_LIMIT:
            value = _object(one, "valueMoney", path).get("value")
            yield "over_limit", _money(value, path)
        if url == fhir.FIRST_SELF_PAY:
            yield "self_pay_first_rate", str(one.get("valueDecimal"))


def _money(value: Any, path: str) -> str:
    """As it was written; what it may be is settlement's to say."""
    if value is None or isinstance(value, bool | str):
        raise AtPath(f"{path}.net.value", _("缺少金额"))
    text = str(value)
    whole, _point, part = text.partition(".")
    most = 2
    return f"{whole}.{part:0<2}" if len(part) < most else text


def _kinds(claim: Body) -> tuple[str, str]:
    code, _words = _concept(claim, "type", "Claim")
    if code == "institutional":
        return "inpatient", "ordinary"
    scheme = _codes(claim.get("subType"))
    return "outpatient", scheme[0] if scheme else "ordinary"


def _identifier(claim: Body) -> tuple[str, str]:
    first = _first(claim, "identifier")
    value, path = first.get("value"), "Claim.identifier[0].value"
    if not isinstance(value, str) or not value:
        raise AtPath(path, _("请填写单据号。"))
    return value, str(first.get("system") or "")


# --- what it would cost -------------------------------------------------------


@transaction.atomic
def ask_eligibility(request: ActorRequest) -> HttpResponse:
    """What the stay in `item[0]` would cost with a referral and without."""
    asked = _resource(request, "CoverageEligibilityRequest")
    root, actor = "CoverageEligibilityRequest", request.actor
    item = _first(asked, "item")
    diagnosis = _first(item, "diagnosis")
    path = f"{root}.item[0].diagnosis[0]"
    code, _words = _concept(diagnosis, "diagnosisCodeableConcept", path)
    person_id = _reference(asked, "patient", "Patient", f"{root}.patient")
    source = _optional(asked, "provider", "Organization", f"{root}.provider")
    target = _optional(item, "facility", "Organization", f"{root}.item[0].facility")
    key = new_id()
    try:
        found = open_estimate(
            actor,
            person_id=person_id,
            diagnosis_code=code,
            from_institution_id=source or actor.institution_id,
            to_institution_id=target,
        )
        answer = fhir_estimate.response(key, person_id, found, timezone.now())
    except (NoEstimate, NoParametersInForce, CaseWrong) as error:
        words = said(error.text)
        answer = fhir_estimate.refusal(key, person_id, words, timezone.now())
    kept = {**asked, "id": str(key)}
    for resource in (kept, answer):
        put(actor, resource, person_id=person_id)
    response = _answer(dump_json(answer), _CREATED)
    response["Location"] = f"/fhir/CoverageEligibilityResponse/{key}"
    return response


# --- reading ------------------------------------------------------------------


def _resource(request: ActorRequest, type_name: str) -> dict[str, Any]:
    try:
        found = parse_object(request.body.decode())
    except UnicodeDecodeError:
        raise Invalid(_("内容应为 UTF-8 编码的 JSON。")) from None
    if found.get("resourceType") != type_name:
        raise Invalid(_("这个地址只收 {type}。"), type=type_name)
    problems = problems_of({**found, "id": "new"})
    if problems:
        raise Invalid(fields={type_name: problems[0]})
    return found


def _first(body: Body, name: str) -> Body:
    rows = _list(body, name)
    return rows[0] if rows and isinstance(rows[0], Mapping) else {}


def _list(body: Body, name: str) -> list[Any]:
    found = body.get(name)
    return found if isinstance(found, list) else []


def _object(body: Body, name: str, _path: str = "") -> Body:
    found = body.get(name)
    return found if isinstance(found, Mapping) else {}


def _text(body: Body, name: str, path: str) -> str:
    found = body.get(name)
    if not isinstance(found, str) or not found:
        raise AtPath(path, _("缺少这一项"))
    return found


def _codes(concept: Any) -> list[str]:
    codings = concept.get("coding") if isinstance(concept, Mapping) else None
    return [str(one["code"]) for one in codings or () if one.get("code")]


def _concept(body: Body, name: str, path: str) -> tuple[str, str]:
    concept = _object(body, name)
    codes = _codes(concept)
    if not codes:
        raise AtPath(f"{path}.{name}", _("缺少编码"))
    first = concept["coding"][0]
    return codes[0], str(first.get("display") or concept.get("text") or "")


def _reference(body: Body, name: str, type_name: str, path: str) -> UUID:
    found = _optional(body, name, type_name, path)
    if found is None:
        raise AtPath(path, _("缺少引用，如 {type}/…"), type=type_name)
    return found


def _optional(body: Body, name: str, type_name: str, path: str) -> UUID | None:
    target = _object(body, name).get("reference")
    if target is None:
        return None
    kind, _slash, key = str(target).rpartition("/")
    try:
        if kind.rpartition("/")[2] == type_name:
            return UUID(key)
    except ValueError:
        pass
    raise AtPath(f"{path}.reference", _("应引用 {type}/…"), type=type_name)


def _extension(body: Body, url: str) -> str:
    for one in _list(body, "extension"):
        if one.get("url") == url:
            return str(one.get("valueString") or "")
    return ""


def _answer(text: str, status: int) -> HttpResponse:
    response = HttpResponse(text, status=status, content_type=FHIR_JSON)
    response["Cache-Control"] = "no-store"
    return response
