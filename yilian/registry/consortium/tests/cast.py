"""Consortia and agreements for tests, made by plain inserts."""

from datetime import date, timedelta

from django.db.backends.postgresql.psycopg_any import DateRange
from django.utils import timezone

from yilian.kernel.ids import new_id
from yilian.registry.consortium.models import (
    Agreement,
    AgreementParty,
    Consortium,
    Membership,
)
from yilian.registry.consortium.rules import (
    AgreementKind,
    Form,
    MemberRole,
    SignatureState,
    Tie,
    Tightness,
)
from yilian.registry.directory.models import Department, Institution
from yilian.registry.directory.tests.cast import SINCE, make_authority


def a_day(days: int = 0) -> date:
    return timezone.localdate() + timedelta(days=days)


def make_consortium(
    form: Form = Form.COUNTY_CONSORTIUM,
    *,
    authority: Institution | None = None,
    alias: str = "永宁县医共体",
    ended_on: date | None = None,
) -> Consortium:
    return Consortium.objects.create(
        code=f"C-{str(new_id())[-12:]}",
        alias=alias,
        form=form,
        governing_authority=authority or make_authority(),
        area_code="640121",
        founded_on=SINCE,
        ended_on=ended_on,
    )


def make_member(
    consortium: Consortium,
    institution: Institution,
    role: MemberRole = MemberRole.MEMBER,
    *,
    department: Department | None = None,
    period: tuple[date, date | None] = (SINCE, None),
) -> Membership:
    return Membership.objects.create(
        consortium=consortium,
        institution=institution,
        department=department,
        role=role,
        tie=Tie.TRUSTEESHIP,
        tightness=Tightness.TIGHT,
        period=DateRange(*period),
    )


def make_agreement(
    *parties: Institution,
    start: date = SINCE,
    end: date | None = None,
    kind: AgreementKind = AgreementKind.REFERRAL,
    is_signed: bool = True,
    consortium: Consortium | None = None,
) -> Agreement:
    agreement = Agreement.objects.create(
        number=f"XY-{str(new_id())[-12:]}",
        kind=kind,
        title="双向转诊协议书",
        consortium=consortium,
        validity=DateRange(start, end or a_day(365)),
        state=SignatureState.SIGNED if is_signed else SignatureState.DRAFT,
    )
    for institution in parties:
        AgreementParty.objects.create(
            agreement=agreement,
            institution=institution,
            signed_on=start if is_signed else None,
        )
    return agreement
