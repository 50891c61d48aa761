"""Who may change the directory. What it says of institutions is for everybody."""

from collections.abc import Sequence

from yilian.foundation.access.actor import SEPARATE_POWERS, Actor, Reach, Role
from yilian.kernel.areas import lies_in
from yilian.registry.directory.models import Institution, PractitionerRole


def can_open_institutions(actor: Actor, area_code: str) -> bool:
    """The system administrator of the authority in whose area it lies."""
    if actor.reach is Reach.SYSTEM:
        return True
    return actor.has(Role.SYSTEM_ADMIN) and _governs(actor, area_code)


def can_close(actor: Actor, institution: Institution) -> bool:
    return can_open_institutions(actor, institution.area_code)


def can_administer(actor: Actor, institution: Institution) -> bool:
    """Posts and departments: its own administrator, or the authority's."""
    if can_open_institutions(actor, institution.area_code):
        return True
    is_own = actor.institution_id == institution.pk
    return is_own and actor.has(Role.SYSTEM_ADMIN)


def can_appoint(actor: Actor, institution: Institution, roles: frozenset[str]) -> bool:
    """Separate powers are given and taken by the security administrator: whoever
    keeps the system does not choose who watches it."""
    if actor.reach is Reach.SYSTEM or not roles & SEPARATE_POWERS:
        return can_administer(actor, institution)
    return keeps_watch(actor, institution)


def keeps_watch(actor: Actor, institution: Institution) -> bool:
    """The security administrator of the authority in whose area it lies."""
    return actor.has(Role.SECURITY_ADMIN) and _governs(actor, institution.area_code)


def can_set_sign_in_rule(actor: Actor, institution: Institution) -> bool:
    """The institution's own security administrator, or the authority's."""
    is_own = actor.institution_id == institution.pk
    return actor.has(Role.SECURITY_ADMIN) and (
        is_own or keeps_watch(actor, institution)
    )


def can_reset_second_factor(actor: Actor, posts: Sequence[PractitionerRole]) -> bool:
    """Through all posts that stand, or when none does, through all there were."""
    standing = [post for post in posts if post.left_at is None] or posts
    return bool(standing) and all(
        can_set_sign_in_rule(actor, post.institution) for post in standing
    )


def can_keep_staff(actor: Actor, institution: Institution) -> bool:
    """Somebody new on the staff: for an ordinary post or for a separate power."""
    return can_administer(actor, institution) or keeps_watch(actor, institution)


def can_keep_account(actor: Actor, posts: Sequence[PractitionerRole]) -> bool:
    """Through all posts that stand, or when none does, through all there were."""
    standing = [post for post in posts if post.left_at is None] or posts
    return bool(standing) and all(
        can_appoint(actor, post.institution, frozenset(post.roles)) for post in standing
    )


def can_plan_duty(actor: Actor, institution: Institution) -> bool:
    is_own = actor.institution_id == institution.pk
    return can_administer(actor, institution) or (
        is_own and actor.has(Role.REFERRAL_DESK)
    )


def can_see_staff(actor: Actor, institution: Institution) -> bool:
    """Colleagues see each other; so does who keeps the accounts of the area."""
    is_own = actor.institution_id == institution.pk
    watches = keeps_watch(actor, institution)
    return is_own or watches or can_administer(actor, institution)


def _governs(actor: Actor, area_code: str) -> bool:
    # An empty area would enclose every other.
    has_area = actor.is_authority and actor.area_code != ""
    return has_area and lies_in(area_code, actor.area_code)
