"""The page of a new referral: one page, prefilled, nothing typed is lost."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from yilian.care.referral import policies
from yilian.care.referral.forms_writing import Typed
from yilian.care.referral.models import Referral
from yilian.care.referral.queries import offering, prefill
from yilian.care.referral.queries.under_way import under_way
from yilian.care.referral.rules import reasons
from yilian.care.referral.rules.handover import SECTIONS
from yilian.care.referral.rules.reasons import Urgency
from yilian.care.referral.rules.states import State
from yilian.care.referral.services import drafting, writing
from yilian.care.referral.services.sending import CONSENT_BY, OpenEpisode
from yilian.foundation.access.actor import Actor
from yilian.foundation.access.middleware import ActorRequest
from yilian.foundation.access.scope import find, require
from yilian.foundation.access.views import signed_in
from yilian.foundation.idempotency.answering import done, key_of
from yilian.kernel.errors import Conflict, DomainError, Invalid
from yilian.kernel.text import Text, _
from yilian.kernel.tier import DIRECTION_NAMES, Direction, Tier
from yilian.registry.directory.rules import SPECIALTY_NAMES
from yilian.registry.population.queries import card, sight_of
from yilian.registry.population.rules import GROUP_NAMES, RELATION_NAMES, Scope

Act = Callable[[Typed], Referral]

_WHO: Final = _("只有医疗机构的医师或转诊办公室可以开具转诊单。")
# Where a field without a box of its own name is found.
ANCHORS: Final = {
    "to_institution_id": "destinations-card",
    "to_department_id": "destinations-card",
    "consent_by": "consent-card",
    "urgency": "refer",
    "way": "refer",
}
CONSENT_NAMES: Final[Mapping[str, str]] = {
    "self": _("患者本人"),
    **{relation.value: name for relation, name in RELATION_NAMES.items()},
}
NOT_REFERRED_TO: Final = frozenset(
    {"management", "public_health", "imaging", "laboratory", "pathology"}
)


@signed_in
@require_GET
def new(request: ActorRequest, person_id: UUID) -> HttpResponse:
    refused = _before_the_form(request, person_id)
    if refused is not None:
        return refused
    writing.open_sheet(request.actor, person_id)
    ways = ways_from(request.actor.tier)
    parent_id = _uuid(request.GET.get("parent", ""))
    asked = next((way for way in ways if way == request.GET.get("way")), ways[0])
    known = offering.start(request.actor, person_id, asked, parent_id)
    return _page(request, person_id, Typed.at_start(known), rules=known.rules)


@signed_in
@require_POST
def write(request: ActorRequest, person_id: UUID) -> HttpResponse:
    refused = _before_the_form(request, person_id)
    if refused is not None:
        return refused
    typed = _typed(request)

    def act(typed: Typed) -> Referral:
        facts: dict[str, Any] = {
            "key": typed.idempotency_key,
            "person_id": person_id,
            "sheet": typed.sheet(to_submit=not _only_saves(request)),
            "parent_id": _uuid(typed.parent),
        }
        if _only_saves(request):
            return writing.keep_draft(request.actor, **facts)
        return writing.draft_and_submit(
            request.actor, **facts, consent_by=typed.consent_by
        )

    return _done_or_again(request, person_id, typed, act)


@signed_in
@require_GET
def edit(request: ActorRequest, referral_id: UUID) -> HttpResponse:
    row = _editable(request, referral_id)
    writing.open_sheet(request.actor, row.person_id)
    return _page(request, row.person_id, Typed.of_draft(row), row)


@signed_in
@require_POST
def rewrite(request: ActorRequest, referral_id: UUID) -> HttpResponse:
    key = key_of(request.POST)
    again = writing.written_before(request.actor, key)
    if again is not None:
        return done(request, reverse("referral:detail", args=[again]))
    row = _editable(request, referral_id)
    typed = _typed(request, row)
    to_submit = row.state == State.DRAFT and not _only_saves(request)

    def act(typed: Typed) -> Referral:
        facts: dict[str, Any] = {
            "key": key,
            "sheet": typed.sheet(to_submit=to_submit),
            "revision": int(typed.revision) if typed.revision.isdecimal() else None,
        }
        if not to_submit:
            return writing.save_again(request.actor, row.id, **facts)
        return writing.save_and_submit(
            request.actor, row.id, **facts, consent_by=typed.consent_by
        )

    return _done_or_again(request, row.person_id, typed, act, row)


@signed_in
@require_POST
def destinations(request: ActorRequest, person_id: UUID) -> HttpResponse:
    """Asked again when diagnosis, urgency, specialty or direction change."""
    require(policies.can_draft(request.actor), _WHO)
    drafting.require_sight(request.actor, person_id)
    typed = Typed.of_post(request.POST)
    context = _destinations(request.actor, person_id, typed) | _names() | {"errors": {}}
    return render(request, "referral/_destinations.html", context)


@signed_in
@require_POST
def other_institutions(request: ActorRequest, person_id: UUID) -> HttpResponse:
    """Institutions by name, for whoever knows where the patient is to go."""
    require(policies.can_draft(request.actor), _WHO)
    drafting.require_sight(request.actor, person_id)
    typed = Typed.of_post(request.POST)
    asked = request.POST.get("other", "")
    found = offering.named(request.actor, person_id, typed.wish, asked)
    context = {
        "proposals": found,
        "typed": typed,
        "asked": asked,
        "own_tier": request.actor.tier,
    }
    return render(request, "referral/_other_institutions.html", context)


@signed_in
@require_GET
def handover(request: ActorRequest, person_id: UUID) -> HttpResponse:
    """The parts of the other direction, prefilled once it is wanted."""
    require(policies.can_draft(request.actor), _WHO)
    writing.open_sheet(request.actor, person_id)
    way = Direction.DOWN if request.GET.get("way") == "down" else Direction.UP
    context = {
        "way": way.value,
        "parts": SECTIONS[way],
        "written": prefill.content(request.actor, person_id, way),
        "errors": {},
    }
    return render(request, "referral/_handover.html", context)


def _before_the_form(request: ActorRequest, person_id: UUID) -> HttpResponse | None:
    """Who may not, who is dead, whom one does not see: said before typing."""
    require(policies.can_draft(request.actor), _WHO)
    person = card(request.actor, person_id)
    context = {"person": person, "person_id": person_id, "group_names": GROUP_NAMES}
    if person.died_at is not None:
        return render(request, "referral/has_died.html", context, status=409)
    if sight_of(request.actor, person_id).scope < Scope.SUMMARY:
        return render(request, "referral/no_sight.html", context, status=403)
    return None


def _editable(request: ActorRequest, referral_id: UUID) -> Referral:
    rows = Referral.objects.visible_to(request.actor).select_related(
        "to_institution", "to_department"
    )
    row = find(rows, referral_id)
    why = _("只有转出方可以修改草稿或待补充资料的转诊单。")
    require(policies.can_edit(request.actor, row), why)
    return row


def _typed(request: ActorRequest, row: Referral | None = None) -> Typed:
    typed = Typed.of_post(request.POST)
    if row is not None and row.state != State.DRAFT:
        # The receiver has been asked already: only what it is told may change.
        return typed.bound_to(row)
    typed = typed.going(offering.way_to(request.actor, typed.target_id))
    return replace(typed, rule_ids=offering.fitting(typed.rule_ids, typed.wish.way))


def _only_saves(request: ActorRequest) -> bool:
    return request.POST.get("act") != "submit"


def _done_or_again(
    request: ActorRequest,
    person_id: UUID,
    typed: Typed,
    act: Act,
    row: Referral | None = None,
) -> HttpResponse:
    """To the referral; or the same page with what was typed and what is wrong."""
    try:
        made = act(typed)
    except (Invalid, Conflict) as error:
        return _page(request, person_id, typed, row, error)
    wants_papers = request.POST.get("act") == "attach"
    name = "referral:edit" if wants_papers else "referral:detail"
    return done(request, reverse(name, args=[made.id]))


def _page(
    request: ActorRequest,
    person_id: UUID,
    typed: Typed,
    row: Referral | None = None,
    error: DomainError | None = None,
    *,
    rules: Sequence[offering.RuleLine] | None = None,
) -> HttpResponse:
    actor = request.actor
    context = {
        "person": card(actor, person_id),
        "person_id": person_id,
        "row": row,
        "is_sent": row is not None and row.state != State.DRAFT,
        "under_way": [
            hop
            for hop in under_way(actor, person_id)
            # Going on from a hop is not asking for it twice.
            if hop.id not in (row.id if row else None, typed.parent_id)
        ],
        "error": error.text if error else None,
        "open_id": error.referral_id if isinstance(error, OpenEpisode) else None,
        "errors": _errors(error),
        "anchors": ANCHORS,
        "sections": {way.value: parts for way, parts in SECTIONS.items()},
        "group_names": GROUP_NAMES,
        "rules": offering.rules_of(actor, person_id) if rules is None else rules,
        "is_new": rules is not None,
        **_names(),
        **_destinations(actor, person_id, typed),
    }
    return render(
        request, "referral/new.html", context, status=error.status if error else 200
    )


def _errors(error: DomainError | None) -> dict[str, str | Text]:
    return error.fields if isinstance(error, Invalid) else {}


def _destinations(actor: Actor, person_id: UUID, typed: Typed) -> dict[str, Any]:
    offered = offering.offered(actor, person_id, typed.wish)
    chosen = typed.target_id
    if chosen and chosen not in {p.candidate.institution_id for p in offered}:
        offered = [*offering.one(actor, person_id, typed.wish, chosen), *offered]
    return {
        "typed": typed,
        "person_id": person_id,
        "proposals": offered,
        "own_tier": actor.tier,
        "usual_reason": "emergency" if typed.wish.urgency is Urgency.STAT else "",
        "ways": [(way.value, DIRECTION_NAMES[way]) for way in ways_from(actor.tier)],
    }


def _names() -> dict[str, Any]:
    return {
        "urgencies": list(reasons.URGENCY_NAMES.items()),
        "care_kinds": list(reasons.CARE_KIND_NAMES.items()),
        "skip_reasons": list(reasons.SKIP_REASONS.items()),
        "outside_reasons": list(reasons.OUTSIDE_REASONS.items()),
        "consents": [(code, CONSENT_NAMES[code]) for code in CONSENT_BY],
        "specialties": [
            (c, n) for c, n in SPECIALTY_NAMES.items() if c not in NOT_REFERRED_TO
        ],
    }


def ways_from(tier: Tier | None) -> list[Direction]:
    """No way down from a village, none up from a tertiary hospital; the usual first."""
    if tier is Tier.TERTIARY:
        return [Direction.DOWN, Direction.SAME_TIER]
    if tier is Tier.VILLAGE:
        return [Direction.UP, Direction.SAME_TIER]
    return [Direction.UP, Direction.DOWN, Direction.SAME_TIER]


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
