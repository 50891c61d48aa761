"""Who tries rules out: the insurer and the commission of an area."""

from yilian.foundation.access.actor import Actor, Reach, Role


def can_try(actor: Actor) -> bool:
    has_area = actor.reach is Reach.AREA and bool(actor.area_code)
    return has_area and actor.has(Role.INSURER, Role.OFFICER)
