"""What remains to be done: going down, follow-ups, overdue clocks explained."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final
from uuid import UUID

from django.core.cache import cache
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from yilian.care.referral import policies
from yilian.care.referral.queries import candidates as beds
from yilian.care.referral.queries import desk
from yilian.care.referral.queries.facts import limits_on
from yilian.care.referral.rules.clocks import CLOCK_NAMES
from yilian.care.referral.rules.going_down import GROUND
from yilian.care.referral.rules.reasons import ALL_BREACH_REASONS, BREACH_REASONS_OF
from yilian.care.referral.services import closing, following
from yilian.care.referral.services.looking import note_look
from yilian.foundation.access.actor import Actor, Reach
from yilian.foundation.access.middleware import ActorRequest
from yilian.foundation.access.scope import require
from yilian.foundation.access.views import signed_in
from yilian.foundation.idempotency.answering import done, key_of
from yilian.kernel import calendar
from yilian.kernel.errors import Invalid
from yilian.kernel.text import Text, _

_WARD: Final = _("只有医疗机构的医师和转诊办公室可以查看可下转名单。")
_CARE: Final = _("只有医疗机构的医护人员和转诊办公室有随访任务。")
_KEPT_SECONDS: Final = 300
FOLLOW_UP_NAMES: Final = {
    "first_visit": _("首次随访"),
    "not_arrived_call": _("未到诊，电话联系"),
    "check_result": _("核实检查结果"),
}


@signed_in
@require_GET
def candidates(request: ActorRequest) -> HttpResponse:
    require(policies.can_draft(request.actor), _WARD)
    ward = beds.ward(request.actor, timezone.now())
    note_look(request.actor, "candidates", ward.shown_persons, rows=ward.inpatients)
    cache.set(_kept(request.actor), len(ward.ready), _KEPT_SECONDS)
    context = {
        "ward": ward,
        "ground": GROUND,
        "can_send_down": beds.can_send_down(request.actor),
    }
    return render(request, "referral/candidates.html", context)


@signed_in
@require_GET
def candidates_count(request: ActorRequest) -> HttpResponse:
    """The small number in the menu: judged at most every five minutes."""
    actor = request.actor
    if not (policies.can_draft(actor) and beds.can_send_down(actor)):
        return HttpResponse("")
    count = cache.get_or_set(
        _kept(actor), lambda: len(beds.ward(actor, timezone.now()).ready), _KEPT_SECONDS
    )
    return HttpResponse(str(count) if count else "")


@signed_in
@require_GET
def follow_ups(request: ActorRequest) -> HttpResponse:
    _require_care(request.actor)
    return _follow_ups(request)


@signed_in
@require_POST
def do_follow_up(request: ActorRequest, follow_up_id: UUID) -> HttpResponse:
    _require_care(request.actor)
    outcome = request.POST.get("outcome", "")
    try:
        following.do_once(
            request.actor, follow_up_id, outcome=outcome, key=key_of(request.POST)
        )
    except Invalid as error:
        wrong = _Wrong(follow_up_id, {"outcome": outcome}, error.fields)
        return _follow_ups(request, wrong)
    return done(request, reverse("referral:follow_ups"))


@signed_in
@require_GET
def breaches(request: ActorRequest) -> HttpResponse:
    require(_works_here(request.actor) and policies.can_explain(request.actor), _CARE)
    return _breaches(request)


@signed_in
@require_POST
def explain_breach(request: ActorRequest, breach_id: UUID) -> HttpResponse:
    typed = {key: request.POST.get(key, "") for key in ("reason_code", "note")}
    try:
        closing.explain_breach(request.actor, breach_id, **typed)
    except Invalid as error:
        return _breaches(request, _Wrong(breach_id, typed, error.fields))
    return redirect("referral:breaches")


@dataclass(frozen=True, slots=True)
class _Wrong:
    """A form that was not right: where it stood, what was typed, what is wrong."""

    at: UUID | None = None
    typed: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, str | Text] = field(default_factory=dict)

    @property
    def status(self) -> int:
        return 200 if self.at is None else Invalid.status


_NOTHING_WRONG: Final = _Wrong()


def _follow_ups(request: ActorRequest, wrong: _Wrong = _NOTHING_WRONG) -> HttpResponse:
    today = calendar.local_day(timezone.now())
    lines = desk.follow_ups(request.actor, today)
    people = [line.referral.person_id for line in lines]
    note_look(request.actor, "follow_ups", people, rows=len(lines))
    limits = limits_on(timezone.now())
    context = {
        "lines": lines,
        "names": FOLLOW_UP_NAMES,
        "today": today,
        "window": timedelta(
            days=limits.last_follow_up_days - limits.first_follow_up_days
        ),
        "wrong": wrong,
    }
    return render(request, "referral/follow_ups.html", context, status=wrong.status)


def _breaches(request: ActorRequest, wrong: _Wrong = _NOTHING_WRONG) -> HttpResponse:
    page = desk.breaches(request.actor, request.GET.get("cursor"))
    people = [line.referral.person_id for line in page.lines]
    note_look(request.actor, "breaches", people, rows=len(people))
    context = {
        "page": page,
        "reasons": {c: list(names.items()) for c, names in BREACH_REASONS_OF.items()},
        "reason_names": ALL_BREACH_REASONS,
        "clocks": {kind.value: name for kind, name in CLOCK_NAMES.items()},
        "wrong": wrong,
    }
    return render(request, "referral/breaches.html", context, status=wrong.status)


def _require_care(actor: Actor) -> None:
    require(_works_here(actor) and policies.can_follow_up(actor), _CARE)


def _works_here(actor: Actor) -> bool:
    return actor.reach in (Reach.INSTITUTION, Reach.DEPARTMENT)


def _kept(actor: Actor) -> str:
    return f"referral.candidates.{actor.institution_id}.{actor.account_id}"
