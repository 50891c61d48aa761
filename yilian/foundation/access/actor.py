"""Who acts: the first argument of every service, query and policy."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final, Self
from uuid import UUID

from yilian.kernel.text import _
from yilian.kernel.tier import Tier


class Role(StrEnum):
    PHYSICIAN = "physician"
    NURSE = "nurse"
    PHARMACIST = "pharmacist"
    REFERRAL_DESK = "referral_desk"
    CONSORTIUM_OFFICE = "consortium_office"
    INSURER = "insurer"
    PRICING = "pricing"  # keeps the price catalogue (NX-5.2-c)
    FINANCE = "finance"  # the insurance and finance office of an institution
    OFFICER = "officer"
    RESIDENT = "resident"
    AUDIT_ADMIN = "audit_admin"
    SECURITY_ADMIN = "security_admin"
    SYSTEM_ADMIN = "system_admin"


ROLE_NAMES: Final[Mapping[Role, str]] = {
    Role.PHYSICIAN: _("医师"),
    Role.NURSE: _("护士"),
    Role.PHARMACIST: _("药师"),
    Role.REFERRAL_DESK: _("转诊办公室"),
    Role.CONSORTIUM_OFFICE: _("医联体办公室"),
    Role.INSURER: _("医保经办"),
    Role.PRICING: _("价格管理"),
    Role.FINANCE: _("医保财务"),
    Role.OFFICER: _("卫健管理人员"),
    Role.RESIDENT: _("居民"),
    Role.AUDIT_ADMIN: _("审计管理员"),
    Role.SECURITY_ADMIN: _("安全管理员"),
    Role.SYSTEM_ADMIN: _("系统管理员"),
}

# Separate powers, 三员分立: one post never joins two of these.
SEPARATE_POWERS: Final = frozenset(
    {Role.AUDIT_ADMIN, Role.SECURITY_ADMIN, Role.SYSTEM_ADMIN}
)


class Reach(StrEnum):
    """How far an actor's sight goes (decisions 3)."""

    INSTITUTION = "institution"
    DEPARTMENT = "department"
    CONSORTIUM = "consortium"  # rows of the consortium, no persons
    AREA = "area"  # counts, no persons
    SELF = "self"  # the resident and those they stand for
    AUDIT = "audit"  # what was done, not the records themselves
    SYSTEM = "system"  # clocks and handlers, never a person at a screen


@dataclass(frozen=True, slots=True)
class Actor:
    """An account in one post, or a resident, or the system's own clock."""

    account_id: UUID | None
    reach: Reach
    roles: frozenset[Role] = frozenset()
    name: str = ""
    post_id: UUID | None = None
    practitioner_id: UUID | None = None
    institution_id: UUID | None = None
    institution_name: str = ""
    is_authority: bool = False  # the institution is a commission or bureau
    tier: Tier | None = None
    department_id: UUID | None = None
    consortium_ids: frozenset[UUID] = frozenset()
    area_code: str = ""  # AREA only, without filling zeros: "6401"
    has_other_posts: bool = False
    # The resident's own person and those they stand for, 代办 (SELF only).
    person_ids: frozenset[UUID] = field(default_factory=frozenset)
    origin: str = ""  # from where: network address, or the name of a clock
    must_have_second_factor: bool = False  # the institution of the post demands it
    owes_second_factor: bool = False  # demanded, and not yet put on

    def has(self, *roles: Role) -> bool:
        return not self.roles.isdisjoint(roles)

    def from_origin(self, origin: str) -> Self:
        return replace(self, origin=origin)


def system_actor(origin: str) -> Actor:
    """A clock or a handler acting by rule; `origin` names it in the audit."""
    return Actor(account_id=None, reach=Reach.SYSTEM, name=origin, origin=origin)
