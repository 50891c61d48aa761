"""A pool as a workbook: standards, use by month, houses, advances."""

from uuid import UUID

from django.http import HttpResponse
from django.views.decorators.http import require_GET

from yilian.foundation.access.middleware import ActorRequest
from yilian.foundation.access.views import signed_in
from yilian.insurance.budget.queries import pages
from yilian.insurance.budget.queries.pages import PoolPage
from yilian.insurance.budget.services import note_export
from yilian.insurance.budget.views.official import Table, sheet, table
from yilian.kernel.money import from_fen
from yilian.kernel.text import _


@signed_in
@require_GET
def pool(request: ActorRequest, pool_id: UUID) -> HttpResponse:
    page = pages.pool_page(request.actor, pool_id)
    tables = [_standards(page), _months(page), _advances(page)]
    if page.houses is not None:
        tables.append(_houses(page))
    note_export(request.actor, "pool", page.pool, rows=sum(len(t.rows) for t in tables))
    row = page.pool
    return sheet(
        f"budget-{row.area_code}-{row.year}",
        tables,
        title=f"{row.consortium.alias} {row.year}",
        number=f"{row.area_code}-{row.year}",
        signs=(_("制表"), _("审核人")),
    )


def _standards(page: PoolPage) -> Table:
    row = page.revision
    lines = (
        ()
        if row is None
        else (
            (_("人头总额"), row.pool_amount),
            (_("大病保险保费"), row.premium_amount),
            (_("风险储备金"), row.reserve_amount),
            (_("可用额度"), row.available),
            (_("每月预付"), row.monthly_advance),
            (_("质量保证金"), row.deposit),
            (_("已使用"), from_fen(page.curve.spent)),
            (_("全年预测"), page.curve.at_end),
        )
    )
    return table(_("总额"), (_("项目"), _("金额（元）")), lines)


def _months(page: PoolPage) -> Table:
    return table(
        _("各月使用"),
        (_("月份"), _("当月（元）"), _("累计（元）"), _("预算线（元）"), _("性质")),
        [
            (
                str(m.month),
                from_fen(m.spent),
                from_fen(m.in_all),
                from_fen(m.line),
                _("预测") if m.is_foreseen else _("实际"),
            )
            for m in page.curve.months
        ],
    )


def _advances(page: PoolPage) -> Table:
    return table(
        _("月度预付"),
        (_("月份"), _("应付（元）"), _("实付（元）"), _("拨付日期"), _("凭证")),
        [(str(a.month), a.due, a.amount, a.paid_on, a.evidence) for a in page.advances],
    )


def _houses(page: PoolPage) -> Table:
    houses = page.houses
    lines = [*houses.inside, *houses.outside] if houses else []
    return table(
        _("机构使用"),
        (_("机构"), _("住院（元）"), _("门诊（元）"), _("合计（元）"), _("人次"),
         _("位置")),
        [
            (
                line.name or _("区外机构"), line.stays, line.visits, line.basic,
                line.cases, _("内部") if line.is_inside else _("外部"),
            )
            for line in lines
        ],
    )  # fmt: skip
