"""Finding settlements, the bills that wait, and settling many at once."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any, Final
from uuid import UUID

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_POST

from yilian.foundation.access.actor import Reach
from yilian.foundation.access.forms import said
from yilian.foundation.access.middleware import ActorRequest
from yilian.foundation.access.views import signed_in
from yilian.foundation.sheets.writing import Sheet, workbook
from yilian.insurance.settlement import policies
from yilian.insurance.settlement.forms import SearchForm
from yilian.insurance.settlement.ports import SIDE_NAMES, Side, pool_members
from yilian.insurance.settlement.queries.finding import house_name
from yilian.insurance.settlement.queries.listing import SettlementLine
from yilian.insurance.settlement.queries.searching import MOST_EXPORTED, Sought
from yilian.insurance.settlement.rules.automatic import EXCEPTIONS
from yilian.insurance.settlement.rules.case import Kind, Referral
from yilian.insurance.settlement.services import reading
from yilian.insurance.settlement.services.batch import MOST, settle_many
from yilian.insurance.settlement.services.looking import open_search, take_away
from yilian.insurance.settlement.views.rooms import rooms
from yilian.kernel.errors import NotFound
from yilian.kernel.text import Text, _
from yilian.registry.population.rules import county_name

OUTSIDE: Final = "outside"
_LENGTHS: Final = (2, 4, 6)  # of codes of areas
_BY_LINK: Final = (
    "at", "area", "day", "month", "before", "pool", "side", "person",
)  # fmt: skip
HEADS: Final = (
    (_("结算单号"), 22), (_("种类"), 10), (_("姓名（脱敏）"), 12), (_("就诊机构"), 24),
    (_("级别"), 8), (_("类别"), 12), (_("出院（就诊）日"), 14), (_("转诊情形"), 16),
    (_("总费用（元）"), 14), (_("基金支付（元）"), 14), (_("个人负担（元）"), 14),
)  # fmt: skip


@signed_in
@require_GET
def settlements(request: ActorRequest) -> HttpResponse:
    if request.actor.reach is Reach.SELF and not request.GET:
        return redirect("settlement:mine")
    form = SearchForm(request.GET)
    asked = asked_in(request, form)
    found = open_search(request.actor, asked, request.GET.get("cursor"))
    context = {
        "page": found.page,
        "waiting": found.waiting,
        "sums": found.sums,
        "narrowed": narrowed(asked),
        "kept": _kept(request.GET),
        "asked": asked,
        "form": form,
        "switches": switches(request, asked),
        "rooms": rooms(request.actor, "list"),
        "is_clerk": policies.is_insurer(request.actor),
    }
    return render(request, "settlement/settlements.html", context)


@signed_in
@require_GET
def export(request: ActorRequest) -> HttpResponse:
    asked = asked_in(request, SearchForm(request.GET))
    found = take_away(request.actor, asked)
    shown = found[:MOST_EXPORTED]
    about = [
        gettext(_("{place}　导出日期 {day}　共 {n} 张")).format(
            place=request.actor.institution_name,
            day=timezone.localdate(),
            n=len(shown),
        )
    ]
    if len(found) > MOST_EXPORTED:
        cut = gettext(_("只导出最近 {most} 张，请缩小日期范围分次导出。"))
        about.append(cut.format(most=MOST_EXPORTED))
    sheet = Sheet(_("医保结算明细"), about, HEADS, _cells(shown))
    return workbook("settlements", [sheet])


@signed_in
@require_GET
def waiting(request: ActorRequest) -> HttpResponse:
    exceptions = request.GET.get("only") == "exceptions"
    page = reading.open_waiting(
        request.actor, request.GET.get("cursor"), exceptions=exceptions
    )
    context = {
        "page": page,
        "exceptions": exceptions,
        "exceptional": EXCEPTIONS,
        "switches": _piles(exceptions=exceptions),
        "rooms": rooms(request.actor, "waiting"),
        "may_settle": policies.is_insurer(request.actor),
        "most": MOST,
    }
    return render(request, "settlement/waiting.html", context)


def _piles(*, exceptions: bool) -> list[tuple[str, str, bool, None]]:
    base = reverse("settlement:waiting")
    return [
        (_("全部待人工"), base, not exceptions, None),
        (_("结算异常"), f"{base}?only=exceptions", exceptions, None),
    ]


@signed_in
@require_POST
def settle_chosen(request: ActorRequest) -> HttpResponse:
    """Each by itself; the page says of every one what became of it."""
    wanted = [found for raw in request.POST.getlist("bill") if (found := _uuid(raw))]
    done = settle_many(request.actor, wanted)
    context = {
        "done": done,
        "settled": sum(one.settlement is not None for one in done),
        "rooms": rooms(request.actor, "waiting"),
    }
    return render(request, "settlement/batch.html", context)


def asked_in(request: ActorRequest, form: SearchForm) -> Sought:
    form.is_valid()
    clean, query = form.cleaned_data, request.GET
    at = query.get("at", "")
    return Sought(
        text=clean.get("text") or "",
        house=clean.get("house") or "",
        kind=Kind(clean["kind"]) if clean.get("kind") else None,
        state=Referral(clean["state"]) if clean.get("state") else None,
        since=clean.get("since"),
        until=clean.get("until"),
        only_penalised=query.get("penalised") == "on",
        only_adjusted=query.get("adjusted") == "on",
        everything=query.get("everything") == "on",
        person_id=_uuid(query.get("person", "")),
        institution_id=_uuid(at),
        is_outside=at == OUTSIDE,
        area=_area(query.get("area", "")),
        booked_on=_day(query.get("day", "")),
        **_of_pool(request),
    )


def narrowed(asked: Sought) -> list[Text]:
    """What a link has chosen besides the form, in words."""
    found: list[Text] = []
    if asked.members is not None:
        side = Text(SIDE_NAMES[asked.side]) if asked.side else ""
        found.append(Text(_("总额：{pool} {side}"),
                          {"pool": asked.members.name, "side": side}))  # fmt: skip
    if asked.institution_id is not None:
        name = house_name(asked.institution_id)
        found.append(Text(_("就诊机构：{name}"), {"name": name}))
    if asked.is_outside:
        found.append(Text(_("区外就医")))
    if asked.area:
        name = county_name(asked.area) or asked.area
        found.append(Text(_("参保地：{name}"), {"name": name}))
    if asked.booked is not None:
        first, end = asked.booked
        last = end - timedelta(days=1)
        found.append(Text(_("记账日：{first} 至 {last}（含红冲）"),
                          {"first": first, "last": last}))  # fmt: skip
    return found


def _of_pool(request: ActorRequest) -> dict[str, Any]:
    """A figure of a pool: its year or a month of it, up to a day."""
    month = _month(request.GET.get("month", ""))
    pool_id = _uuid(request.GET.get("pool", ""))
    if pool_id is None:
        return {"span": month}
    members = pool_members(request.actor, pool_id)
    if members is None:
        raise NotFound
    first, end = month or (members.start, members.end)
    before = _day(request.GET.get("before", "")) or end
    side = request.GET.get("side", "")
    return {
        "members": members,
        "span": (first, max(first, min(end, before))),
        "side": Side(side) if side in set(Side) else None,
    }


def _kept(query: QueryDict) -> list[tuple[str, str]]:
    """Chosen by a link, not in the form: a new search goes on within it."""
    return [(name, value) for name in _BY_LINK if (value := query.get(name))]


def _area(raw: str) -> str:
    return raw if raw.isascii() and raw.isdigit() and len(raw) in _LENGTHS else ""


def _day(raw: str) -> date | None:
    try:
        return parse_date(raw) if raw[:2] == "20" else None
    except ValueError:
        return None


def _month(raw: str) -> tuple[date, date] | None:
    first = _day(f"{raw}-01")
    if first is None:
        return None
    return first, (first.replace(day=28) + timedelta(days=4)).replace(day=1)


def switches(request: HttpRequest, asked: Sought) -> list[tuple[str, str, bool, None]]:
    """Words, address, whether it is on: the lists a clerk looks through."""
    found: tuple[tuple[str, dict[str, str], bool], ...] = (
        (_("有效的"), {}, not (asked.only_penalised or asked.only_adjusted)),
        (_("未按规定转诊"), {"penalised": "on"}, asked.only_penalised),
        (_("重算与红冲"), {"adjusted": "on"}, asked.only_adjusted),
    )
    return [
        (words, _address(request, chosen), is_on, None)
        for words, chosen, is_on in found
    ]


def _address(request: HttpRequest, chosen: dict[str, str]) -> str:
    kept = request.GET.copy()
    for name in ("penalised", "adjusted", "everything", "cursor"):
        kept.pop(name, None)
    for name, value in chosen.items():
        kept[name] = value
    base = reverse("settlement:list")
    return f"{base}?{kept.urlencode()}" if kept else base


def _cells(lines: list[SettlementLine]) -> Iterator[list[Any]]:
    for line in lines:
        yield [
            line.number,
            line.entry_name,
            line.name,
            line.house or said(line.place_name),
            line.place_name,
            line.service_name,
            line.discharged_on,
            line.state_name,
            line.total,
            line.fund_pay,
            line.patient_pay,
        ]


def _uuid(raw: str) -> UUID | None:
    try:
        return UUID(raw)
    except ValueError:
        return None
