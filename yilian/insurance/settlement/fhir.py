"""Coverage, bills and settlements as FHIR R4. Pure mapping: no queries, no saving.

A bill is a Claim and its ClaimResponse (both with the bill's id), a settlement an
ExplanationOfBenefit. A red entry has no resource of its own: it makes that of the
settlement it takes back `cancelled`. Money is in CNY.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from yilian.insurance.settlement.models import Bill, Coverage, Settlement
from yilian.insurance.settlement.rules.case import (
    INSURANCE_NAMES,
    REFERRAL_NAMES,
    Aid,
    CatalogClass,
    Insurance,
    Kind,
    Referral,
    Scheme,
)
from yilian.insurance.settlement.rules.names import (
    AID_NAMES,
    CLASS_NAMES,
    service_name,
)
from yilian.kernel.text import _

Resource = dict[str, Any]
ICD10: Final = "http://hl7.org/fhir/sid/icd-10"
AREAS: Final = "urn:yilian:codesystem:gb-t-2260"
INSURANCE: Final = "urn:yilian:codesystem:insurance"
GRADE: Final = "urn:yilian:codesystem:insurance-grade"
AID: Final = "urn:yilian:codesystem:medical-assistance"
SERVICE: Final = "urn:yilian:codesystem:insured-service"
CATALOGUE: Final = "urn:yilian:codesystem:catalogue-class"
ITEM: Final = "urn:yilian:codesystem:charge-item"
AMOUNT: Final = "urn:yilian:codesystem:settlement-amount"
REFERRAL: Final = "urn:yilian:codesystem:referral-state"
BILL_NUMBER: Final = "urn:yilian:bill-number"
SETTLEMENT_NUMBER: Final = "urn:yilian:settlement-number"
OVER_LIMIT: Final = "urn:yilian:extension:over-limit"
FIRST_SELF_PAY: Final = "urn:yilian:extension:first-self-pay-rate"
_CLAIM_TYPE: Final = "http://terminology.hl7.org/CodeSystem/claim-type"
_PRIORITY: Final = "http://terminology.hl7.org/CodeSystem/processpriority"

AMOUNT_NAMES: Final[Mapping[str, str]] = {
    "total": _("医疗总费用"),
    "in_scope": _("政策范围内费用"),
    "deductible_absorbed": _("起付线"),
    "basic_pay": _("统筹基金支付"),
    "supplement_pay": _("大额补助支付"),
    "serious_pay": _("大病保险支付"),
    "assistance_pay": _("医疗救助支付"),
    "patient_pay": _("个人负担"),
    "account_pay": _("其中个人账户"),
}


def coverage(row: Coverage) -> Resource:
    kind = Insurance(row.insurance)
    found = {
        "resourceType": "Coverage",
        "id": str(row.id),
        "status": "active",
        "type": coded(INSURANCE, kind.value, INSURANCE_NAMES[kind]),
        "beneficiary": patient(row.person_id),
        "period": _period(row.period.lower, row.period.upper),
        "payor": [insurer(row.area_code)],
    }
    groups = list(_groups(row))
    return found | ({"class": groups} if groups else {})


def claim(bill: Bill, coverage_id: UUID | None) -> Resource:
    status = "active" if bill.voided_at is None else "cancelled"
    found = {
        "resourceType": "Claim",
        "id": str(bill.id),
        "identifier": [{"system": BILL_NUMBER, "value": bill.number}],
        "status": status,
        **_kind(bill.kind, bill.scheme),
        "use": "claim",
        "patient": patient(bill.person_id),
        "billablePeriod": {
            "start": bill.admitted_on.isoformat(),
            "end": bill.discharged_on.isoformat(),
        },
        "created": bill.posted_at.isoformat(),
        "insurer": insurer(bill.insured_area),
        "provider": provider(bill.institution_id, bill.outside_name),
        "priority": {"coding": [{"system": _PRIORITY, "code": "normal"}]},
        "diagnosis": [
            {
                "sequence": 1,
                "diagnosisCodeableConcept": coded(
                    ICD10, bill.diagnosis_code, bill.diagnosis_name
                ),
            }
        ],
        "insurance": _insurance(coverage_id, sequence=1),
        "item": [_item(n, line, bill) for n, line in enumerate(bill.lines, 1)],
        "total": cny(bill.total),
    }
    if bill.referral_id is not None:
        found["referral"] = {"reference": f"ServiceRequest/{bill.referral_id}"}
    return found


def queued(bill: Bill) -> Resource:
    """The answer to a bill that nobody has settled yet, or that was taken back."""
    is_void = bill.voided_at is not None
    found = _response(
        bill.id, bill.person_id, bill.insured_area, bill.institution_id, bill.posted_at
    )
    return found | {
        "status": "cancelled" if is_void else "active",
        **_kind(bill.kind, bill.scheme),
        "outcome": "complete" if is_void else "queued",
        "disposition": _("单据已作废") if is_void else _("单据已收，等待结算"),
    }


def response(row: Settlement) -> Resource:
    """The answer to a bill that is settled."""
    found = _response(
        row.bill_id, row.person_id, row.insured_area, row.institution_id,
        row.settled_at,
    )  # fmt: skip
    return found | {
        "identifier": _numbered(row),
        **_kind(row.kind, row.scheme),
        "outcome": "complete",
        "total": _totals(row),
    }


def benefit(row: Settlement, *, is_taken_back: bool = False) -> Resource:
    found = {
        "resourceType": "ExplanationOfBenefit",
        "id": str(row.id),
        "identifier": _numbered(row),
        "status": "cancelled" if is_taken_back else "active",
        **_kind(row.kind, row.scheme),
        "use": "claim",
        "patient": patient(row.person_id),
        "billablePeriod": {"end": row.discharged_on.isoformat()},
        "created": row.settled_at.isoformat(),
        "insurer": insurer(row.insured_area),
        "provider": provider(row.institution_id),
        "claim": {"reference": f"Claim/{row.bill_id}"},
        "claimResponse": {"reference": f"ClaimResponse/{row.bill_id}"},
        "outcome": "complete",
        "insurance": _insurance(UUID(row.working["coverage"])),
        "total": _totals(row),
    }
    if row.referral_state:
        state = Referral(row.referral_state)
        note = coded(REFERRAL, state.value, REFERRAL_NAMES[state])
        found["adjudication"] = [{"category": note, "value": row.ratio}]
    return found


# --- parts --------------------------------------------------------------------


def cny(amount: Decimal) -> Resource:
    return {"value": amount, "currency": "CNY"}


def coded(system: str, code: str, words: str = "") -> Resource:
    coding = {"system": system, "code": code}
    return {"coding": [coding | ({"display": words} if words else {})]}


def patient(person_id: UUID) -> Resource:
    return {"reference": f"Patient/{person_id}"}


def insurer(area: str) -> Resource:
    return {
        "type": "Organization",
        "identifier": {"system": AREAS, "value": area},
        "display": _("参保地医保"),
    }


def provider(institution_id: UUID | None, outside_name: str = "") -> Resource:
    if institution_id is not None:
        return {"reference": f"Organization/{institution_id}"}
    return {"type": "Organization", "display": outside_name or _("区外医疗机构")}


def _response(
    bill_id: UUID, person_id: UUID, area: str, house: UUID | None, at: datetime
) -> Resource:
    found = {
        "resourceType": "ClaimResponse",
        "id": str(bill_id),
        "status": "active",
        "use": "claim",
        "patient": patient(person_id),
        "created": at.isoformat(),
        "insurer": insurer(area),
        "request": {"reference": f"Claim/{bill_id}"},
    }
    return found | ({"requestor": provider(house)} if house else {})


def _kind(kind: str, scheme: str) -> Resource:
    is_stay = kind == Kind.INPATIENT
    code = "institutional" if is_stay else "professional"
    words = service_name(Kind(kind), Scheme(scheme))
    own = kind if is_stay else scheme
    return {
        "type": {"coding": [{"system": _CLAIM_TYPE, "code": code}]},
        "subType": coded(SERVICE, own, words),
    }


def _groups(row: Coverage) -> Iterator[Resource]:
    kind = "http://terminology.hl7.org/CodeSystem/coverage-class"
    if row.grade:
        yield {"type": coded(kind, "plan"), "value": row.grade, "name": row.grade}
    if row.is_retired:
        yield {"type": coded(kind, "group"), "value": "retired", "name": _("退休")}
    if row.aid:
        name = AID_NAMES[Aid(row.aid)]
        yield {"type": coded(kind, "group"), "value": row.aid, "name": name}


def _period(start: date | None, end: date | None) -> Resource:
    """A FHIR period's end is its last day; ours is the first day after it."""
    found = {"start": start.isoformat()} if start else {}
    if end is not None:
        found["end"] = date.fromordinal(end.toordinal() - 1).isoformat()
    return found


def _insurance(coverage_id: UUID | None, sequence: int = 0) -> list[Resource]:
    where: Resource = {"display": _("参保记录")}
    if coverage_id is not None:
        where = {"reference": f"Coverage/{coverage_id}"}
    found = {"focal": True, "coverage": where}
    return [{"sequence": sequence} | found if sequence else found]


def _item(sequence: int, line: Mapping[str, Any], bill: Bill) -> Resource:
    group = CatalogClass(line["catalog_class"])
    what: Resource = {"text": line.get("name") or CLASS_NAMES[group]}
    if "item" in line:
        what |= coded(ITEM, line["item"])
    found = {
        "sequence": sequence,
        "category": coded(CATALOGUE, group.value, CLASS_NAMES[group]),
        "productOrService": what,
        "servicedDate": line.get("on") or bill.discharged_on.isoformat(),
        "net": cny(Decimal(line["amount"])),
    }
    extension = list(_beyond(line))
    return ({"extension": extension} if extension else {}) | found


def _beyond(line: Mapping[str, Any]) -> Iterator[Resource]:
    if "over_limit" in line:
        yield {"url": OVER_LIMIT, "valueMoney": cny(Decimal(line["over_limit"]))}
    if "self_pay_first_rate" in line:
        rate = Decimal(line["self_pay_first_rate"])
        yield {"url": FIRST_SELF_PAY, "valueDecimal": rate}


def _numbered(row: Settlement) -> Sequence[Resource]:
    return [{"system": SETTLEMENT_NUMBER, "value": row.number}]


def _totals(row: Settlement) -> Sequence[Resource]:
    return [
        {"category": coded(AMOUNT, name, words), "amount": cny(getattr(row, name))}
        for name, words in AMOUNT_NAMES.items()
        if getattr(row, name) or name in {"total", "basic_pay", "patient_pay"}
    ]
