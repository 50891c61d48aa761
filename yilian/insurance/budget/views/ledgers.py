"""Subsidies linked to results, and a house's income and points."""

import re
from datetime import date
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from yilian.foundation.access.forms import show
from yilian.foundation.access.middleware import ActorRequest
from yilian.foundation.access.scope import require
from yilian.foundation.access.views import signed_in
from yilian.insurance.budget import policies, services
from yilian.insurance.budget.forms import (
    IncomeForm,
    PointsForm,
    ReasonForm,
    SubsidyForm,
)
from yilian.insurance.budget.queries import ledgers, opening
from yilian.insurance.budget.services import note_export, note_look
from yilian.insurance.budget.views.official import sheet, table
from yilian.insurance.budget.views.pools import NAMES
from yilian.kernel.errors import Conflict, Invalid, NotFound
from yilian.kernel.text import _
from yilian.registry.directory.models import Institution

_YEAR = re.compile(r"\d{4}", re.ASCII)
_READERS = _("补助台账给卫健管理人员、医联体办公室和成员机构医保财务看。")
_OWN = _("绩效积分由本机构医保财务管理，只在本机构内可见。")


@signed_in
@require_http_methods(["GET", "POST"])
def subsidies(request: ActorRequest) -> HttpResponse:
    actor = request.actor
    require(policies.can_see_ledgers(actor), _READERS)
    may_grant = policies.can_keep_subsidies(actor, actor.area_code)
    form = SubsidyForm(
        request.POST if request.method == "POST" else None,
        initial={"year": timezone.localdate().year},
        houses=opening.house_choices(actor.area_code) if may_grant else (),
    )
    if form.is_valid():
        try:
            services.grant_subsidy(actor, **form.facts())
        except (Invalid, Conflict) as error:
            show(form, error)
        else:
            return redirect("budget:subsidies")
    year = _year(request.GET.get("year", ""))
    note_look(actor, "look_subsidies")
    context = {
        "page": ledgers.subsidies(actor, year, request.GET.get("cursor")),
        "sums": ledgers.subsidy_sums(actor, year),
        "years": ledgers.years_of_subsidies(actor),
        "year": year,
        "form": form,
        "may_grant": may_grant,
    }
    status = 422 if form.is_bound else 200
    return render(request, "budget/subsidies.html", context, status=status)


@signed_in
@require_POST
def take_back_subsidy(request: ActorRequest, entry_id: UUID) -> HttpResponse:
    services.take_back_subsidy(request.actor, entry_id, **_reason(request))
    return redirect("budget:subsidies")


@signed_in
@require_http_methods(["GET"])
def points(request: ActorRequest) -> HttpResponse:
    house = _own(request)
    month = _month(request.GET.get("month", ""))
    note_look(request.actor, "look_points")
    return _points(request, house, month)


@signed_in
@require_POST
def enter_income(request: ActorRequest) -> HttpResponse:
    house = _own(request)
    form = IncomeForm(request.POST)
    if form.is_valid():
        try:
            made = services.enter_income(request.actor, **form.facts())
        except (Invalid, Conflict) as error:
            show(form, error)
        else:
            return _to_month(made.month)
    month = _month(request.POST.get("month", ""))
    return _points(request, house, month, status=422, income_form=form)


@signed_in
@require_POST
def give_points(request: ActorRequest) -> HttpResponse:
    house = _own(request)
    form = PointsForm(request.POST, staff=_staff(house))
    if form.is_valid():
        try:
            made = services.give_points(request.actor, **form.facts())
        except (Invalid, Conflict) as error:
            show(form, error)
        else:
            return _to_month(made.month)
    month = _month(request.POST.get("month", ""))
    return _points(request, house, month, status=422, points_form=form)


@signed_in
@require_POST
def take_back_income(request: ActorRequest, entry_id: UUID) -> HttpResponse:
    red = services.take_back_income(request.actor, entry_id, **_reason(request))
    return _to_month(red.month)


@signed_in
@require_POST
def take_back_points(request: ActorRequest, entry_id: UUID) -> HttpResponse:
    red = services.take_back_points(request.actor, entry_id, **_reason(request))
    return _to_month(red.month)


@signed_in
@require_http_methods(["GET"])
def export_points(request: ActorRequest) -> HttpResponse:
    house = _own(request)
    month = _month(request.GET.get("month", ""))
    found = ledgers.points_month(house.pk, month)
    note_export(request.actor, "points", None, rows=len(found.people))
    kinds = [name for _kind, name in ledgers.KINDS]
    people = table(
        _("绩效积分"),
        (_("姓名"), _("职称"), *kinds, _("积分合计"), _("金额（元）")),
        [(p.name, p.title, *p.of_kinds, p.points, p.amount) for p in found.people],
    )
    return sheet(
        f"points-{month:%Y-%m}",
        [people],
        title=f"{house.short_name} {month:%Y-%m}",
        number=f"{house.code}-{month:%Y%m}",
        signs=(_("制表"), _("审核人"), _("负责人")),
    )


def _points(
    request: ActorRequest,
    house: Institution,
    month: date,
    *,
    status: int = 200,
    **forms: Any,
) -> HttpResponse:
    typed = f"{month:%Y-%m}"
    context = {
        "house": house,
        "month": month,
        "typed_month": typed,
        "found": ledgers.points_month(house.pk, month),
        "incomes": ledgers.incomes(house.pk),
        "entries": ledgers.point_entries(house.pk, month),
        "kinds": ledgers.KINDS,
        "income_form": IncomeForm(initial={"month": typed}),
        "points_form": PointsForm(initial={"month": typed}, staff=_staff(house)),
        **NAMES,
        **forms,
    }
    return render(request, "budget/points.html", context, status=status)


def _own(request: ActorRequest) -> Institution:
    house = request.actor.institution_id
    if house is None:
        raise NotFound
    require(policies.can_see_points(request.actor, house), _OWN)
    return Institution.objects.get(pk=house)


def _staff(house: Institution) -> list[tuple[str, str]]:
    return [(str(who), name) for who, name in ledgers.staff_of(house.pk)]


def _reason(request: ActorRequest) -> dict[str, Any]:
    form = ReasonForm(request.POST)
    if not form.is_valid():
        raise Invalid(fields={"reason": _("请写明原因。")})
    return form.facts()


def _to_month(month: date) -> HttpResponse:
    answer = redirect("budget:points")
    answer["Location"] += f"?month={month:%Y-%m}"
    return answer


def _year(asked: str) -> int | None:
    return int(asked) if _YEAR.fullmatch(asked) else None


def _month(asked: str) -> date:
    """The month asked for, else the one before this."""
    try:
        return date.fromisoformat(f"{asked}-01")
    except ValueError:
        today = timezone.localdate()
        return date(today.year - (today.month == 1), (today.month - 2) % 12 + 1, 1)
