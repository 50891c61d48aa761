"""Work lists: what has come, what was sent."""

from collections.abc import Mapping
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET

from yilian.care.referral import policies
from yilian.care.referral.queries import desk as lists
from yilian.care.referral.queries.order import spots
from yilian.care.referral.views import rows
from yilian.foundation.access.middleware import ActorRequest
from yilian.foundation.access.scope import require
from yilian.foundation.access.views import signed_in
from yilian.foundation.parameters.working_days import working_days
from yilian.kernel import calendar
from yilian.kernel.text import _
from yilian.registry.directory.queries import duty_now
from yilian.registry.directory.rules import DUTY_NAMES, DutyKind

_MOST_EXPECTED = 12
_WHO = _("只有医疗机构的医师和转诊办公室有转诊工作台。")


@signed_in
@require_GET
def desk(request: ActorRequest) -> HttpResponse:
    """The receiving desk: most urgent and longest waiting on top."""
    require(policies.can_draft(request.actor), _WHO)
    tab = lists.tab_named(lists.RECEIVED, request.GET.get("tab", ""))
    now = timezone.now()
    day = calendar.local_day(now)
    counted, facts = lists.at_desk(
        request.actor, _counted(lists.RECEIVED), calendar.start_of_day(day)
    )
    page = spots(request.actor, "to", tab.states, request.GET.get("cursor"))
    context = {
        "tab": tab,
        "tabs": _tabs(lists.RECEIVED, counted, tab, "referral:desk"),
        "rows": rows.drawn(request.actor, page.lines),
        "next": page.next,
        "facts": facts,
        "beyond": calendar.is_beyond_known(day, working_days(now)),
    }
    return render(request, "referral/desk.html", context)


@signed_in
@require_GET
def sent(request: ActorRequest) -> HttpResponse:
    require(policies.can_draft(request.actor), _WHO)
    tab = lists.tab_named(lists.SENT, request.GET.get("tab", "waiting"))
    counted = lists.counts(request.actor, _counted(lists.SENT), "from")
    page = spots(request.actor, "from", tab.states, request.GET.get("cursor"))
    context = {
        "tab": tab,
        "tabs": _tabs(lists.SENT, counted, tab, "referral:sent"),
        "rows": rows.drawn(request.actor, page.lines),
        "next": page.next,
    }
    return render(request, "referral/sent.html", context)


@signed_in
@require_GET
def desk_count(request: ActorRequest) -> HttpResponse:
    count = lists.waiting_count(request.actor)
    return HttpResponse(str(count) if count else "")


@signed_in
@require_GET
def sent_count(request: ActorRequest) -> HttpResponse:
    count = lists.counts(request.actor, lists.SENT[:1], "from")["open"]
    return HttpResponse(str(count) if count else "")


@signed_in
@require_GET
def urgent_tag(request: ActorRequest) -> HttpResponse:
    count = lists.stat_waiting(request.actor)
    return render(request, "referral/_urgent.html", {"count": count})


@signed_in
@require_GET
def duty(request: ActorRequest) -> HttpResponse:
    """Who answers tonight, for the side bar."""
    here = request.actor.institution_id
    found = [
        (DUTY_NAMES[kind], duty_now(here, kind.value)) for kind in DutyKind if here
    ]
    shown = [(name, line) for name, line in found if line is not None]
    return render(request, "referral/_duty.html", {"lines": shown})


@signed_in
@require_GET
def of_person(request: ActorRequest, person_id: UUID) -> HttpResponse:
    """The referrals on the patient page."""
    hops = lists.of_person(request.actor, person_id)
    context = {
        "hops": hops,
        "person_id": person_id,
        "can_draft": policies.can_draft(request.actor),
    }
    return render(request, "referral/_of_person.html", context)


@signed_in
@require_GET
def expected(request: ActorRequest) -> HttpResponse:
    """Who is to come, beside the reception's list of who is here."""
    hops = lists.expected(request.actor, most=_MOST_EXPECTED)
    context = {
        "hops": hops[:_MOST_EXPECTED],
        "has_more": len(hops) > _MOST_EXPECTED,
        "may_open_desk": policies.can_draft(request.actor),
    }
    return render(request, "referral/_expected.html", context)


@signed_in
@require_GET
def expected_of(request: ActorRequest, person_id: UUID) -> HttpResponse:
    """Said first when somebody is received who was referred here; else nothing."""
    hops = lists.expected(request.actor, person_id)
    return render(request, "referral/_expected_of.html", {"hops": hops})


def _counted(tabs: tuple[lists.Tab, ...]) -> tuple[lists.Tab, ...]:
    """What is done bears no number: there is nothing to do there."""
    return tuple(tab for tab in tabs if tab.key != "done")


def _tabs(
    tabs: tuple[lists.Tab, ...],
    counted: Mapping[str, int],
    current: lists.Tab,
    url: str,
) -> list[tuple[str, str, bool, int | None]]:
    address = reverse(url)
    return [
        (tab.words, f"{address}?tab={tab.key}", tab == current, counted.get(tab.key))
        for tab in tabs
    ]
