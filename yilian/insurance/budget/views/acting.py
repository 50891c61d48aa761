"""One form for each thing an insurer does to a pool; all look alike."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from uuid import UUID

from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from yilian.foundation.access.forms import show
from yilian.foundation.access.middleware import ActorRequest
from yilian.foundation.access.scope import find, require
from yilian.foundation.access.views import signed_in
from yilian.foundation.idempotency.answering import key_of
from yilian.insurance.budget import policies, services
from yilian.insurance.budget.forms import (
    AdvanceForm,
    OpenForm,
    ReasonForm,
    RefusalForm,
    ReviseForm,
    ScoreForm,
)
from yilian.insurance.budget.models import Advance, Pool, PoolRevision, Refusal
from yilian.insurance.budget.queries import opening, pages, sums
from yilian.insurance.budget.services.keeping import INSURERS
from yilian.kernel.errors import Conflict, Invalid
from yilian.kernel.text import _

Made = Callable[[ActorRequest, Pool, Any], object]
Drawn = Callable[[Pool, Any], Form]


@dataclass(frozen=True, slots=True)
class PoolAct:
    """A form on a page of its own, and what it calls."""

    title: str
    button: str
    grounds: tuple[tuple[str, str], ...]  # words, clause
    form: Drawn
    act: Made


def _revise_form(pool: Pool, typed: Any) -> Form:
    revision = sums.revision_of_year(pool)
    first: dict[str, Any] = {"starts_on": timezone.localdate()}
    if revision is not None:
        first |= opening.as_typed(revision)
    return ReviseForm(typed, initial=first)


def _advance_form(pool: Pool, typed: Any) -> Form:
    month = opening.next_month(pool)
    revision = sums.revision_on(pool, date(pool.year, month, 1))
    first = {
        "month": month,
        "paid_on": timezone.localdate(),
        "amount": revision.monthly_advance if revision else "",
    }
    return AdvanceForm(typed, initial=first)


def _refusal_form(pool: Pool, typed: Any) -> Form:
    first = {"found_on": timezone.localdate()}
    return RefusalForm(typed, initial=first, houses=pages.member_choices(pool))


def _score_form(pool: Pool, typed: Any) -> Form:
    return ScoreForm(typed)


ACTS: Final[Mapping[str, PoolAct]] = {
    "revise": PoolAct(
        _("修订总额标准"), _("提交复核"),
        ((_("总额按参保人数乘人头标准核定，不按就诊人数。"), "RI-9"),
         (_("由提出人以外的另一位医保经办复核后生效。"), "NX-3.2-e")),
        _revise_form,
        lambda request, pool, form: services.revise_pool(
            request.actor, pool.pk, key=form.key,
            starts_on=form.cleaned_data["starts_on"], terms=form.terms()),
    ),
    "advance": PoolAct(
        _("登记月度预付"), _("登记"),
        ((_("每月预付为可用额度的十二分之一乘预付比例，其余作质量保证金。"), "RI-9"),),
        _advance_form,
        lambda request, pool, form: services.pay_advance(
            request.actor, pool.pk, **form.facts()),
    ),
    "refuse": PoolAct(
        _("登记审核结论"), _("登记"),
        ((_("拒付的金额不计入实际使用。"), "RI-9"),
         (_("不合理费用、虹吸和可避免的外流，超支时全部由医联体承担。"), "RI-9")),
        _refusal_form,
        lambda request, pool, form: services.refuse_amount(
            request.actor, pool.pk, **form.facts()),
    ),
    "score": PoolAct(
        _("登记质量考核得分"), _("登记"),
        ((_("得分决定结余留用比例；低于 60 分不能留用。"), "RI-9"),
         (_("登记时保存当时的监测指标，防止推诿病人换取结余。"), "RI-9")),
        _score_form,
        lambda request, pool, form: services.set_score(
            request.actor, pool.pk, **form.facts()),
    ),
}  # fmt: skip


@signed_in
@require_http_methods(["GET", "POST"])
def act(request: ActorRequest, pool_id: UUID, what: str) -> HttpResponse:
    pool = find(
        Pool.objects.visible_to(request.actor).select_related("consortium"), pool_id
    )
    require(policies.can_revise(request.actor, pool), INSURERS)
    chosen = ACTS[what]
    form = chosen.form(pool, request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            chosen.act(request, pool, form)
        except (Invalid, Conflict) as error:
            show(form, error)
        else:
            return redirect("budget:pool", pool.pk)
    context = {"pool": pool, "act": chosen, "form": form}
    return render(
        request, "budget/act.html", context, status=422 if form.is_bound else 200
    )


@signed_in
@require_http_methods(["GET", "POST"])
def open_pool(request: ActorRequest) -> HttpResponse:
    actor = request.actor
    require(policies.can_open_some(actor), INSURERS)
    form = OpenForm(
        request.POST if request.method == "POST" else None,
        initial={"year": timezone.localdate().year + 1},
        consortia=opening.consortium_choices(actor.area_code),
    )
    if form.is_valid():
        try:
            made = services.open_pool(
                actor,
                key=form.key,
                consortium_id=UUID(form.cleaned_data["consortium_id"]),
                area_code=form.cleaned_data["area_code"],
                year=form.cleaned_data["year"],
                terms=form.terms(),
            )
        except (Invalid, Conflict) as error:
            show(form, error)
        else:
            return redirect("budget:pool", made.pk)
    status = 422 if form.is_bound else 200
    return render(request, "budget/open.html", {"form": form}, status=status)


# --- one press ----------------------------------------------------------------


@signed_in
@require_POST
def release(request: ActorRequest, revision_id: UUID) -> HttpResponse:
    revision = services.release_revision(request.actor, revision_id)
    return redirect("budget:pool", revision.pool_id)


@signed_in
@require_POST
def reject(request: ActorRequest, revision_id: UUID) -> HttpResponse:
    visible = PoolRevision.objects.filter(
        pool__in=Pool.objects.visible_to(request.actor)
    )
    revision = find(visible, revision_id)
    services.reject_revision(
        request.actor, revision.pk, note=request.POST.get("note", "")
    )
    return redirect("budget:pool", revision.pool_id)


@signed_in
@require_POST
def pre_settle(request: ActorRequest, pool_id: UUID) -> HttpResponse:
    made = services.pre_settle(request.actor, pool_id, key=key_of(request.POST))
    return redirect("budget:clearing", made.pk)


@signed_in
@require_POST
def clear_year(request: ActorRequest, pool_id: UUID) -> HttpResponse:
    made = services.clear_year(request.actor, pool_id, key=key_of(request.POST))
    return redirect("budget:clearing", made.pk)


@signed_in
@require_POST
def roll_up(request: ActorRequest, pool_id: UUID) -> HttpResponse:
    pool = find(Pool.objects.visible_to(request.actor), pool_id)
    services.roll_up(request.actor, pool.pk, sums.first_day(pool), sums.end_of(pool))
    return redirect("budget:pool", pool.pk)


@signed_in
@require_POST
def take_back_advance(request: ActorRequest, advance_id: UUID) -> HttpResponse:
    visible = Advance.objects.filter(pool__in=Pool.objects.visible_to(request.actor))
    pool_id = find(visible, advance_id).pool_id
    services.take_back_advance(request.actor, advance_id, **_reason(request))
    return redirect("budget:pool", pool_id)


@signed_in
@require_POST
def take_back_refusal(request: ActorRequest, refusal_id: UUID) -> HttpResponse:
    visible = Refusal.objects.filter(pool__in=Pool.objects.visible_to(request.actor))
    pool_id = find(visible, refusal_id).pool_id
    services.take_back_refusal(request.actor, refusal_id, **_reason(request))
    return redirect("budget:pool", pool_id)


def _reason(request: ActorRequest) -> dict[str, Any]:
    form = ReasonForm(request.POST)
    if not form.is_valid():
        raise Invalid(fields={"reason": _("请写明原因。")})
    return form.facts()
