"""Accounts of staff: opened with the post, kept by whoever keeps its institutions."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.db import transaction

from yilian.foundation.access.actor import Actor, Role
from yilian.foundation.access.scope import find, require
from yilian.foundation.idempotency.services import once
from yilian.foundation.identity import services as identity
from yilian.foundation.identity.models import Account
from yilian.foundation.identity.rules import AccountKind, IdentityCheck, ResetReason
from yilian.kernel.errors import NotFound
from yilian.kernel.ids import new_id
from yilian.kernel.text import _
from yilian.registry.directory import policies
from yilian.registry.directory.models import Institution, PractitionerRole
from yilian.registry.directory.services.posts import (
    BY_ANOTHER,
    add_practitioner,
    appoint,
)

NOT_IN_KEEPING = _(
    "这个账号由其他管理员管理：本机构系统管理员管理本机构账号，三员账号由安全管理员管理。"
)

NOT_WATCHED = _(
    "第二重验证由安全管理员重置：本机构的，或主管其全部岗位的部门的安全管理员。"
)


@dataclass(frozen=True, slots=True)
class TakenOn:
    """`password` only the first time: it is shown once and kept nowhere."""

    post: PractitionerRole
    password: str | None


@transaction.atomic
def take_on(
    actor: Actor,
    *,
    key: UUID,
    institution_id: UUID,
    department_id: UUID | None,
    name: str,
    sex: str,
    title: str,
    username: str,
    roles: Iterable[Role],
    starts_on: date,
) -> TakenOn:
    """Somebody new: the person, the account, the post, in one act."""
    institution = find(Institution.objects.all(), institution_id)
    given = frozenset(roles)
    require(policies.can_appoint(actor, institution, given), BY_ANOTHER)
    passwords: list[str] = []

    def make() -> UUID:
        person = add_practitioner(
            actor,
            key=new_id(),
            institution_id=institution_id,
            name=name,
            sex=sex,
            title=title,
        )
        account = identity.open_account(
            actor, username=username, kind=AccountKind.STAFF
        )
        post = appoint(
            actor,
            practitioner_id=person.pk,
            institution_id=institution_id,
            department_id=department_id,
            roles=given,
            period=(starts_on, None),
            account_id=account.pk,
        )
        passwords.append(identity.reset_password(actor, account.pk))
        return post.pk

    post_id = once(actor, key, "take-on", make)
    post = PractitionerRole.objects.select_related("account", "institution")
    return TakenOn(post.get(pk=post_id), passwords[0] if passwords else None)


@transaction.atomic
def reset_password(actor: Actor, account_id: UUID) -> str:
    _require_keeper(actor, account_id)
    return identity.reset_password(actor, account_id)


@transaction.atomic
def lock_account(actor: Actor, account_id: UUID) -> Account:
    _require_keeper(actor, account_id)
    return identity.lock(actor, account_id)


@transaction.atomic
def unlock_account(actor: Actor, account_id: UUID) -> Account:
    _require_keeper(actor, account_id)
    return identity.unlock(actor, account_id)


@transaction.atomic
def reset_second_factor(
    actor: Actor, account_id: UUID, *, reason: ResetReason, checked: IdentityCheck
) -> Account:
    posts = _posts_in_sight(actor, account_id)
    require(policies.can_reset_second_factor(actor, posts), NOT_WATCHED)
    return identity.reset_second_factor(
        actor, account_id, reason=reason, checked=checked
    )


def _require_keeper(actor: Actor, account_id: UUID) -> None:
    """In sight through any post, kept through all: whoever keeps one hospital does
    not decide on somebody who also works in another."""
    posts = _posts_in_sight(actor, account_id)
    require(policies.can_keep_account(actor, posts), NOT_IN_KEEPING)


def _posts_in_sight(actor: Actor, account_id: UUID) -> list[PractitionerRole]:
    posts = list(
        PractitionerRole.objects.filter(account=account_id).select_related(
            "institution"
        )
    )
    if not any(policies.can_see_staff(actor, post.institution) for post in posts):
        raise NotFound
    return posts
