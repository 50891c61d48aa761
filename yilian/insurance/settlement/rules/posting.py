"""A bill as a house sends it, checked field by field before anything is kept."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from uuid import UUID

from yilian.insurance.settlement.rules.case import CaseWrong, Place, Service
from yilian.insurance.settlement.rules.lines import BESIDES
from yilian.insurance.settlement.rules.reading import read_case
from yilian.kernel.errors import Invalid
from yilian.kernel.safe_text import clean_line
from yilian.kernel.text import Text, _

_WITHIN: Final = "services[0]."
_LONGEST: Final[Mapping[str, int]] = {
    "number": 40,
    "catalogue": 40,
    "diagnosis_code": 20,
    "diagnosis_name": 300,
    "outside_name": 120,
}
_NEEDED: Final[Mapping[str, str]] = {
    "number": _("请填写单据号。"),
    "catalogue": _("请写明费用按哪一版医保目录归类，如“2025”。"),
    "diagnosis_code": _("请填写主要诊断编码。"),
}
_LONGEST_BESIDES: Final = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class BillFacts:
    """What a house says of a stay or a visit. Lines are those of docs/settle.md; a
    line may say the `item` of the price catalogue and its `name` besides.

    `institution_id` is needed from the system alone: a house posts its own bills,
    and an insurer those of care outside the region (`outside_name`).
    """

    person_id: UUID
    number: str
    kind: str
    admitted_on: date | str
    discharged_on: date | str | None = None
    lines: Sequence[Mapping[str, Any]]
    catalogue: str
    diagnosis_code: str
    diagnosis_name: str = ""
    scheme: str = "ordinary"
    disease: str | None = None
    months: int = 1
    institution_id: UUID | None = None
    outside_name: str = ""
    encounter_id: UUID | None = None
    referral_id: UUID | None = None
    follows: UUID | None = None


@dataclass(frozen=True, slots=True)
class Checked:
    """`besides` goes with the service's lines, one by one."""

    service: Service
    texts: Mapping[str, str]
    besides: Sequence[Mapping[str, str]]


class BillWrong(Invalid):
    """The field as the sender knows it: `lines[2].amount`, `discharged_on`."""

    code = "bill-wrong"

    def __init__(self, field: str, template: str, /, **values: object) -> None:
        self.field = field
        super().__init__(fields={field: Text(template, values)})


def check(facts: BillFacts, *, place: Place, today: date) -> Checked:
    """Raises `BillWrong` at the first field that is not right."""
    texts = {name: _text(facts, name) for name in _LONGEST}
    besides = [_besides(line, n) for n, line in enumerate(facts.lines)]
    service = _service(facts, place)
    if service.discharged_on > today:
        raise BillWrong("discharged_on", _("还没有到这一天：{day}"),
                        day=service.discharged_on)  # fmt: skip
    return Checked(service, texts, besides)


def as_bill_wrong(error: CaseWrong) -> BillWrong:
    """The same, said to who sent one bill and knows of no case."""
    field = error.field.removeprefix(_WITHIN)
    return BillWrong(field, error.text.template, **error.text.values)


def _text(facts: BillFacts, name: str) -> str:
    raw = getattr(facts, name)
    if not isinstance(raw, str):
        raise BillWrong(name, _("应为文字"))
    try:
        text = clean_line(raw, max_length=_LONGEST[name])
    except Invalid as error:
        raise BillWrong(name, error.text.template, **error.text.values) from None
    if not text and name in _NEEDED:
        raise BillWrong(name, _NEEDED[name])
    return text


def _besides(line: Mapping[str, Any], number: int) -> dict[str, str]:
    found = {}
    for name in BESIDES:
        raw = line.get(name) if isinstance(line, Mapping) else None
        if raw is None:
            continue
        if not isinstance(raw, str):
            raise BillWrong(f"lines[{number}].{name}", _("应为文字"))
        found[name] = clean_line(raw, max_length=_LONGEST_BESIDES)
    return found


def _service(facts: BillFacts, place: Place) -> Service:
    raw = {
        "id": "bill",
        "kind": facts.kind,
        "scheme": facts.scheme,
        "tier": place.value,
        "admitted_on": _day(facts.admitted_on),
        "discharged_on": _day(facts.discharged_on),
        "disease": facts.disease or None,
        "months": facts.months,
        "lines": [_plain_line(line) for line in facts.lines],
    }
    try:
        case = read_case({"id": "bill", "insured": _ANYBODY, "services": [raw]})
    except CaseWrong as error:
        raise as_bill_wrong(error) from None
    return case.services[0]


_ANYBODY: Final = {"type": "resident"}


def _day(day: date | str | None) -> str | None:
    return day.isoformat() if isinstance(day, date) else day


def _plain_line(line: Mapping[str, Any]) -> Any:
    if not isinstance(line, Mapping):
        return line
    return {name: value for name, value in line.items() if name not in BESIDES}
