"""What the page of a new referral starts with, and the destinations it offers."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Final
from uuid import UUID

from django.db.models import Q
from django.utils import timezone

from yilian.care.referral.models import Referral
from yilian.care.referral.rules.destination import Proposal
from yilian.care.referral.rules.reasons import CareKind, Urgency
from yilian.foundation.access.actor import Actor
from yilian.kernel import calendar
from yilian.kernel.names import pinyin_prefix
from yilian.kernel.safe_text import is_blank
from yilian.kernel.tier import Direction, Tier, direction
from yilian.registry.directory.models import Institution, InstitutionQuerySet

HERE: Final = "yilian.care.referral.queries"
HAS_ADVICE: Final = find_spec(f"{HERE}.advice") is not None
HAS_PREFILL: Final = find_spec(f"{HERE}.prefill") is not None
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
    return _explained(actor, person_id, wish, None)[:MOST]


def named(actor: Actor, person_id: UUID, wish: Wish, text: str) -> list[Proposal]:
    """By a part of the name, the beginning of its pinyin or initials."""
    if is_blank(text):
        return []
    asked = text.strip()[:40]
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
    tiers = Institution.objects.receiving().filter(pk=institution_id)
    tier = tiers.values_list("tier", flat=True).first()
    return direction(actor.tier, Tier(tier)) if tier else None


@dataclass(frozen=True, slots=True)
class Start:
    """What the page knows before anything is typed."""

    content: Mapping[str, str]
    diagnosis_code: str = ""
    diagnosis_name: str = ""
    specialty: str = ""
    rule_ids: tuple[str, ...] = ()
    parent_id: UUID | None = None


def start(
    actor: Actor, person_id: UUID, parent_id: UUID | None, ways: Iterable[Direction]
) -> Start:
    """Prefilled from the record, and from the hop that brought the person here."""
    content: dict[str, str] = {}
    if HAS_PREFILL:
        from yilian.care.referral.queries import prefill

        for way in ways:
            content |= prefill.content(actor, person_id, way)
    parent = _parent(actor, person_id, parent_id)
    if parent is None:
        return Start(content)
    return Start(
        content,
        diagnosis_code=parent.diagnosis_code,
        diagnosis_name=parent.diagnosis_name,
        specialty=parent.specialty,
        parent_id=parent.id,
    )


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
    return rows.filter(tier__in=tiers).exclude(pk=actor.institution_id)


def _explained(
    actor: Actor, person_id: UUID, wish: Wish, ids: list[UUID] | None
) -> list[Proposal]:
    return []
