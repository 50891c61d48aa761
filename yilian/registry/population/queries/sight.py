"""How much of a person an actor sees, and on what ground."""

from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.db import connection

from yilian.foundation.access.actor import Actor, Reach
from yilian.kernel.ids import NIL
from yilian.registry.population.models import Person, sight_arguments
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


def is_by_grant(actor: Actor, person_id: UUID) -> bool:
    """Whether `GRANTED` says what the actor sees of this person."""
    reaches_all = actor.reach in (Reach.SYSTEM, Reach.SELF)
    return person_id != NIL and not reaches_all


def _own_sight(actor: Actor, person_id: UUID) -> Seen:
    if person_id not in actor.person_ids:
        return UNSEEN
    is_self = Person.objects.filter(pk=person_id, account=actor.account_id).exists()
    return Seen(Scope.FULL, Ground.SELF if is_self else Ground.PROXY)


def _granted_sight(actor: Actor, person_id: UUID) -> Seen:
    with connection.cursor() as cursor:
        cursor.execute(GRANTED, granted_told(actor, person_id))  # writes: reads only
        best = cursor.fetchone()
    if best is None:
        return UNSEEN
    scope, ground, grant_id, _until = best
    return Seen(Scope(scope), Ground(ground), grant_id)


def granted_told(actor: Actor, person_id: UUID) -> dict[str, Any]:
    """The values that `GRANTED` names."""
    return {
        "person": person_id,
        "institution": actor.institution_id,
        "account": actor.account_id,
        **sight_told(actor),
    }


def sight_told(actor: Actor) -> dict[str, Any]:
    """The values that `SIGHT` names."""
    names = ("reach", "house", "who", "persons")
    return dict(zip(names, sight_arguments(actor), strict=True))


def best_grant(sight: str) -> str:
    """The grant that a sight rests on, as SQL: `GrantQuerySet.open_to`, written out,
    for it is asked in every step of every referral."""
    return f"""
SELECT kept.scope, kept.ground, kept.id, upper(kept.period) AS until
  FROM population_grant kept
 WHERE kept.person_id = %(person)s
   AND kept.institution_id = %(institution)s
   AND kept.period @> statement_timestamp()
   AND (kept.only_account_id IS NULL OR kept.only_account_id = %(account)s)
   AND kept.sole_account_id IS DISTINCT FROM %(account)s
   AND kept.scope = {sight}
 ORDER BY array_position('{{{_CALMEST}}}'::text[], kept.ground::text),
          kept.created_at DESC
 LIMIT 1
"""  # noqa: S608 - words of ours


SIGHT: Final = "population_sight({}, %(reach)s, %(house)s, %(who)s, %(persons)s)"
_CALMEST: Final = ",".join(ground.value for ground in _PREFERENCE)
# For those whom grants let see, as `sight_of` says.
GRANTED: Final = best_grant(SIGHT.format("kept.person_id"))
