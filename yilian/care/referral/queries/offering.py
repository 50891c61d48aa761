"""What the page of a new referral starts with, and the destinations it offers."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final
from uuid import UUID

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext

from yilian.care.referral.models import Referral
from yilian.care.referral.queries import prefill
from yilian.care.referral.queries.advice import proposals
from yilian.care.referral.rules.destination import Proposal
from yilian.care.referral.rules.reasons import URGENCY_ORDER, CareKind, Urgency
from yilian.foundation.access.actor import Actor
from yilian.foundation.access.composed import ComposedValues
from yilian.foundation.terminology.queries import icd10_name
from yilian.kernel import calendar
from yilian.kernel.names import pinyin_prefix
from yilian.kernel.safe_text import is_blank
from yilian.kernel.tier import Direction, Tier, direction
from yilian.record.advice.groups import groups_of
from yilian.record.advice.loading import shipped
from yilian.record.advice.rules import Direction as advised  # noqa: N813
from yilian.record.advice.rules import Rule
from yilian.record.queries.summaries import problems
from yilian.registry.directory.models import Institution, InstitutionQuerySet

MOST: Final = 6
MOST_NAMED: Final = 6


@dataclass(frozen=True, slots=True)
class Wish:
    """What shapes the choice of a destination."""

    way: Direction = Direction.UP
    urgency: Urgency = Urgency.ROUTINE
    care_kind: CareKind = CareKind.OUTPATIENT
    specialty: str = ""
    diagnosis_code: str = ""


def offered(actor: Actor, person_id: UUID, wish: Wish) -> list[Proposal]:
    """The best few in the wished direction, best first."""
    return _explained(actor, person_id, wish, None)


def named(actor: Actor, person_id: UUID, wish: Wish, text: str) -> list[Proposal]:
    """By a part of the name, the beginning of its pinyin or initials."""
    if is_blank(text):
        return []
    asked = text.replace("\0", " ").strip()[:40]
    found = Q(legal_name__icontains=asked) | Q(short_name__icontains=asked)
    letters = pinyin_prefix(asked)
    if letters:
        found |= Q(pinyin__startswith=letters) | Q(initials__startswith=letters)
    rows = _reached(actor, wish.way).filter(found).order_by("pinyin", "pk")
    ids = list(rows.values_list("pk", flat=True)[:MOST_NAMED])
    return _explained(actor, person_id, wish, ids) if ids else []


def one(
    actor: Actor, person_id: UUID, wish: Wish, institution_id: UUID
) -> list[Proposal]:
    """The chosen one, when it is not among the best."""
    return _explained(actor, person_id, wish, [institution_id])


def way_to(actor: Actor, institution_id: UUID | None) -> Direction | None:
    """Up, down or across, as the tiers of both say; None where that is unknown."""
    if institution_id is None or actor.tier is None:
        return None
    found = _TIER.ask(key=institution_id)
    return direction(actor.tier, Tier(found[0][0])) if found else None


_TIER: Final = ComposedValues(
    lambda key: Institution.objects.receiving().filter(pk=key).values_list("tier")
)


@dataclass(frozen=True, slots=True)
class RuleLine:
    """A rule that fires: what may be named as the ground of a referral."""

    rule_id: str
    title: str
    way: Direction
    urgency: Urgency
    group: str


@dataclass(frozen=True, slots=True)
class Start:
    """What the page knows before anything is typed."""

    way: Direction
    content: Mapping[str, str]
    rules: tuple[RuleLine, ...] = ()
    urgency: Urgency = Urgency.ROUTINE
    diagnosis_code: str = ""
    diagnosis_name: str = ""
    specialty: str = ""
    reason: str = ""
    rule_ids: tuple[str, ...] = ()
    parent_id: UUID | None = None


def rules_of(actor: Actor, person_id: UUID) -> list[RuleLine]:
    """The rules that fire for this person at this tier, gravest first."""
    fired = [one for one in prefill.advice(actor, person_id) if one.fires]
    lines = [
        RuleLine(one.rule_id, one.title, _WAYS[one.direction],
                 Urgency(one.referral_urgency.value), one.group or "")
        for one in fired
        if one.direction in _WAYS
    ]  # fmt: skip
    return sorted(lines, key=lambda line: URGENCY_ORDER[line.urgency])


def start(
    actor: Actor, person_id: UUID, way: Direction, parent_id: UUID | None
) -> Start:
    """Prefilled from the record, its rules, and the hop that brought the person."""
    rules = rules_of(actor, person_id)
    fired = [line for line in rules if line.way is way]
    parent = _parent(actor, person_id, parent_id)
    group = fired[0].group if fired else ""
    code, name = _diagnosis(actor, person_id, parent, group)
    return Start(
        way=way,
        content=prefill.content(actor, person_id, way),
        rules=tuple(rules),
        urgency=fired[0].urgency if fired else Urgency.ROUTINE,
        diagnosis_code=code,
        diagnosis_name=name,
        specialty=parent.specialty if parent else _SPECIALTY_OF.get(group, ""),
        reason=gettext("；").join(gettext(line.title) for line in fired[:2])[:_REASON],
        rule_ids=tuple(line.rule_id for line in fired),
        parent_id=parent.id if parent else None,
    )


_REASON: Final = 512
_MOST_TRIED: Final = 5
ICD10: Final = "http://hl7.org/fhir/sid/icd-10"
_WAYS: Final = {
    advised.UP: Direction.UP,
    advised.EMERGENCY: Direction.UP,
    advised.DOWN: Direction.DOWN,
}
_SPECIALTY_OF: Final = {"hypertension": "cardiology", "diabetes": "endocrinology"}


def fitting(rule_ids: Iterable[str], way: Direction) -> tuple[str, ...]:
    """Those that speak for this direction: a rule for going up is no ground to go
    down."""
    ways = {rule.rule_id: _WAYS.get(rule.direction) for rule in _shipped_rules()}
    return tuple(rule_id for rule_id in rule_ids if ways.get(rule_id) is way)


@cache
def _shipped_rules() -> tuple[Rule, ...]:
    return tuple(rule for pack in shipped() for rule in pack.rules)


def _diagnosis(
    actor: Actor, person_id: UUID, parent: Referral | None, group: str
) -> tuple[str, str]:
    """Of the hop before; else an active problem that the coding knows, first of the
    disease whose rule fires."""
    if parent is not None:
        return parent.diagnosis_code, parent.diagnosis_name
    lines = [placed.line for placed in problems(actor, person_id)]
    codes = [line.code for line in lines if line.is_active and line.code]
    codes.sort(key=lambda code: group not in groups_of(ICD10, code))
    for code in codes[:_MOST_TRIED]:
        name = icd10_name(code)
        if name:
            return code, name
    return "", ""


def _parent(actor: Actor, person_id: UUID, parent_id: UUID | None) -> Referral | None:
    """Only one that brought this person to this house."""
    if parent_id is None:
        return None
    rows = Referral.objects.visible_to(actor).filter(person=person_id)
    return rows.filter(pk=parent_id, to_institution=actor.institution_id).first()


def _reached(actor: Actor, way: Direction) -> InstitutionQuerySet:
    today = calendar.local_day(timezone.now())
    own = actor.tier or Tier.VILLAGE
    tiers = [tier.value for tier in Tier if direction(own, tier) is way]
    rows = Institution.objects.open_on(today).receiving()
    elsewhere = Q() if actor.institution_id is None else ~Q(pk=actor.institution_id)
    return rows.filter(elsewhere, tier__in=tiers)


def _explained(
    actor: Actor, person_id: UUID, wish: Wish, ids: list[UUID] | None
) -> list[Proposal]:
    return proposals(
        actor,
        person_id,
        diagnosis_code=wish.diagnosis_code,
        urgency=wish.urgency,
        specialty=wish.specialty,
        way=wish.way,
        limit=MOST,
        only=ids,
    )
