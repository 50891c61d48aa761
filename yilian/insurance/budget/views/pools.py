"""The list of pools, one pool, and a figure opened to its days."""

from collections.abc import Callable
from datetime import date
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET

from yilian.foundation.access.middleware import ActorRequest
from yilian.foundation.access.scope import require
from yilian.foundation.access.views import signed_in
from yilian.insurance.budget import policies
from yilian.insurance.budget.models import Pool
from yilian.insurance.budget.queries import lines as pool_list
from yilian.insurance.budget.queries import pages
from yilian.insurance.budget.queries.house import house_page
from yilian.insurance.budget.rules.curve import ALARM_NAMES
from yilian.insurance.budget.rules.states import (
    ACT_NAMES,
    CLEARING_NAMES,
    FINDING_NAMES,
    LEVEL_NAMES,
    REVISION_NAMES,
    STANDING_NAMES,
    USE_NAMES,
)
from yilian.insurance.budget.services import note_look
from yilian.kernel.money import from_fen
from yilian.kernel.text import _

NAMES = {
    "act_names": ACT_NAMES,
    "alarm_names": ALARM_NAMES,
    "clearing_names": CLEARING_NAMES,
    "finding_names": FINDING_NAMES,
    "level_names": LEVEL_NAMES,
    "revision_names": REVISION_NAMES,
    "standing_names": STANDING_NAMES,
    "use_names": USE_NAMES,
}
WHO = _("总额付费给医保经办、医联体办公室、成员机构医保财务和卫健管理人员看。")


@signed_in
@require_GET
def listing(request: ActorRequest) -> HttpResponse:
    require(policies.can_see_pools(request.actor), WHO)
    years = pool_list.years_of(request.actor)
    year = _year(request.GET.get("year", ""), years)
    lines = pool_list.pool_lines(request.actor, year)
    context = {
        "lines": lines,
        "years": years,
        "year": year,
        "sums": pool_list.sums_of_lines(lines),
        "may_open": policies.can_open_some(request.actor),
        **NAMES,
    }
    note_look(request.actor, "list")
    return render(request, "budget/list.html", context)


@signed_in
@require_GET
def pool(request: ActorRequest, pool_id: UUID) -> HttpResponse:
    page = pages.pool_page(request.actor, pool_id)
    note_look(request.actor, "look", page.pool)
    context = {
        "page": page,
        "yuan_of": from_fen,
        "bills": bills_of(request, page.pool),
        **may(request, page),
        **NAMES,
    }
    return render(request, "budget/pool.html", context)


@signed_in
@require_GET
def house(request: ActorRequest, pool_id: UUID, institution_id: UUID) -> HttpResponse:
    return _days(request, pool_id, institution_id)


@signed_in
@require_GET
def outside(request: ActorRequest, pool_id: UUID) -> HttpResponse:
    """What was paid outside the region: no house of ours."""
    return _days(request, pool_id, None)


def bills_of(request: ActorRequest, row: Pool) -> Callable[..., str]:
    """The address of the settlements a figure was made of; "" for whom none opens."""
    if not policies.can_open_bills(request.actor, row):
        return lambda **_asked: ""

    def address(**asked: object) -> str:
        return f"{reverse('settlement:list')}?{urlencode({'pool': row.pk, **asked})}"

    return address


def may(request: ActorRequest, page: pages.PoolPage) -> dict[str, bool]:
    actor, row = request.actor, page.pool
    is_open = page.final is None
    insures = policies.can_revise(actor, row)
    return {
        "may_revise": insures and is_open and page.waiting is None,
        "may_decide": page.waiting is not None
        and policies.can_decide_revision(actor, row, page.waiting.proposed_by_id),
        "may_act": insures and is_open,
        "may_clear": insures and is_open and page.is_over,
        "may_simulate": policies.can_simulate(actor, row),
        "sees_members": policies.can_see_members(actor, row),
        "sees_sums": policies.can_see_sums(actor, row),
        "opens_bills": policies.can_open_bills(actor, row),
    }


def _days(
    request: ActorRequest, pool_id: UUID, institution_id: UUID | None
) -> HttpResponse:
    before = _day(request.GET.get("cursor", ""))
    page = house_page(request.actor, pool_id, institution_id, before)
    note_look(request.actor, "look_house", page.pool)
    context = {"page": page, "bills": bills_of(request, page.pool), **NAMES}
    return render(request, "budget/house.html", context)


def _year(asked: str, years: list[int]) -> int:
    if asked.isascii() and asked.isdigit() and int(asked) in years:
        return int(asked)
    return years[0] if years else timezone.localdate().year


def _day(asked: str) -> date | None:
    try:
        return date.fromisoformat(asked)
    except ValueError:
        return None
