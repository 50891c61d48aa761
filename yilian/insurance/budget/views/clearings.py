"""A clearing: its working, the two confirmations, and the members' shares."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from yilian.foundation.access.forms import show
from yilian.foundation.access.middleware import ActorRequest
from yilian.foundation.access.scope import require
from yilian.foundation.access.views import signed_in
from yilian.insurance.budget import policies, services
from yilian.insurance.budget.forms import DistributeForm, NoteForm, ReturnForm
from yilian.insurance.budget.queries import clearings
from yilian.insurance.budget.queries.clearings import ClearingPage
from yilian.insurance.budget.services import note_export, note_look
from yilian.insurance.budget.services.clearing import digest_of
from yilian.insurance.budget.views.official import sheet, table
from yilian.insurance.budget.views.pools import NAMES
from yilian.kernel.errors import Conflict, Invalid
from yilian.kernel.text import _


@signed_in
@require_GET
def page(request: ActorRequest, clearing_id: UUID) -> HttpResponse:
    found = _found(request, clearing_id)
    note_look(request.actor, "look_clearing", found.pool)
    return _page(request, found)


@signed_in
@require_GET
def paper(request: ActorRequest, clearing_id: UUID) -> HttpResponse:
    found = _found(request, clearing_id)
    note_look(request.actor, "print", found.pool)
    context = {"page": found, "printed_at": timezone.now(), **NAMES}
    return render(request, "budget/paper.html", context)


@signed_in
@require_POST
def confirm(request: ActorRequest, clearing_id: UUID) -> HttpResponse:
    form = NoteForm(request.POST)
    note = form.cleaned_data["note"] if form.is_valid() else ""
    services.confirm(request.actor, clearing_id, note=note)
    return redirect("budget:clearing", clearing_id)


@signed_in
@require_POST
def send_back(request: ActorRequest, clearing_id: UUID) -> HttpResponse:
    form = ReturnForm(request.POST)
    if not form.is_valid():
        found = _found(request, clearing_id)
        return _page(request, found, status=422, return_form=form)
    services.return_clearing(request.actor, clearing_id, **form.cleaned_data)
    return redirect("budget:clearing", clearing_id)


@signed_in
@require_POST
def distribute(request: ActorRequest, clearing_id: UUID) -> HttpResponse:
    found = _found(request, clearing_id)
    houses = [house.id for house in clearings.to_share_among(found.row)]
    form = DistributeForm(request.POST)
    if form.is_valid():
        try:
            services.distribute(
                request.actor,
                clearing_id,
                **form.facts(),
                weights=form.numbers("weight", houses),
                performances=form.numbers("performance", houses),
            )
        except (Invalid, Conflict) as error:
            show(form, error)
        else:
            return redirect("budget:clearing", clearing_id)
    return _page(request, found, status=422, share_form=form)


@signed_in
@require_GET
def export(request: ActorRequest, clearing_id: UUID) -> HttpResponse:
    found = _found(request, clearing_id)
    row = found.row
    note_export(request.actor, "clearing", found.pool, rows=len(found.shares))
    amounts = table(
        _("清算表"), (_("项目"), _("金额（元）")),
        [
            (_("可用额度"), row.available), (_("内部使用"), row.inside),
            (_("外部使用"), row.outside), (_("上年度变动"), row.carried),
            (_("审核拒付"), row.refused), (_("实际使用"), row.actual),
            (_("结余（负数为超支）"), row.balance), (_("不合理费用"), row.unreasonable),
            (_("考核得分"), row.score), (_("留用结余"), row.retained),
            (_("超支：基金承担"), row.fund_share),
            (_("超支：医联体承担"), row.consortium_share),
            (_("已预付"), row.advanced), (_("应补付（负数为应退回）"), row.due),
        ],
    )  # fmt: skip
    working = table(
        _("计算过程"), (_("步骤"), _("公式"), _("计算"), _("依据")),
        [(s.title, s.formula, s.reading, s.clause) for s in found.steps],
    )  # fmt: skip
    shares = table(
        _("成员分配"),
        (_("机构"), _("层级"), _("层级金额（元）"), _("权重"), _("绩效"),
         _("金额（元）")),
        [
            (s.name, NAMES["level_names"][s.row.level], s.row.level_amount,  # type: ignore[index]
             s.row.weight, s.row.performance, s.row.amount)
            for s in found.shares
        ],
    )  # fmt: skip
    return sheet(
        f"budget-{row.number}",
        [amounts, working, shares],
        title=f"{found.pool.consortium.alias} {found.pool.year}",
        number=row.number,
        signs=(_("计算人"), _("医保复核"), _("医联体确认")),
    )


def _found(request: ActorRequest, clearing_id: UUID) -> ClearingPage:
    row = clearings.visible_clearing(request.actor, clearing_id)
    require(
        policies.can_see_clearings(request.actor),
        _("清算给医保经办、医联体办公室、成员机构医保财务和卫健管理人员看。"),
    )
    return clearings.clearing_page(request.actor, clearing_id, digest_of(row))


def _page(
    request: ActorRequest, found: ClearingPage, *, status: int = 200, **forms: Any
) -> HttpResponse:
    actor, row, pool = request.actor, found.row, found.pool
    is_open = not found.is_returned and not found.is_confirmed
    may_share = found.awaits_shares and policies.can_distribute(actor, pool)
    says = (
        "consortium" if policies.can_confirm_as_consortium(actor, pool) else "insurer"
    )
    may_confirm = policies.can_confirm_as_consortium(
        actor, pool
    ) or policies.can_confirm_as_insurer(actor, pool, row.made_by_id)
    context = {
        "page": found,
        "may_confirm": is_open and may_confirm and says not in found.said,
        "may_return": is_open and policies.can_return(actor, pool),
        "may_share": may_share,
        "may_supplement": policies.can_clear(actor, pool)
        and clearings.can_be_supplemented(found),
        "houses": clearings.to_share_among(row) if may_share else [],
        "sees_members": policies.can_see_members(actor, pool),
        "note_form": NoteForm(),
        "return_form": ReturnForm(),
        "share_form": DistributeForm(),
        **NAMES,
        **forms,
    }
    return render(request, "budget/clearing.html", context, status=status)
