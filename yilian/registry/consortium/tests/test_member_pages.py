"""Founding, joining and leaving on the page: who may, what is refused and why."""

from datetime import date
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from yilian.foundation.access.actor import Role
from yilian.foundation.audit.models import AuditEntry
from yilian.kernel.ids import new_id
from yilian.registry.consortium.models import Consortium, Membership
from yilian.registry.consortium.rules import Form, MemberRole
from yilian.registry.consortium.tests.cast import a_day, make_consortium, make_member
from yilian.registry.consortium.tests.test_pages import as_role, words
from yilian.registry.directory.models import Department, Institution
from yilian.registry.directory.rules import InstitutionKind, Level
from yilian.registry.directory.tests.cast import make_authority, make_institution

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.urls("yilian.registry.directory.tests.urls"),
]
ALL = [role for role in Role if role is not Role.RESIDENT]


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
    )


@pytest.fixture
def body(city: Institution, county: Institution) -> Consortium:
    made = make_consortium(authority=city)
    make_member(made, county, MemberRole.LEAD)
    return made


def joining(who: Institution, **facts: Any) -> dict[str, Any]:
    return {
        "idempotency_key": str(new_id()), "institution_id": who.code, "department": "",
        "role": "member", "tie": "trusteeship", "tightness": "tight",
        "is_territorial": "on", "starts_on": f"{a_day()}", "ends_on": "",
    } | facts  # fmt: skip


def founding(lead: Institution, **facts: Any) -> dict[str, Any]:
    return {
        "idempotency_key": str(new_id()), "code": "CC-9", "alias": "永宁县医共体",
        "form": "county_consortium", "area_code": "640121", "founded_on": f"{a_day()}",
        "institution_id": lead.code, "tie": "group_operation", "tightness": "tight",
    } | facts  # fmt: skip


@pytest.mark.parametrize("role", ALL)
@pytest.mark.parametrize("at", ["lead", "authority", "stranger"])
def test_only_the_lead_and_the_governing_change_members(
    role: Role,
    at: str,
    client: Client,
    city: Institution,
    county: Institution,
    township: Institution,
    body: Consortium,
) -> None:
    houses = {"lead": county, "authority": city}
    as_role(client, houses.get(at) or make_institution("别家医院"), role)
    may = (at, role) in {
        ("lead", Role.CONSORTIUM_OFFICE), ("authority", Role.OFFICER)
    }  # fmt: skip
    detail = words(client.get(reverse("consortium:detail", args=[body.pk])))
    assert ("加入成员" in detail) is may
    assert ("登记退出" in detail) is may
    address = reverse("consortium:join", args=[body.pk])
    assert client.get(address).status_code == (200 if may else 403)
    answer = client.post(address, joining(township))
    assert answer.status_code == (302 if may else 403)
    assert Membership.objects.filter(institution=township).exists() is may
    if not may:
        assert "NX-5.3-h" in words(answer)
        member = make_member(body, township)
        leaving = reverse("consortium:leave", args=[member.pk])
        assert client.post(leaving, {"ends_on": f"{a_day()}"}).status_code == 403


@pytest.mark.parametrize("role", ALL)
def test_only_officers_found(
    role: Role, client: Client, city: Institution, county: Institution
) -> None:
    as_role(client, city, role)
    may = role is Role.OFFICER
    listed = words(client.get(reverse("consortium:list")))
    assert ("设立医联体" in listed) is may
    address = reverse("consortium:found")
    assert client.get(address).status_code == (200 if may else 403)
    typed = founding(county)
    for _twice in range(2):
        assert client.post(address, typed).status_code == (302 if may else 403)
    assert Consortium.objects.count() == may


def test_a_city_does_not_found_the_regions_group(
    client: Client, city: Institution
) -> None:
    lead = make_institution("自治区总医院", level=Level.TERTIARY)
    as_role(client, city, Role.OFFICER)
    typed = founding(lead, form="hospital_group")
    answer = client.post(reverse("consortium:found"), typed)
    assert answer.status_code == 403
    assert "NX-5.3-h" in words(answer)
    assert AuditEntry.objects.filter(outcome="refused").count() == 1


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"institution_id": "nowhere"}, "请从列表中选择机构"),
        ({"institution_id": "<b>x</b>"}, "请从列表中选择机构"),
        ({"department": "没有的科"}, "没有这个科室"),
        ({"ends_on": f"{date(2020, 1, 1)}"}, "须在开始日期之后"),
        ({"starts_on": "2023-02-30"}, "日期"),
        ({"tie": "x"}, "x"),
        ({"role": "king"}, "king"),
        ({"idempotency_key": "x"}, "form"),
    ],
)
def test_a_wrong_member_comes_back_filled(
    wrong: dict[str, str],
    said: str,
    client: Client,
    county: Institution,
    township: Institution,
    body: Consortium,
) -> None:
    as_role(client, county, Role.CONSORTIUM_OFFICE)
    address = reverse("consortium:join", args=[body.pk])
    typed = joining(township, institution_id_words="望远") | wrong
    answer = client.post(address, typed)
    assert answer.status_code == 422
    assert said in words(answer)
    assert 'value="望远"' in words(answer)
    assert "<b>x</b>" not in words(answer)
    assert Membership.objects.count() == 1


def test_who_does_not_fit_is_told_the_clause(
    client: Client, city: Institution, county: Institution, township: Institution
) -> None:
    town = make_consortium(Form.CITY_CONSORTIUM, authority=city, alias="城市医共体")
    make_member(town, county, MemberRole.LEAD)
    as_role(client, county, Role.CONSORTIUM_OFFICE)
    address = reverse("consortium:join", args=[town.pk])
    answer = client.post(address, joining(township))
    assert answer.status_code == 422
    assert "NX-2.1.2-b" in words(answer)
    as_role(client, city, Role.OFFICER)
    social = make_institution("仁和医院", sponsor="social")
    answer = client.post(reverse("consortium:found"), founding(social))
    assert answer.status_code == 422
    assert "NX-2.1.3-b" in words(answer)


def test_a_department_joins_an_alliance_alone(
    client: Client, city: Institution, county: Institution, township: Institution
) -> None:
    alliance = make_consortium(Form.SPECIALTY_ALLIANCE, authority=city, alias="联盟")
    Department.objects.create(
        institution=county, name="胸痛中心", specialty="emergency"
    )
    as_role(client, city, Role.OFFICER)
    address = reverse("consortium:join", args=[alliance.pk])
    whole = client.post(address, joining(county))
    assert "NX-2.1.4-b" in words(whole)
    done = client.post(address, joining(county, department="胸痛中心"))
    assert done.status_code == 302
    assert "胸痛中心" in words(client.get(done["Location"]))


def test_joining_again_in_the_same_time_is_refused(
    client: Client, county: Institution, township: Institution, body: Consortium
) -> None:
    as_role(client, county, Role.CONSORTIUM_OFFICE)
    address = reverse("consortium:join", args=[body.pk])
    assert client.post(address, joining(township)).status_code == 302
    again = client.post(address, joining(township))
    assert again.status_code == 422
    assert "已是成员" in words(again)


def test_a_member_leaves_and_the_lead_does_not_leave_alone(
    client: Client, county: Institution, township: Institution, body: Consortium
) -> None:
    member = make_member(body, township, period=(a_day(-30), None))
    as_role(client, county, Role.CONSORTIUM_OFFICE)
    leaving = reverse("consortium:leave", args=[member.pk])
    for wrong in ("", "x", f"{a_day(-60)}"):
        assert client.post(leaving, {"ends_on": wrong}).status_code == 422
    gone = client.post(leaving, {"ends_on": f"{a_day()}"})
    assert gone.status_code == 204
    assert gone["HX-Refresh"] == "true"
    page = words(client.get(reverse("consortium:detail", args=[body.pk])))
    assert "望远镇卫生院" not in page
    assert client.post(leaving, {"ends_on": f"{a_day(1)}"}).status_code == 409
    lead = Membership.objects.get(institution=county)
    alone = client.post(
        reverse("consortium:leave", args=[lead.pk]), {"ends_on": f"{a_day()}"}
    )
    assert alone.status_code == 409
    assert "牵头单位" in words(alone)
    strange = reverse("consortium:leave", args=[new_id()])
    assert client.post(strange, {"ends_on": f"{a_day()}"}).status_code == 404


def test_an_ended_consortium_changes_no_more(
    client: Client, city: Institution, county: Institution, township: Institution
) -> None:
    over = make_consortium(authority=city, ended_on=a_day(-1))
    as_role(client, city, Role.OFFICER)
    page = words(client.get(reverse("consortium:detail", args=[over.pk])))
    assert "加入成员" not in page
    answer = client.post(reverse("consortium:join", args=[over.pk]), joining(township))
    assert answer.status_code == 422
    assert "已经终止" in words(answer)
