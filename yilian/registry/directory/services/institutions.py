"""Opening and closing institutions and departments."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Final, TypedDict, Unpack
from uuid import UUID

from django.db import IntegrityError, transaction

from yilian.foundation.access.actor import Actor
from yilian.foundation.access.scope import find, require
from yilian.foundation.audit import services as audit
from yilian.foundation.idempotency.services import once
from yilian.kernel.errors import Conflict, Invalid
from yilian.kernel.names import pinyin_of
from yilian.kernel.phone import PhoneWrong, check_phone
from yilian.kernel.text import Text, _
from yilian.registry.directory import fhir, policies
from yilian.registry.directory.models import Department, Equipment, Institution
from yilian.registry.directory.queries.lines import forget_lines
from yilian.registry.directory.rules import (
    SERVICE_NAMES,
    SPECIALTY_NAMES,
    Grade,
    InstitutionKind,
    Level,
    Sponsor,
    is_credit_code,
    tier_of,
)
from yilian.registry.ports import record_sink

ONLY_THE_AUTHORITY = _("只有主管部门的系统管理员可以设立或关闭本辖区的机构。")
_LONGEST_NUMBER: Final = 20
ONLY_SECURITY = _("只有本机构或其主管部门的安全管理员可以这样做。")
ONLY_ADMINISTRATORS = _("只有本机构或其主管部门的系统管理员可以这样做。")


class Particulars(TypedDict, total=False):
    """What need not be known of a new institution; else as the table has it."""

    short_name: str
    level: Level
    grade: Grade
    sponsor: Sponsor
    ownership: str
    administrative_parent_id: UUID | None
    funding_channel: str
    address: str
    longitude: Decimal | None
    latitude: Decimal | None
    phone: str
    referral_phone: str
    uscc: str
    licence_number: str
    insurance_code: str
    services: Sequence[str]
    opened_on: date | None


@transaction.atomic
def open_institution(
    actor: Actor,
    *,
    key: UUID,
    code: str,
    legal_name: str,
    kind: InstitutionKind,
    area_code: str,
    **told: Unpack[Particulars],
) -> Institution:
    require(policies.can_open_institutions(actor, area_code), ONLY_THE_AUTHORITY)
    institution = Institution(
        code=code, legal_name=legal_name, kind=kind, area_code=area_code, **told
    )
    institution.short_name = institution.short_name or legal_name[:60]
    institution.tier = tier_of(kind, Level(institution.level))
    institution.services = list(institution.services)
    fill_in_reading(institution)

    def make() -> UUID:
        _require_right(institution)
        _insert(institution)
        _put(actor, institution)
        _audit(actor, "institution.open", institution)
        return institution.pk

    return Institution.objects.get(pk=once(actor, key, "institution", make))


@transaction.atomic
def close_institution(
    actor: Actor, institution_id: UUID, *, closed_on: date
) -> Institution:
    """From that day on nobody is referred there; its history stays."""
    institution = find(Institution.objects.select_for_update(), institution_id)
    require(policies.can_close(actor, institution), ONLY_THE_AUTHORITY)
    if institution.closed_on is not None:
        raise Conflict(_("该机构已登记关闭，不能再次关闭。"))
    if institution.opened_on and closed_on <= institution.opened_on:
        raise Invalid(fields={"closed_on": _("关闭日期须在设立日期之后。")})
    institution.closed_on = closed_on
    institution.save(update_fields=["closed_on"])
    _put(actor, institution)
    _audit(actor, "institution.close", institution)
    return institution


@transaction.atomic
def change_contact(
    actor: Actor,
    institution_id: UUID,
    *,
    address: str,
    phone: str,
    referral_phone: str,
    services: Sequence[str],
    help_phone: str = "",
) -> Institution:
    """Where it is, how it is reached, what it offers. Name, parent and funding are
    facts of law that nobody changes here (NX-2.3-a, NX-5.3-c)."""
    institution = find(Institution.objects.select_for_update(), institution_id)
    require(policies.can_administer(actor, institution), ONLY_ADMINISTRATORS)
    if institution.closed_on is not None:
        raise Conflict(_("该机构已登记关闭，资料不再更改。"))
    facts: dict[str, Any] = {
        "address": address,
        **_dialled(phone=phone, referral_phone=referral_phone, help_phone=help_phone),
        "services": sorted(set(services)),
    }
    unknown = set(services) - set(SERVICE_NAMES) - set(institution.services)
    if unknown:
        raise Invalid(fields={"services": _("服务项目中有未知的代码。")})
    changed = {
        name for name, value in facts.items() if value != _kept(institution, name)
    }
    if not changed:
        return institution
    for name in changed:
        setattr(institution, name, facts[name])
    institution.save(update_fields=sorted(changed))
    _put(actor, institution)
    audit.record(
        actor,
        "institution.change_contact",
        object_kind="institution",
        object_id=institution.pk,
        detail={"code": institution.code, "facts": sorted(changed)},
    )
    return institution


@transaction.atomic
def set_sign_in_rule(
    actor: Actor, institution_id: UUID, *, requires_second_factor: bool
) -> Institution:
    """From the next request on: whoever works there and has no second factor is sent
    to put one on."""
    institution = find(Institution.objects.select_for_update(), institution_id)
    require(policies.can_set_sign_in_rule(actor, institution), ONLY_SECURITY)
    if institution.requires_second_factor != requires_second_factor:
        institution.requires_second_factor = requires_second_factor
        institution.save(update_fields=["requires_second_factor"])
        audit.record(
            actor,
            "institution.set_sign_in_rule",
            object_kind="institution",
            object_id=institution.pk,
            detail={"requires_second_factor": requires_second_factor},
        )
    return institution


@transaction.atomic
def open_department(
    actor: Actor,
    *,
    key: UUID,
    institution_id: UUID,
    name: str,
    specialty: str,
    phone: str = "",
    has_ward: bool = False,
    treats: Sequence[str] = (),
    is_national_key: bool = False,
    is_regional_key: bool = False,
    hosts_quality_centre: bool = False,
    hosts_treatment_centre: bool = False,
) -> Department:
    # The row is held, so that two forms cannot open one name twice.
    institution = find(Institution.objects.select_for_update(), institution_id)
    require(policies.can_administer(actor, institution), ONLY_ADMINISTRATORS)
    department = Department(
        institution=institution,
        name=name,
        specialty=specialty,
        phone=phone,
        has_ward=has_ward,
        treats=list(treats),
        is_national_key=is_national_key,
        is_regional_key=is_regional_key,
        hosts_quality_centre=hosts_quality_centre,
        hosts_treatment_centre=hosts_treatment_centre,
    )

    def make() -> UUID:
        _require_department(institution, department)
        department.save(force_insert=True)
        record_sink().put(actor, fhir.department_organization(department))
        audit.record(
            actor,
            "department.open",
            object_kind="department",
            object_id=department.pk,
            detail={"specialty": specialty},
        )
        return department.pk

    return Department.objects.get(pk=once(actor, key, "department", make))


@transaction.atomic
def add_equipment(
    actor: Actor, *, key: UUID, institution_id: UUID, kind: str, name: str, count: int
) -> Equipment:
    institution = find(Institution.objects.all(), institution_id)
    require(policies.can_administer(actor, institution), ONLY_ADMINISTRATORS)
    if count < 1:
        raise Invalid(fields={"count": _("数量至少为 1。")})

    def make() -> UUID:
        made = Equipment.objects.create(
            institution=institution, kind=kind, name=name, count=count
        )
        audit.record(actor, "equipment.add", object_kind="equipment", object_id=made.pk)
        return made.pk

    return Equipment.objects.get(pk=once(actor, key, "equipment", make))


def fill_in_reading(institution: Institution) -> None:
    """What the name is found by when pinyin is typed."""
    institution.pinyin = pinyin_of(institution.legal_name).full[:240]
    institution.initials = pinyin_of(institution.short_name).initials[:60]


def _dialled(**numbers: str) -> dict[str, str]:
    """As they are dialled; each wrong one is named at its field."""
    wrong: dict[str, str | Text] = {}
    right: dict[str, str] = {}
    for name, typed in numbers.items():
        try:
            right[name] = check_phone(typed).value if typed.strip() else ""
        except PhoneWrong as error:
            wrong[name] = error.text
        else:
            if len(right[name]) > _LONGEST_NUMBER:
                wrong[name] = _("号码太长，请核对。")
    if wrong:
        raise Invalid(fields=wrong)
    return right


def _kept(institution: Institution, name: str) -> Any:
    kept = getattr(institution, name)
    return sorted(kept) if isinstance(kept, list) else kept


def _insert(institution: Institution) -> None:
    try:
        with transaction.atomic():
            institution.save(force_insert=True)
    except IntegrityError:
        # Somebody opened it in the same moment: say which fact is taken.
        _require_right(institution)
        raise


def _require_right(institution: Institution) -> None:
    wrong: dict[str, str | Text] = {}
    if Institution.objects.filter(code=institution.code).exists():
        wrong["code"] = _("这个机构代码已经有机构使用。")
    if institution.uscc and not is_credit_code(institution.uscc):
        wrong["uscc"] = _("统一社会信用代码的位数或校验码不对，请对照证书检查。")
    elif Institution.objects.exclude(uscc="").filter(uscc=institution.uscc).exists():
        wrong["uscc"] = _("这个统一社会信用代码已经有机构使用。")
    if not set(institution.services) <= set(SERVICE_NAMES):
        wrong["services"] = _("服务项目中有未知的代码。")
    if not _is_institution(institution.administrative_parent_id):
        wrong["administrative_parent_id"] = _("没有找到这个上级主管单位。")
    if wrong:
        raise Invalid(fields=wrong)


def _is_institution(institution_id: UUID | None) -> bool:
    if institution_id is None:
        return True
    return Institution.objects.filter(pk=institution_id).exists()


def _require_department(institution: Institution, department: Department) -> None:
    if institution.closed_on is not None:
        raise Conflict(_("该机构已关闭，不能再设科室。"))
    if department.specialty not in SPECIALTY_NAMES:
        raise Invalid(fields={"specialty": _("请从列表中选择专科。")})
    if institution.departments.filter(name=department.name).exists():
        raise Invalid(fields={"name": _("本机构已有同名科室。")})


def _put(actor: Actor, institution: Institution) -> None:
    forget_lines()
    sink = record_sink()
    sink.put(actor, fhir.organization(institution))
    sink.put(actor, fhir.location(institution))


def _audit(actor: Actor, action: str, institution: Institution) -> None:
    audit.record(
        actor,
        action,
        object_kind="institution",
        object_id=institution.pk,
        detail={"code": institution.code},
    )
