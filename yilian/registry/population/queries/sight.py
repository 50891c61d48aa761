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


def _own_sight(actor: Actor, person_id: UUID) -> Seen:
    if person_id not in actor.person_ids:
        return UNSEEN
    is_self = Person.objects.filter(pk=person_id, account=actor.account_id).exists()
    return Seen(Scope.FULL, Ground.SELF if is_self else Ground.PROXY)


def _granted_sight(actor: Actor, person_id: UUID) -> Seen:
    with connection.cursor() as cursor:
        told: dict[str, Any] = {
            "person": person_id,
            "institution": actor.institution_id,
            "account": actor.account_id,
            "calmest": _CALMEST,
        }
        cursor.execute(_BEST, told | _sight(actor))
        best = cursor.fetchone()
    if best is None:
        return UNSEEN
    scope, ground, grant_id = best
    return Seen(Scope(scope), Ground(ground), grant_id)


def _sight(actor: Actor) -> dict[str, str]:
    names = ("reach", "house", "who", "persons")
    return dict(zip(names, sight_arguments(actor), strict=True))


_CALMEST: Final = [ground.value for ground in _PREFERENCE]
# `GrantQuerySet.open_to`, written out: asked in every step of every referral.
_BEST: Final = """
SELECT kept.scope, kept.ground, kept.id
  FROM population_grant kept
 WHERE kept.person_id = %(person)s
   AND kept.institution_id = %(institution)s
   AND kept.period @> statement_timestamp()
   AND (kept.only_account_id IS NULL OR kept.only_account_id = %(account)s)
   AND kept.sole_account_id IS DISTINCT FROM %(account)s
   AND kept.scope = population_sight(
       kept.person_id, %(reach)s, %(house)s, %(who)s, %(persons)s)
 ORDER BY array_position(%(calmest)s::text[], kept.ground::text),
          kept.created_at DESC
 LIMIT 1
"""
