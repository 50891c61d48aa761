"""Cases from JSON, in the format of docs/settle.md; what is wrong is named.

Money is a string with at most two places; a number would have passed through
binary fractions on its way.
"""

import re
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any, Final, TypeVar

from yilian.insurance.settlement.rules.case import (
    MOST_PER_LINE,
    MOST_PER_SERVICE,
    Aid,
    Case,
    CaseWrong,
    CatalogClass,
    Insurance,
    Insured,
    Kind,
    Line,
    Place,
    Referral,
    Scheme,
    Service,
    Used,
)
from yilian.kernel.money import Fen, Millionths, plain_yuan, to_millionths
from yilian.kernel.text import _

E = TypeVar("E", bound=StrEnum)
T = TypeVar("T")

_AMOUNT: Final = re.compile(r"(\d+)(?:\.(\d{1,2}))?", re.ASCII)
_LOOKS_LIKE_AMOUNT: Final = re.compile(r"-?\d+(\.\d+)?", re.ASCII)
_RATE: Final = re.compile(r"[01](\.\d{1,4})?", re.ASCII)
_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_LONGEST_ID: Final = 100
_LONGEST_MONTHS: Final = 12
_LONGEST_AMOUNT: Final = 12
_LAST_YEAR: Final = 2999

_CASE: Final = frozenset({"id", "insured", "services", "used"})
_INSURED: Final = frozenset(
    {"type", "grade", "born_on", "retired", "aid", "account_balance"}
)
_SERVICE: Final = frozenset({
    "id", "kind", "scheme", "tier", "admitted_on", "discharged_on", "referral",
    "follows", "voided", "lines", "months", "disease",
})  # fmt: skip
_LINE: Final = frozenset(
    {"catalog_class", "amount", "over_limit", "self_pay_first_rate", "on"}
)
_USED: Final = frozenset(
    {"basic", "compliant_self_pay", "serious", "assistance", "outpatient", "year"}
)


def read_case(raw: Any) -> Case:
    """Raises `CaseWrong` at the first field that is not right."""
    found = _object(raw, "", _CASE)
    services = found.get("services")
    if not isinstance(services, list) or not services:
        raise CaseWrong("services", _("应为服务的列表，至少一项"))
    return Case(
        id=_name(found, "id", "id"),
        insured=_insured(found.get("insured")),
        services=tuple(_service(s, f"services[{n}]") for n, s in enumerate(services)),
        used=_used(found.get("used")),
    )


def _insured(raw: Any) -> Insured:
    found = _object(raw, "insured", _INSURED)
    return Insured(
        insurance=_one_of(Insurance, found, "type", "insured"),
        grade=_optional(_name, found, "grade", "insured.grade"),
        born_on=_optional(_day, found, "born_on", "insured.born_on"),
        is_retired=_flag(found, "retired", "insured.retired"),
        aid=_one_or_none(Aid, found, "aid", "insured"),
        account_balance=_fen(found, "account_balance", "insured", "0"),
    )


def _service(raw: Any, where: str) -> Service:
    found = _object(raw, where, _SERVICE)
    kind = _one_of(Kind, found, "kind", where)
    admitted = _day(found, "admitted_on", f"{where}.admitted_on")
    discharged = _discharge(found, where, kind, admitted)
    return Service(
        id=_name(found, "id", f"{where}.id"),
        kind=kind,
        place=_one_of(Place, found, "tier", where),
        admitted_on=admitted,
        discharged_on=discharged,
        lines=_lines(found.get("lines"), where, admitted, discharged),
        referral=_one_or_none(Referral, found, "referral", where),
        scheme=_scheme(found, where, kind),
        follows=_optional(_name, found, "follows", f"{where}.follows"),
        is_voided=_flag(found, "voided", f"{where}.voided"),
        months=_months(found, f"{where}.months"),
        disease=_optional(_name, found, "disease", f"{where}.disease"),
    )


def _discharge(
    found: Mapping[str, Any], where: str, kind: Kind, admitted: date
) -> date:
    if kind is Kind.OUTPATIENT and found.get("discharged_on") is None:
        return admitted
    day = _day(found, "discharged_on", f"{where}.discharged_on")
    if day < admitted:
        raise CaseWrong(f"{where}.discharged_on", _("出院早于入院：{day}"), day=day)
    return day


def _scheme(found: Mapping[str, Any], where: str, kind: Kind) -> Scheme:
    scheme = _one_or_none(Scheme, found, "scheme", where) or Scheme.ORDINARY
    if kind is Kind.INPATIENT and scheme is not Scheme.ORDINARY:
        raise CaseWrong(
            f"{where}.scheme", _("住院没有这种待遇：{scheme}"), scheme=scheme
        )
    return scheme


def _lines(raw: Any, where: str, first: date, last: date) -> tuple[Line, ...]:
    if not isinstance(raw, list) or not raw:
        raise CaseWrong(f"{where}.lines", _("应为费用明细的列表，至少一条"))
    lines = tuple(
        _line(line, f"{where}.lines[{n}]", first, last) for n, line in enumerate(raw)
    )
    if sum(line.amount for line in lines) > MOST_PER_SERVICE:
        most = plain_yuan(MOST_PER_SERVICE)
        raise CaseWrong(f"{where}.lines", _("费用合计超过 {most} 元"), most=most)
    return lines


def _line(raw: Any, where: str, first: date, last: date) -> Line:
    found = _object(raw, where, _LINE)
    line = Line(
        catalog_class=_one_of(CatalogClass, found, "catalog_class", where),
        amount=_fen(found, "amount", where),
        over_limit=_fen(found, "over_limit", where, "0"),
        self_pay_first_rate=_optional(
            _rate, found, "self_pay_first_rate", f"{where}.self_pay_first_rate"
        ),
        on=_optional(_day, found, "on", f"{where}.on"),
    )
    if line.over_limit > line.amount:
        raise CaseWrong(f"{where}.over_limit", _("超限价部分大于费用本身"))
    if line.on is not None and not first <= line.on <= last:
        raise CaseWrong(f"{where}.on", _("费用日期不在就诊期间：{day}"), day=line.on)
    return line


def _used(raw: Any) -> Used:
    if raw is None:
        return Used()
    found = _object(raw, "used", _USED)
    year = found.get("year")
    if year is not None and (isinstance(year, bool) or not isinstance(year, int)):
        raise CaseWrong("used.year", _("应为年份，如 2018"))
    amounts = {
        name: _fen(found, name, "used", "0") for name in sorted(_USED - {"year"})
    }
    if amounts["serious"] > amounts["compliant_self_pay"]:
        raise CaseWrong("used.serious", _("大病保险支付不能大于合规自付"))
    return Used(**amounts, year=year)


def _object(raw: Any, where: str, known: frozenset[str]) -> Mapping[str, Any]:
    if not isinstance(raw, dict):
        raise CaseWrong(where or "case", _("应为一个对象"))
    for name in raw:
        if name not in known:
            path = f"{where}.{name}" if where else str(name)
            raise CaseWrong(path, _("没有这个字段；可用的有：{known}"),
                            known="、".join(sorted(known)))  # fmt: skip
    return raw


def _optional(
    read: Callable[[Mapping[str, Any], str, str], T],
    found: Mapping[str, Any],
    name: str,
    where: str,
) -> T | None:
    return None if found.get(name) is None else read(found, name, where)


def _name(found: Mapping[str, Any], name: str, where: str) -> str:
    value = found.get(name)
    if not isinstance(value, str) or not value.strip():
        raise CaseWrong(where, _("应为不空的文字"))
    if len(value) > _LONGEST_ID:
        raise CaseWrong(where, _("最多 {most} 个字"), most=_LONGEST_ID)
    return value


def _one_of(kind: type[E], found: Mapping[str, Any], name: str, where: str) -> E:
    value = found.get(name)
    if isinstance(value, str) and value in kind._value2member_map_:
        return kind(value)
    options = "、".join(member.value for member in kind)
    raise CaseWrong(f"{where}.{name}", _("应为其中之一：{options}"), options=options)


def _one_or_none(
    kind: type[E], found: Mapping[str, Any], name: str, where: str
) -> E | None:
    return None if found.get(name) is None else _one_of(kind, found, name, where)


def _flag(found: Mapping[str, Any], name: str, where: str) -> bool:
    value = found.get(name)
    if value is not None and not isinstance(value, bool):
        raise CaseWrong(where, _("应为 true 或 false"))
    return bool(value)


def _months(found: Mapping[str, Any], where: str) -> int:
    value = found.get("months")
    if value is None:
        return 1
    if isinstance(value, bool) or not isinstance(value, int):
        raise CaseWrong(where, _("应为整数"))
    if not 1 <= value <= _LONGEST_MONTHS:
        raise CaseWrong(where, _("应在 1 到 {most} 之间"), most=_LONGEST_MONTHS)
    return value


def _day(found: Mapping[str, Any], name: str, where: str) -> date:
    value = found.get(name)
    try:
        if isinstance(value, str) and _DAY.fullmatch(value):
            day = date.fromisoformat(value)
            if day.year <= _LAST_YEAR:
                return day
    except ValueError:
        pass
    raise CaseWrong(where, _("应为日期，如 2018-03-01"))


def _rate(found: Mapping[str, Any], name: str, where: str) -> Millionths:
    value = found.get(name)
    if isinstance(value, str) and _RATE.fullmatch(value):
        rate = _decimal(value)
        if rate is not None and rate <= 1:
            return to_millionths(rate)
    raise CaseWrong(where, _('应为 0 到 1 之间、最多四位小数的比例，写成 "0.10"'))


def _decimal(text: str) -> Decimal | None:
    try:
        return Decimal(text)
    except InvalidOperation:
        return None


def _fen(
    found: Mapping[str, Any], name: str, where: str, default: str | None = None
) -> Fen:
    value = found.get(name)
    if value is None:
        value = default
    match = _AMOUNT.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise _amount_wrong(f"{where}.{name}", value)
    yuan, cents = match.groups()
    is_short = len(yuan) <= _LONGEST_AMOUNT  # before it becomes a number
    fen = int(yuan) * 100 + int((cents or "").ljust(2, "0")) if is_short else 0
    if not is_short or fen > MOST_PER_LINE:
        most = plain_yuan(MOST_PER_LINE)
        raise CaseWrong(f"{where}.{name}", _("金额超过 {most} 元，请检查"), most=most)
    return fen


def _amount_wrong(where: str, value: object) -> CaseWrong:
    if not isinstance(value, str):
        return CaseWrong(where, _('金额应写成带引号的数字，如 "2200.00"'))
    if not _LOOKS_LIKE_AMOUNT.fullmatch(value):
        return CaseWrong(where, _("金额应为数字，如 2200.00"))
    if value.startswith("-"):
        return CaseWrong(where, _("金额不能为负数"))
    return CaseWrong(where, _("金额最多两位小数（精确到分）"))
