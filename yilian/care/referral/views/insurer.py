"""The insurer's list of arrived referrals and how each verdict came about."""

from typing import Any, Final
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_GET

from yilian.care.referral.queries import compliance
from yilian.care.referral.queries.compliance import Asked
from yilian.care.referral.rules.compliance import VERDICT_NAMES
from yilian.care.referral.services.looking import note_export, note_look
from yilian.foundation.access.middleware import ActorRequest
from yilian.foundation.access.scope import require
from yilian.foundation.access.views import signed_in
from yilian.foundation.sheets.writing import Sheet, workbook
from yilian.kernel.text import _

_WHO: Final = _("这一页给医保经办人员核对转诊是否合规。")
HEADS: Final = (
    _("转诊单号"), _("姓名（脱敏）"), _("方向"), _("急缓"), _("转出机构"),
    _("接收机构"), _("参保地"), _("提交"), _("接收"), _("到诊"), _("协议有效"),
    _("判定"),
)  # fmt: skip
_WIDTH: Final = 18


@signed_in
@require_GET
def listing(request: ActorRequest) -> HttpResponse:
    require(compliance.may_check(request.actor), _WHO)
    asked = _asked(request)
    now = timezone.now()
    page = compliance.page_of(request.actor, asked, now, request.GET.get("cursor"))
    people = [line.person_id for line in page.lines]
    note_look(request.actor, "compliance_list", people, rows=len(people))
    context = {
        "page": page,
        "asked": asked,
        "verdicts": [(v.value, VERDICT_NAMES[v]) for v in compliance.DECIDED],
        "months": [
            (f"{m:%Y-%m}", f"{m:%Y-%m}") for m in compliance.months_offered(now)
        ],
    }
    return render(request, "referral/compliance.html", context)


@signed_in
@require_GET
def export(request: ActorRequest) -> HttpResponse:
    require(compliance.may_check(request.actor), _WHO)
    asked = _asked(request)
    lines = compliance.exported(request.actor, asked, timezone.now())
    shown = lines[: compliance.MOST_EXPORTED]
    chosen = {"verdict": asked.verdict or "", "month": asked.month_text}
    note_export(
        request.actor, "compliance", rows=len(shown), chosen=chosen,
        person_ids=[line.person_id for line in shown],
    )  # fmt: skip
    rows = [compliance.as_cells(line) for line in shown]
    about = _about(asked, is_cut=len(lines) > len(shown))
    heads = [(head, _WIDTH) for head in HEADS]
    return workbook("compliance", [Sheet("", [about], heads, rows, tab=_("转诊合规"))])


@signed_in
@require_GET
def steps(request: ActorRequest, referral_id: UUID) -> HttpResponse:
    require(compliance.may_check(request.actor), _WHO)
    found = compliance.steps_of(request.actor, referral_id)
    note_look(request.actor, "compliance_read", [found.line.person_id], rows=1)
    context: dict[str, Any] = {"line": found.line, "checks": found.checks}
    return render(request, "referral/compliance_steps.html", context)


def _asked(request: ActorRequest) -> Asked:
    asked = request.GET
    return compliance.read_asked(asked.get("verdict", ""), asked.get("month", ""))


def _about(asked: Asked, *, is_cut: bool) -> str:
    month = asked.month_text or gettext(_("最近十二个月"))
    verdict = (
        gettext(VERDICT_NAMES[asked.verdict])
        if asked.verdict
        else gettext(_("全部判定"))
    )
    words = f"{month} · {verdict}"
    if is_cut:
        most = gettext(_("只导出最近 {most} 条，请按月份分次导出。"))
        words = f"{words} · {most.format(most=compliance.MOST_EXPORTED)}"
    return words
