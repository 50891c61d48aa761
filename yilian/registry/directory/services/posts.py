"""People and their posts: taken up, and left at once, 任岗与离岗."""

from collections.abc import Iterable
from datetime import date
from uuid import UUID

from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from django.db.models import Q
from django.utils import timezone

from yilian.foundation.access.actor import Actor, Role
from yilian.foundation.access.scope import find, require
from yilian.foundation.audit import services as audit
from yilian.foundation.idempotency.services import once
from yilian.foundation.identity.models import Account
from yilian.foundation.identity.rules import AccountKind
from yilian.foundation.outbox.services import publish
from yilian.kernel.errors import Conflict, Invalid, NotFound
from yilian.kernel.names import clean_name, pinyin_of
from yilian.kernel.text import _
from yilian.registry.directory import fhir, policies
from yilian.registry.directory.events import PostLeft
from yilian.registry.directory.models import (
    Department,
    Institution,
    Practitioner,
    PractitionerRole,
)
from yilian.registry.directory.rules import (
    POWERS_JOINED,
    InstitutionKind,
    joins_powers,
    roles_problem,
)
from yilian.registry.directory.services.duty import end_duty_of
from yilian.registry.directory.services.institutions import ONLY_ADMINISTRATORS
from yilian.registry.ports import record_sink

Period = tuple[date, date | None]
BY_ANOTHER = _(
    "岗位由本机构或主管部门的系统管理员任免；三员岗位只由主管部门的安全管理员任免。"
)


@transaction.atomic
def add_practitioner(
    actor: Actor,
    *,
    key: UUID,
    institution_id: UUID,
    name: str,
    sex: str = "9",
    title: str = "",
    specialties: Iterable[str] = (),
    licence_number: str = "",
    phone: str = "",
) -> Practitioner:
    """Somebody new on the staff; `institution_id` says who answers for the entry."""
    institution = find(Institution.objects.all(), institution_id)
    require(policies.can_keep_staff(actor, institution), ONLY_ADMINISTRATORS)
    tidy = clean_name(name)

    def make() -> UUID:
        made = Practitioner.objects.create(
            name=tidy,
            pinyin=pinyin_of(tidy).full[:120],
            sex=sex,
            title=title,
            specialties=list(specialties),
            licence_number=licence_number,
            phone=phone,
        )
        record_sink().put(actor, fhir.practitioner_resource(made))
        audit.record(
            actor, "practitioner.add", object_kind="practitioner", object_id=made.pk
        )
        return made.pk

    return Practitioner.objects.get(pk=once(actor, key, "practitioner", make))


@transaction.atomic
def appoint(
    actor: Actor,
    *,
    practitioner_id: UUID,
    institution_id: UUID,
    department_id: UUID | None,
    roles: Iterable[Role],
    period: Period,
    account_id: UUID | None,
) -> PractitionerRole:
    """A post. The person's row is held, so that two appointments at once cannot
    join what must be separate."""
    institution = find(Institution.objects.all(), institution_id)
    person = find(Practitioner.objects.select_for_update(), practitioner_id)
    post = PractitionerRole(
        practitioner=person,
        account=_account(account_id),
        institution=institution,
        department=_department(institution, department_id),
        roles=sorted(set(roles)),
        period=DateRange(*period),
    )
    require(policies.can_appoint(actor, institution, frozenset(post.roles)), BY_ANOTHER)
    _require_right(post)
    post.save(force_insert=True)
    resource = fhir.practitioner_role(post, tuple(person.specialties))
    record_sink().put(actor, resource)
    _audit(actor, "post.appoint", post)
    return post


@transaction.atomic
def leave_post(actor: Actor, post_id: UUID) -> PractitionerRole:
    """Locks from the next request on; whoever follows takes over the open work."""
    post = find(
        PractitionerRole.objects.select_for_update(of=("self",)).select_related(
            "institution", "practitioner"
        ),
        post_id,
    )
    if not policies.can_see_staff(actor, post.institution):
        raise NotFound
    require(
        policies.can_appoint(actor, post.institution, frozenset(post.roles)),
        BY_ANOTHER,
    )
    if post.left_at is not None:
        raise Conflict(_("该岗位已经离任。"))
    post.left_at = timezone.now()
    post.save(update_fields=["left_at"])
    end_duty_of(post)
    specialties = tuple(post.practitioner.specialties)
    record_sink().put(actor, fhir.practitioner_role(post, specialties))
    publish(PostLeft(post.pk, post.practitioner_id, post.institution_id))
    _audit(actor, "post.leave", post)
    return post


def _account(account_id: UUID | None) -> Account | None:
    if account_id is None:
        return None
    account = find(Account.objects.select_for_update(), account_id)
    if account.kind != AccountKind.STAFF:
        raise Invalid(fields={"account_id": _("居民账号不能担任工作岗位。")})
    return account


def _department(
    institution: Institution, department_id: UUID | None
) -> Department | None:
    if department_id is None:
        return None
    return find(institution.departments.filter(closed_on=None), department_id)


def _require_right(post: PractitionerRole) -> None:
    start, end = post.period.lower, post.period.upper
    if end is not None and end <= start:
        raise Invalid(fields={"ends_on": _("结束日期须在开始日期之后。")})
    if post.institution.closed_on is not None:
        raise Conflict(_("该机构已关闭，不能再设岗位。"))
    roles = frozenset(Role(role) for role in post.roles)
    problem = roles_problem(roles, InstitutionKind(post.institution.kind))
    if problem:
        raise Invalid(fields={"roles": problem})
    others = _other_posts(post)
    if joins_powers(roles, *(frozenset(map(Role, other.roles)) for other in others)):
        raise Invalid(fields={"roles": POWERS_JOINED})
    if any(_is_same_place(post, other) for other in others):
        raise Conflict(_("此人在这一时期已有这个岗位，请先离任再重新任命。"))
    _require_one_person(post)


def _other_posts(post: PractitionerRole) -> list[PractitionerRole]:
    """Posts of the same person or the same account that meet this one in time."""
    same = Q(practitioner=post.practitioner)
    if post.account is not None:
        same |= Q(account=post.account)
    standing = PractitionerRole.objects.filter(same, left_at=None)
    return list(standing.filter(period__overlap=post.period))


def _is_same_place(post: PractitionerRole, other: PractitionerRole) -> bool:
    return (post.practitioner_id, post.institution_id, post.department_id) == (
        other.practitioner_id,
        other.institution_id,
        other.department_id,
    )


def _require_one_person(post: PractitionerRole) -> None:
    if post.account is None:
        return
    taken = post.account.posts.exclude(practitioner=post.practitioner)
    if taken.exists():
        raise Invalid(fields={"account_id": _("这个账号属于另一位工作人员。")})


def _audit(actor: Actor, action: str, post: PractitionerRole) -> None:
    audit.record(
        actor,
        action,
        object_kind="post",
        object_id=post.pk,
        detail={
            "account": str(post.account_id or ""),
            "institution": str(post.institution_id),
            "roles": list(post.roles),
        },
    )
