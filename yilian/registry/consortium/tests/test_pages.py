"""Consortia and agreements on the screen, for every role."""

from datetime import date
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import DjangoAssertNumQueries

from yilian.foundation.access.actor import Role
from yilian.kernel.ids import new_id
from yilian.registry.consortium.models import Agreement, Consortium
from yilian.registry.consortium.rules import Form, MemberRole
from yilian.registry.consortium.tests.cast import (
    a_day,
    make_agreement,
    make_consortium,
    make_member,
)
from yilian.registry.directory.models import Department, Institution
from yilian.registry.directory.rules import InstitutionKind, Level
from yilian.registry.directory.tests.cast import (
    make_authority,
    make_institution,
    make_post,
)

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.urls("yilian.registry.directory.tests.urls"),
]

EVIL = "<script>alert(1)</script>"
LACKING = "缺少双向转诊协议：绿色通道未开通"


@pytest.fixture
def city() -> Institution:
    return make_authority()


@pytest.fixture
def county() -> Institution:
    return make_institution()


@pytest.fixture
def township() -> Institution:
    return make_institution(
        "望远镇卫生院",
        InstitutionKind.TOWNSHIP_CENTER,
        Level.PRIMARY,
        area_code="640121104",
        legal_name=EVIL + "长" * 90,
    )


@pytest.fixture
def body(city: Institution, county: Institution, township: Institution) -> Consortium:
    made = make_consortium(authority=city, alias=EVIL)
    make_member(made, county, MemberRole.LEAD)
    make_member(made, township)
    return made


def as_role(client: Client, institution: Institution, *roles: Role) -> None:
    post = make_post(institution, *roles)
    assert post.account is not None
    client.force_login(
        post.account, backend="django.contrib.auth.backends.ModelBackend"
    )


def words(answer: Any) -> str:
    return str(answer.content.decode())


@pytest.mark.parametrize(
    ("role", "where"),
    [
        (Role.PHYSICIAN, "county"),
        (Role.NURSE, "township"),
        (Role.PHARMACIST, "county"),
        (Role.REFERRAL_DESK, "township"),
        (Role.CONSORTIUM_OFFICE, "county"),
        (Role.SYSTEM_ADMIN, "county"),
        (Role.OFFICER, "city"),
        (Role.INSURER, "city"),
        (Role.AUDIT_ADMIN, "city"),
        (Role.SECURITY_ADMIN, "city"),
    ],
)
def test_every_page_opens(
    role: Role,
    where: str,
    client: Client,
    body: Consortium,
    county: Institution,
    township: Institution,
    request: pytest.FixtureRequest,
) -> None:
    empty = make_consortium(Form.SPECIALTY_ALLIANCE, alias="空联盟")
    agreement = make_agreement(county, township, consortium=body, end=a_day(30))
    as_role(client, request.getfixturevalue(where), role)
    for page in (
        reverse("consortium:list"),
        f"{reverse('consortium:list')}?form=county_consortium&area=6401",
        f"{reverse('consortium:list')}?form=nonsense&area=x",
        reverse("consortium:detail", args=[body.pk]),
        reverse("consortium:detail", args=[empty.pk]),
        reverse("consortium:of_institution", args=[township.pk]),
        reverse("consortium:agreements_of_institution", args=[township.pk]),
        reverse("consortium:agreement", args=[agreement.pk]),
    ):
        answer = client.get(page)
        assert answer.status_code == 200, page
        assert EVIL not in words(answer)
    drafting = client.get(reverse("consortium:draft"))
    may_draft = role is Role.CONSORTIUM_OFFICE
    assert drafting.status_code == (200 if may_draft else 403)


def test_a_missing_and_an_expired_agreement_are_said(
    client: Client, body: Consortium, county: Institution, township: Institution
) -> None:
    as_role(client, county, Role.PHYSICIAN)
    page = reverse("consortium:detail", args=[body.pk])
    assert LACKING in words(client.get(page))
    make_agreement(county, township, end=a_day(), consortium=body)
    said = words(client.get(page))
    assert LACKING in said
    assert "已过期" in said
    make_agreement(county, township, end=a_day(30), consortium=body)
    said = words(client.get(page))
    assert LACKING not in said
    assert "还有 30 天" in said


def test_a_village_clinic_is_covered_by_its_township(
    client: Client, body: Consortium, county: Institution, township: Institution
) -> None:
    village = make_institution(
        "村卫生室", InstitutionKind.VILLAGE_CLINIC, area_code="640121104205"
    )
    make_member(body, village)
    make_agreement(village, township)
    make_agreement(township, county)
    as_role(client, county, Role.PHYSICIAN)
    page = words(client.get(reverse("consortium:detail", args=[body.pk])))
    assert LACKING not in page


def test_an_alliance_shows_its_departments(client: Client, county: Institution) -> None:
    alliance = make_consortium(Form.SPECIALTY_ALLIANCE, alias="胸痛联盟")
    ward = Department.objects.create(
        institution=county, name="胸痛中心", specialty="chest_pain"
    )
    make_member(alliance, county, department=ward)
    as_role(client, county, Role.PHYSICIAN)
    page = words(client.get(reverse("consortium:detail", args=[alliance.pk])))
    assert "胸痛中心" in page
    assert LACKING not in page


def test_drafting_signing_and_ending_on_the_page(
    client: Client, body: Consortium, county: Institution, township: Institution
) -> None:
    as_role(client, county, Role.CONSORTIUM_OFFICE)
    drafting = reverse("consortium:draft")
    offered = client.get(f"{drafting}?consortium={body.pk}&with={township.pk}")
    assert f'value="{township.pk}" selected' in words(offered)
    typed = {
        "idempotency_key": str(new_id()),
        "number": "XY-2026-001",
        "kind": "referral_agreement",
        "title": "双向转诊协议书",
        "consortium_id": str(body.pk),
        "others": [str(township.pk)],
        "starts_on": f"{a_day()}",
        "last_on": f"{a_day(364)}",
    }
    mistakes: tuple[dict[str, Any], ...] = (
        {"others": []},
        {"others": [str(make_institution("外人").pk)]},
        {"last_on": f"{a_day(-2)}"},
        {"number": ""},
    )
    for wrong in mistakes:
        assert client.post(drafting, typed | wrong).status_code == 422
    done = client.post(drafting, typed)
    made = Agreement.objects.get()
    assert done["Location"] == reverse("consortium:agreement", args=[made.pk])
    assert client.post(drafting, typed)["Location"] == done["Location"]
    assert made.validity.upper == a_day(365)
    signing = reverse("consortium:sign", args=[made.pk])
    assert "代表本机构签署" in words(client.get(done["Location"]))
    assert client.post(signing).status_code == 302
    assert client.post(signing).status_code == 409
    as_role(client, township, Role.CONSORTIUM_OFFICE)
    assert client.post(signing).status_code == 302
    page = words(client.get(done["Location"]))
    assert "有效" in page
    assert "代表本机构签署" not in page
    ending = reverse("consortium:end", args=[made.pk])
    assert client.post(ending, {"reason": "  "}).status_code == 422
    assert client.post(ending, {"reason": "x" * 201}).status_code == 422
    assert client.post(ending, {"reason": EVIL}).status_code == 302
    page = words(client.get(done["Location"]))
    assert "已终止" in page
    assert EVIL not in page


def test_a_stranger_signs_nothing(
    client: Client, county: Institution, township: Institution
) -> None:
    made = make_agreement(county, township, is_signed=False)
    as_role(client, make_institution("别家医院"), Role.CONSORTIUM_OFFICE)
    page = words(client.get(reverse("consortium:agreement", args=[made.pk])))
    assert "代表本机构签署" not in page
    for name in ("sign", "end"):
        address = reverse(f"consortium:{name}", args=[made.pk])
        assert client.post(address, {"reason": "x"}).status_code == 403
    assert client.get(reverse("consortium:detail", args=[new_id()])).status_code == 404


def test_pages_ask_the_database_few_times(
    client: Client,
    body: Consortium,
    county: Institution,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    for n in range(20):
        member = make_institution(f"第{n}卫生院", InstitutionKind.TOWNSHIP_CENTER)
        make_member(body, member)
        make_agreement(county, member, consortium=body, start=date(2020, 1, 1))
    as_role(client, county, Role.PHYSICIAN)
    client.get(reverse("consortium:list"))  # the help line's telephone is kept a while
    with django_assert_max_num_queries(15):
        client.get(reverse("consortium:detail", args=[body.pk]))
    with django_assert_max_num_queries(10):
        client.get(reverse("consortium:list"))
