"""Grants of sight: who creates a ground to see somebody writes it down here."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db import connection, transaction

from yilian.foundation.access.actor import Actor
from yilian.foundation.access.services import Said, together, write
from yilian.kernel.ids import new_id
from yilian.registry.population.rules import Ground, Scope

# A later act on the same evidence may widen the scope and move the end. Once two
# accounts stand behind it, or proof came in, it no longer rests on one alone.
_UPSERT: Final = """
INSERT INTO population_grant AS kept (
    id, person_id, institution_id, ground, scope, evidence_kind, evidence_id, period,
    made_by_id, sole_account_id, only_account_id, created_at)
VALUES (%s, %s, %s, %s, %s, %s, %s, tstzrange(statement_timestamp(), %s), %s, %s, %s,
    statement_timestamp())
ON CONFLICT (person_id, institution_id, evidence_kind, evidence_id) DO UPDATE SET
    scope = GREATEST(kept.scope, EXCLUDED.scope),
    ground = EXCLUDED.ground,
    period = tstzrange(
        CASE WHEN kept.period @> statement_timestamp() THEN lower(kept.period)
             ELSE statement_timestamp() END,
        upper(EXCLUDED.period)),
    sole_account_id = CASE
        WHEN kept.sole_account_id = EXCLUDED.sole_account_id
        THEN kept.sole_account_id END
"""

_LIMIT: Final = """
UPDATE population_grant SET period = tstzrange(
    lower(period), GREATEST(lower(period), COALESCE(%(until)s, statement_timestamp())))
WHERE evidence_kind = %(kind)s AND evidence_id = %(evidence)s
  AND (%(institution)s::uuid IS NULL OR institution_id = %(institution)s)
  AND NOT isempty(period)
  AND (upper(period) IS NULL OR upper(period) > statement_timestamp())
"""


@transaction.atomic(savepoint=False)
def give_grant(
    actor: Actor,
    *,
    person_id: UUID,
    institution_id: UUID,
    ground: Ground,
    scope: Scope,
    evidence_kind: str,
    evidence_id: UUID,
    until: datetime | None = None,
    is_sole: bool = False,
) -> UUID:
    """Open a person to an institution on this evidence; again, to widen it.

    `is_sole`: it rests on the actor's word alone, and so does not open for them
    (decisions 4).
    """
    return _given(
        _upsert(
            actor,
            person_id,
            institution_id,
            (ground, scope),
            (evidence_kind, evidence_id),
            until=until,
            sole=actor.account_id if is_sole else None,
        )
    )


@transaction.atomic(savepoint=False)
def give_emergency_grant(
    actor: Actor, *, person_id: UUID, evidence_id: UUID, until: datetime
) -> UUID:
    """Break-glass: opens for this account only, and for a short time."""
    return _given(
        _upsert(
            actor,
            person_id,
            actor.institution_id,
            (Ground.EMERGENCY, Scope.FULL),
            ("break_glass", evidence_id),
            until=until,
            only=actor.account_id,
        )
    )


@dataclass(frozen=True, slots=True)
class House:
    """Where a person is opened to, how far, and whether on that house's word alone."""

    institution_id: UUID
    scope: Scope
    is_sole: bool


@transaction.atomic(savepoint=False)
def give_grants(
    actor: Actor,
    houses: Iterable[House],
    *,
    person_id: UUID,
    ground: Ground,
    evidence_kind: str,
    evidence_id: UUID,
) -> None:
    """`give_grant` to several houses, each another one, on the same evidence."""
    with together():
        for house in houses:
            write(
                _upsert(
                    actor,
                    person_id,
                    house.institution_id,
                    (ground, house.scope),
                    (evidence_kind, evidence_id),
                    sole=actor.account_id if house.is_sole else None,
                )
            )


@transaction.atomic(savepoint=False)
def limit_grants(
    *,
    evidence_kind: str,
    evidence_id: UUID,
    until: datetime,
    institution_id: UUID | None = None,
) -> int:
    """Let what rests on this evidence end then, who saw by it unchanged."""
    return _limit(evidence_kind, evidence_id, institution_id, until)


@transaction.atomic(savepoint=False)
def end_grants(
    *, evidence_kind: str, evidence_id: UUID, institution_id: UUID | None = None
) -> int:
    """Close what rests on this evidence now; rows stay, for those who ask later."""
    return _limit(evidence_kind, evidence_id, institution_id, None)


def _upsert(
    actor: Actor,
    person_id: UUID,
    institution_id: UUID | None,
    sight: tuple[Ground, Scope],
    evidence: tuple[str, UUID],
    *,
    until: datetime | None = None,
    sole: UUID | None = None,
    only: UUID | None = None,
) -> Said:
    (ground, scope), made_by = sight, actor.account_id
    told = [new_id(), person_id, institution_id, ground.value, int(scope), *evidence]
    return _UPSERT, [*told, until, made_by, sole, only]


def _given(said: Said) -> UUID:
    statement, told = said
    with connection.cursor() as cursor:
        cursor.execute(f"{statement} RETURNING id", told)
        grant_id: UUID = cursor.fetchone()[0]
    return grant_id


def _limit(
    kind: str, evidence_id: UUID, institution_id: UUID | None, until: datetime | None
) -> int:
    facts: dict[str, Any] = {
        "kind": kind,
        "evidence": evidence_id,
        "institution": institution_id,
        "until": until,
    }
    with connection.cursor() as cursor:
        cursor.execute(_LIMIT, facts)
        return int(cursor.rowcount)
