"""Who may take the next step with somebody else's draft."""

from uuid import UUID

from yilian.foundation.access.actor import Actor, Reach, Role
from yilian.insurance.policy import policies
from yilian.kernel.areas import short
from yilian.registry.directory.models import PractitionerRole
from yilian.registry.directory.queries import today
from yilian.registry.directory.rules import reach_of


def deciders(area_code: str, *, drafted_by: UUID) -> list[UUID]:
    """The accounts with a post today in which they may review and release it."""
    posts = PractitionerRole.objects.held_on(today()).filter(
        roles__contains=[Role.INSURER.value], account__is_active=True
    )
    held = posts.values_list("account_id", "roles", "institution__area_code")
    return sorted(
        {
            account_id
            for account_id, roles, place in held
            if account_id
            and policies.can_decide(
                _in_post(account_id, roles, place), area_code, drafted_by=drafted_by
            )
        }
    )


def _in_post(account_id: UUID, names: list[str], place: str) -> Actor:
    """As far as the policy looks at somebody."""
    roles = frozenset(map(Role, names))
    reach = reach_of(roles)
    area = short(place) if reach is Reach.AREA else ""
    return Actor(account_id=account_id, reach=reach, roles=roles, area_code=area)
