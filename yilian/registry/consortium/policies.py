"""Who may found, join and sign. What consortia are is for everybody signed in."""

from collections.abc import Collection
from uuid import UUID

from yilian.foundation.access.actor import Actor, Role
from yilian.registry.consortium.models import Consortium


def can_found(actor: Actor, governing_area: str) -> bool:
    """An officer of the very authority that will govern it (NX-5.3-h)."""
    return _is_officer(actor) and actor.area_code == governing_area


def can_found_some(actor: Actor) -> bool:
    return _is_officer(actor)


def can_change_members(
    actor: Actor, consortium: Consortium, leads: Collection[UUID]
) -> bool:
    """The governing authority, or the consortium office of a leading institution."""
    if _governs(actor, consortium):
        return True
    return actor.has(Role.CONSORTIUM_OFFICE) and actor.institution_id in leads


def can_draft_agreement(actor: Actor, parties: Collection[UUID]) -> bool:
    return actor.has(Role.CONSORTIUM_OFFICE) and actor.institution_id in parties


def can_draft_some(actor: Actor) -> bool:
    return actor.has(Role.CONSORTIUM_OFFICE)


def can_sign(actor: Actor, parties: Collection[UUID]) -> bool:
    """Each party signs for itself, by its consortium office."""
    return can_draft_agreement(actor, parties)


def can_end(
    actor: Actor, parties: Collection[UUID], consortium: Consortium | None
) -> bool:
    if consortium is not None and _governs(actor, consortium):
        return True
    return can_draft_agreement(actor, parties)


def _governs(actor: Actor, consortium: Consortium) -> bool:
    is_there = actor.institution_id == consortium.governing_authority_id
    return _is_officer(actor) and is_there


def _is_officer(actor: Actor) -> bool:
    return actor.is_authority and actor.has(Role.OFFICER)
