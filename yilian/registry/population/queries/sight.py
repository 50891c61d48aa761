"""How much of a person an actor sees, and on what ground."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.db.models import Case, F, IntegerField, Value, When

from yilian.foundation.access.actor import Actor, Reach
from yilian.kernel.ids import NIL
from yilian.registry.population.models import Grant, Person, Sight
from yilian.registry.population.rules import Ground, Scope


@dataclass(frozen=True, slots=True)
class Seen:
    """Stored with every read of a record: how much, on what ground, by which grant."""

    scope: Scope
    ground: Ground | None = None
    grant_id: UUID | None = None


UNSEEN: Final = Seen(Scope.NONE)

# Of several grounds that open as much, the calmest is the one that counts.
_PREFERENCE: Final = (
    Ground.ENCOUNTER,
    Ground.CONTRACT,
    Ground.REFERRAL,
    Ground.PRESENCE,
    Ground.CONSENT,
    Ground.REGISTRATION,
    Ground.EMERGENCY,
)


def sight_of(actor: Actor, person_id: UUID) -> Seen:
    if person_id == NIL:
        return Seen(Scope.FULL, Ground.PUBLIC)
    if actor.reach is Reach.SYSTEM:
        return Seen(Scope.FULL, Ground.SYSTEM)
    if actor.reach is Reach.SELF:
        return _own_sight(actor, person_id)
    return _granted_sight(actor, person_id)


def _own_sight(actor: Actor, person_id: UUID) -> Seen:
    if person_id not in actor.person_ids:
        return UNSEEN
    is_self = Person.objects.filter(pk=person_id, account=actor.account_id).exists()
    return Seen(Scope.FULL, Ground.SELF if is_self else Ground.PROXY)


def _granted_sight(actor: Actor, person_id: UUID) -> Seen:
    best = (
        Grant.objects.open_to(actor)
        .filter(person=person_id)
        .annotate(sight=Sight.of(actor, "person_id"))
        .filter(scope=F("sight"))
        .order_by(_rank(), "-created_at")
        .values_list("scope", "ground", "id")
        .first()
    )
    if best is None:
        return UNSEEN
    scope, ground, grant_id = best
    return Seen(Scope(scope), Ground(ground), grant_id)


def _rank() -> Case:
    return Case(
        *(
            When(ground=ground.value, then=Value(rank))
            for rank, ground in enumerate(_PREFERENCE)
        ),
        default=Value(len(_PREFERENCE)),
        output_field=IntegerField(),
    )
