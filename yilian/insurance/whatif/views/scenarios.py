"""The workshop: the list, a new scenario, its result, two side by side, a file."""

from typing import Any, Final
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from yilian.foundation.access.forms import said, show
from yilian.foundation.access.middleware import ActorRequest
from yilian.foundation.access.scope import require
from yilian.foundation.access.views import signed_in
from yilian.foundation.audit.services import record
from yilian.insurance.budget.views.official import sheet, table
from yilian.insurance.policy.queries import version
from yilian.insurance.policy.queries.drafts import version_lines
from yilian.insurance.policy.rules.editing import split
from yilian.insurance.policy.rules.files import SetWrong
from yilian.insurance.policy.rules.sets import ParameterSet
from yilian.insurance.policy.rules.sheets import cells, sections
from yilian.insurance.policy.rules.typing_in import typed
from yilian.insurance.whatif import policies
from yilian.insurance.whatif.forms import ScenarioForm
from yilian.insurance.whatif.models import Scenario
from yilian.insurance.whatif.queries import pages
from yilian.insurance.whatif.services.making import WHO, make
from yilian.kernel.calendar import local_day
from yilian.kernel.errors import Conflict, Invalid, NotFound
from yilian.kernel.text import _

KINDS: Final = {"queued": "calm", "running": "urgent", "done": "good", "failed": "stat"}


@signed_in
@require_GET
def listing(request: ActorRequest) -> HttpResponse:
    require(policies.can_try(request.actor), WHO)
    context = {
        "page": pages.scenarios(request.actor, request.GET.get("cursor")),
        "kinds": KINDS,
    }
    return render(request, "whatif/list.html", context)


@signed_in
@never_cache
@require_http_methods(["GET", "POST"])
def new(request: ActorRequest) -> HttpResponse:
    require(policies.can_try(request.actor), WHO)
    lines = version_lines(request.actor)
    asked = _uuid(request.POST.get("base") or request.GET.get("base", ""))
    base_id = asked or (lines[0].id if lines else None)
    if base_id is None:
        return render(request, "whatif/new.html", {"versions": [], "form": None})
    base = version(base_id)
    today = local_day(timezone.now())
    form = ScenarioForm(
        request.POST if request.method == "POST" else None,
        initial={"year": today.year - 1, "elasticity": "0"},
    )
    wrong: dict[str, str] = {}
    if form.is_valid():
        made, wrong = _made(request, form, base_id, base)
        if made is not None:
            return redirect("whatif:scenario", made.id)
    context = {
        "form": form,
        "versions": [(line.id, f"{line.name} {line.title}") for line in lines],
        "base_id": base_id,
        "sections": [one for one in sections(base, today) if one.id != "budget"],
        "typed": request.POST,
        "wrong": wrong,
    }
    status = 422 if form.is_bound else 200
    return render(request, "whatif/new.html", context, status=status)


@signed_in
@require_GET
def scenario(request: ActorRequest, scenario_id: UUID) -> HttpResponse:
    require(policies.can_try(request.actor), WHO)
    row = pages.scenario(request.actor, scenario_id)
    other_id = _uuid(request.GET.get("with", ""))
    other = pages.scenario(request.actor, other_id) if other_id else None
    is_done = row.state == Scenario.State.DONE
    context: dict[str, Any] = {
        "row": row,
        "kinds": KINDS,
        "changes": pages.changes_of(row),
        "found": pages.shown(row) if is_done else None,
        "change_names": list(pages.CHANGE_NAMES.values()),
        "others": pages.others(request.actor, row) if is_done else [],
        "other": other,
        "beside": _beside(row, other),
        "is_paper": request.GET.get("paper") == "1",
    }
    return render(request, "whatif/scenario.html", context)


@signed_in
@require_GET
def export(request: ActorRequest, scenario_id: UUID) -> HttpResponse:
    require(policies.can_try(request.actor), WHO)
    row = pages.scenario(request.actor, scenario_id)
    if row.state != Scenario.State.DONE:
        raise Conflict(_("试算还没有完成，不能导出。"))
    found = pages.shown(row)
    heads = (
        _("分组"), _("人次"), _("现行基金支付（元）"), _("试算基金支付（元）"),
        _("基金增减（元）"), _("现行个人负担（元）"), _("试算个人负担（元）"),
        _("个人增减（元）"),
    )  # fmt: skip
    money = (_("项目"), _("现行（元）"), _("试算（元）"), _("增减（元）"))
    tables = [table(_("资金"), money, found.funds)]
    for words, lines in found.tables:
        rows = [
            (
                said(one.label), one.services, one.fund_today, one.fund_tried,
                one.fund_difference, one.patient_today, one.patient_tried,
                one.patient_difference,
            )
            for one in lines
        ]  # fmt: skip
        tables.append(table(words, heads, rows))
    names = [_("人群"), *pages.CHANGE_NAMES.values()]
    people = [(label, *counts) for label, counts in found.changes]
    tables.append(table(_("多付与少付的人数"), names, people))
    record(request.actor, "whatif.export", object_kind="scenario", object_id=row.id)
    name = f"scenario-{row.year}-{str(row.id)[-6:]}"
    return sheet(name, tables, title=row.name, number=row.digest[:12])


def _made(
    request: ActorRequest, form: ScenarioForm, base_id: UUID, base: ParameterSet
) -> tuple[Scenario | None, dict[str, str]]:
    try:
        changes = _changes(request, base)
        return make(request.actor, base_id=base_id, changes=changes, **form.told()), {}
    except SetWrong as error:
        return None, {one.path: said(one.text) for one in error.problems}
    except (Invalid, Conflict) as error:
        show(form, error)
    return None, {}


def _changes(request: ActorRequest, base: ParameterSet) -> dict[str, Any]:
    """The values that are not as the set has them."""
    found: dict[str, Any] = {}
    for cell in cells(base, local_day(timezone.now())):
        text = request.POST.get(cell.path)
        if text is None or text.replace("\r\n", "\n").strip() == cell.field:
            continue
        key, _below = split(cell.path)
        found[cell.path] = typed(key.leaf, text) if key else text
    return found


def _beside(row: Scenario, other: Scenario | None) -> list[tuple[str, Any, Any, Any]]:
    """Funds of two scenarios of the same year: today, the one, the other."""
    if other is None or row.result is None:
        return []
    if other.result is None or (other.year, other.area_code) != (
        row.year, row.area_code,
    ):  # fmt: skip
        raise NotFound
    pairs = zip(pages.shown(row).funds, pages.shown(other).funds, strict=True)
    return [(a[0], a[1], a[2], b[2]) for a, b in pairs]


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
