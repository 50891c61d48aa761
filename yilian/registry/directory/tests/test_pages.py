"""Every page opens for every role, with data and without, and says nothing raw."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from yilian.foundation.access.actor import Role
from yilian.foundation.audit.models import AuditEntry
from yilian.foundation.identity.models import Account
from yilian.kernel.ids import new_id
from yilian.registry.directory.models import (
    Department,
    DutyShift,
    Equipment,
    Institution,
    PractitionerRole,
)
from yilian.registry.directory.rules import DutyKind, InstitutionKind
from yilian.registry.directory.tests.cast import (
    days_ago,
    make_account,
    make_authority,
    make_institution,
    make_post,
)

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.usefixtures("sink"),
    pytest.mark.urls("yilian.registry.directory.tests.urls"),
]

EVIL = "<script>alert(1)</script>"
OF_HOSPITALS = [
    Role.PHYSICIAN,
    Role.NURSE,
    Role.PHARMACIST,
    Role.REFERRAL_DESK,
    Role.CONSORTIUM_OFFICE,
    Role.SYSTEM_ADMIN,
]
OF_AUTHORITIES = [
    Role.OFFICER,
    Role.INSURER,
    Role.AUDIT_ADMIN,
    Role.SECURITY_ADMIN,
    Role.SYSTEM_ADMIN,
]


@pytest.fixture
def city() -> Institution:
    return make_authority()


@pytest.fixture
def county() -> Institution:
    return make_institution()


@pytest.fixture
def full(city: Institution) -> Institution:
    """With everything an institution can have, and names that try to do harm."""
    made = make_institution(
        EVIL + "院" * 20,
        legal_name=EVIL + "长" * 90,
        administrative_parent=city,
        services=["ct", "unknown_service"],
        phone="0951-8011234",
        opened_on=days_ago(900),
    )
    ward = Department.objects.create(
        institution=made,
        name=EVIL,
        specialty="cardiology",
        treats=["I10"],
        is_national_key=True,
        hosts_quality_centre=True,
    )
    Equipment.objects.create(institution=made, kind="ct", name=EVIL, count=2)
    post = make_post(made, Role.REFERRAL_DESK, name="阿卜杜" * 16, department=ward)
    now = timezone.now()
    DutyShift.objects.create(
        institution=made,
        post=post,
        kind=DutyKind.CHEST_PAIN,
        period=(now - timedelta(hours=1), now + timedelta(hours=7)),
        phone="0951-8011235",
    )
    return made


def as_role(client: Client, institution: Institution, *roles: Role) -> PractitionerRole:
    post = make_post(institution, *roles)
    assert post.account is not None
    client.force_login(
        post.account, backend="django.contrib.auth.backends.ModelBackend"
    )
    return post


def words(answer: Any) -> str:
    return str(answer.content.decode())


def pages(institution: Institution) -> list[str]:
    names = ("detail", "departments", "staff", "duty")
    own = [reverse(f"directory:{name}", args=[institution.pk]) for name in names]
    return [reverse("directory:list"), *own]


@pytest.mark.parametrize("role", OF_HOSPITALS)
def test_every_page_opens_in_a_hospital(
    role: Role, client: Client, county: Institution, full: Institution
) -> None:
    as_role(client, county, role)
    for page in [*pages(county), *pages(full)]:
        answer = client.get(page)
        assert answer.status_code == 200, page
        assert EVIL not in words(answer)


@pytest.mark.parametrize("role", OF_AUTHORITIES)
def test_every_page_opens_in_an_authority(
    role: Role, client: Client, city: Institution, full: Institution
) -> None:
    as_role(client, city, role)
    for page in [*pages(city), *pages(full)]:
        answer = client.get(page)
        assert answer.status_code == 200, page
        assert EVIL not in words(answer)


def test_nobody_sees_anything_before_signing_in(
    client: Client, county: Institution
) -> None:
    for page in pages(county):
        assert client.get(page)["Location"].startswith("/account/sign-in?next=")


def test_the_list_is_found_by_name_pinyin_code_and_filters(
    client: Client, county: Institution
) -> None:
    make_institution(
        "望远镇卫生院",
        InstitutionKind.TOWNSHIP_CENTER,
        area_code="640121104",
        code="640121104-C1",
        pinyin="wangyuanzhenweishengyuan",
        initials="wyzwsy",
    )
    make_institution("旧医院", closed_on=days_ago(1))
    as_role(client, county, Role.PHYSICIAN)
    for query, is_found in (
        ("q=望远", True),
        ("q=wangyuan", True),
        ("q=WYZ", True),
        ("q=640121104-c", True),
        ("kind=township_center&tier=primary&area=640121", True),
        ("q=%25", False),
        ("q=_", False),
        ("tier=tertiary", False),
        ("area=6402", False),
        ("kind=nonsense&area=x&q=望远", True),
        ("cursor=640121104-C1", False),
        ("q=%00", True),
    ):
        answer = client.get(f"{reverse('directory:list')}?{query}")
        assert answer.status_code == 200
        assert ("望远镇卫生院" in words(answer)) is is_found, query
        assert "旧医院" not in words(answer)
    assert "旧医院" in words(client.get(f"{reverse('directory:list')}?closed=on&q=旧"))


def test_a_long_list_comes_in_pages(client: Client, county: Institution) -> None:
    for n in range(60):
        make_institution(f"第{n:02}卫生室", code=f"Z{n:03}")
    as_role(client, county, Role.PHYSICIAN)
    first = words(client.get(f"{reverse('directory:list')}?q=卫生室"))
    assert "第49卫生室" in first
    assert "第50卫生室" not in first
    assert "cursor=Z049" in first
    second = words(client.get(f"{reverse('directory:list')}?q=卫生室&cursor=Z049"))
    assert "第50卫生室" in second
    assert 'rel="next"' not in second


def test_opening_and_closing_on_the_page(client: Client, city: Institution) -> None:
    as_role(client, city, Role.SYSTEM_ADMIN)
    opening = reverse("directory:open")
    assert client.get(opening).status_code == 200
    typed = {
        "idempotency_key": str(new_id()),
        "code": "640121-A9",
        "legal_name": "永宁县第二人民医院",
        "kind": "general_hospital",
        "level": "secondary",
        "grade": "none",
        "sponsor": "government",
        "area_code": "640121",
        "administrative_parent": city.code,
        "opened_on": "2026-01-01",
    }
    wrong = client.post(opening, typed | {"uscc": "123", "area_code": "64012"})
    assert wrong.status_code == 422
    assert "区划代码为" in words(wrong)
    assert "校验码不对" in words(client.post(opening, typed | {"uscc": "1" * 18}))
    done = client.post(opening, typed)
    made = Institution.objects.get(code="640121-A9")
    assert done["Location"] == reverse("directory:detail", args=[made.pk])
    assert client.post(opening, typed)["Location"] == done["Location"]
    assert made.administrative_parent == city
    closing = reverse("directory:close", args=[made.pk])
    assert client.post(closing, {"closed_on": "2025-01-01"}).status_code == 422
    assert client.post(closing, {"closed_on": "2026-03-01"}).status_code == 302
    assert "已关闭" in words(client.get(done["Location"]))


@pytest.mark.parametrize("role", OF_HOSPITALS)
def test_a_hospital_opens_and_closes_nothing(
    role: Role, client: Client, county: Institution
) -> None:
    as_role(client, county, role)
    assert client.get(reverse("directory:open")).status_code == 403
    closing = reverse("directory:close", args=[county.pk])
    assert client.post(closing, {"closed_on": "2030-01-01"}).status_code == 403
    assert "关闭机构" not in words(
        client.get(reverse("directory:detail", args=[county.pk]))
    )


def test_departments_and_duty_on_the_page(client: Client, county: Institution) -> None:
    post = as_role(client, county, Role.REFERRAL_DESK, Role.SYSTEM_ADMIN)
    departments = reverse("directory:departments", args=[county.pk])
    typed = {
        "idempotency_key": str(new_id()),
        "name": "心内科",
        "specialty": "cardiology",
        "treats": "i10 I25",
    }
    assert client.post(departments, typed | {"treats": "10"}).status_code == 422
    assert client.post(departments, typed).status_code == 302
    assert county.departments.get().treats == ["I10", "I25"]
    duty = reverse("directory:duty", args=[county.pk])
    start = timezone.localtime() + timedelta(hours=2)
    shift = {
        "idempotency_key": str(new_id()),
        "post_id": str(post.pk),
        "kind": "referral_office",
        "start": f"{start:%Y-%m-%dT%H:%M}",
        "end": f"{start + timedelta(hours=8):%Y-%m-%dT%H:%M}",
    }
    assert client.post(duty, shift | {"end": shift["start"]}).status_code == 422
    assert client.post(duty, shift).status_code == 302
    made = DutyShift.objects.get()
    assert f"{timezone.localtime(made.period.lower):%H:%M}" == f"{start:%H:%M}"
    again = client.post(duty, shift | {"idempotency_key": str(new_id())})
    assert again.status_code == 422
    assert "已排同类值班" in words(again)
    cancel = reverse("directory:cancel_duty", args=[made.pk])
    assert client.post(cancel).status_code == 302
    assert not DutyShift.objects.exists()


# --- accounts -----------------------------------------------------------------


@pytest.fixture
def doctor(county: Institution) -> Account:
    account = make_account("dr.wang")
    make_post(county, Role.PHYSICIAN, account=account, name="王晓明")
    return account


ACTS = ("reset_password", "lock", "unlock")


@pytest.mark.parametrize(
    ("role", "is_authority", "sees", "keeps"),
    [
        (Role.SYSTEM_ADMIN, False, True, True),
        (Role.SYSTEM_ADMIN, True, True, True),
        (Role.SECURITY_ADMIN, True, True, False),
        (Role.PHYSICIAN, False, False, False),
        (Role.REFERRAL_DESK, False, False, False),
        (Role.OFFICER, True, False, False),
        (Role.AUDIT_ADMIN, True, False, False),
    ],
)
def test_who_sees_and_keeps_accounts(
    role: Role,
    is_authority: bool,
    sees: bool,
    keeps: bool,
    client: Client,
    city: Institution,
    county: Institution,
    doctor: Account,
) -> None:
    as_role(client, city if is_authority else county, role)
    answer = client.get(reverse("directory:accounts"))
    assert answer.status_code == (200 if sees else 403)
    assert ("dr.wang" in words(answer)) is sees
    page = reverse("directory:account", args=[doctor.pk])
    assert client.get(page).status_code == (200 if sees else 403)
    for act in ACTS:
        answer = client.post(reverse(f"directory:{act}", args=[doctor.pk]))
        assert (answer.status_code < 400) is keeps
    doctor.refresh_from_db()
    assert doctor.is_active


def test_an_administrator_elsewhere_does_not_know_the_account(
    client: Client, doctor: Account
) -> None:
    other = make_institution("海原县人民医院", area_code="640522")
    as_role(client, other, Role.SYSTEM_ADMIN)
    assert "dr.wang" not in words(client.get(reverse("directory:accounts")))
    for name in ("account", *ACTS):
        address = reverse(f"directory:{name}", args=[doctor.pk])
        ask = client.get if name == "account" else client.post
        assert ask(address).status_code == 404


def test_one_hospital_does_not_decide_on_somebody_of_two(
    client: Client, county: Institution, doctor: Account
) -> None:
    post = doctor.posts.get()
    make_post(
        make_institution("宁医大总院", area_code="640104"),
        Role.PHYSICIAN,
        account=doctor,
        practitioner=post.practitioner,
    )
    as_role(client, county, Role.SYSTEM_ADMIN)
    page = words(client.get(reverse("directory:account", args=[doctor.pk])))
    assert "宁医大总院" in page
    assert "重置密码" not in page
    address = reverse("directory:reset_password", args=[doctor.pk])
    assert client.post(address).status_code == 403


def test_separate_powers_are_kept_by_the_security_administrator(
    client: Client, city: Institution
) -> None:
    watched = make_account("auditor1")
    make_post(city, Role.AUDIT_ADMIN, account=watched)
    address = reverse("directory:reset_password", args=[watched.pk])
    as_role(client, city, Role.SYSTEM_ADMIN)
    assert client.post(address).status_code == 403
    as_role(client, city, Role.SECURITY_ADMIN)
    assert client.post(address).status_code == 200


def test_somebody_new_gets_a_password_that_is_shown_once(
    client: Client, county: Institution
) -> None:
    as_role(client, county, Role.SYSTEM_ADMIN)
    page = reverse("directory:take_on")
    assert county.code in words(client.get(page))
    typed = {
        "idempotency_key": str(new_id()),
        "name": "马晓燕",
        "sex": "2",
        "title": "主治医师",
        "username": "ma.xiaoyan",
        "institution_code": county.code,
        "roles": ["physician"],
        "starts_on": f"{days_ago(0)}",
    }
    for wrong, said in (
        ({"username": "640121196801012345"}, "登录名为"),
        ({"name": EVIL}, "姓名"),
        ({"roles": ["officer"]}, "只设在管理部门"),
        ({"roles": ["audit_admin"]}, "安全管理员任免"),
        ({"institution_code": "nowhere"}, "没有这个代码"),
        ({"department": "无此科"}, "没有这个科室"),
        ({"institution_code": make_authority().code}, "任免"),
    ):
        answer = client.post(page, typed | wrong)
        assert answer.status_code == 422
        assert said in words(answer)
        assert EVIL not in words(answer)
    assert not Account.objects.filter(username="ma.xiaoyan").exists()
    done = client.post(page, typed)
    account = Account.objects.get(username="ma.xiaoyan")
    password = words(done).split('<code class="code">')[2].split("<")[0]
    assert account.check_password(password)
    assert account.must_change_password
    again = client.post(page, typed)
    assert "只在第一次显示" in words(again)
    assert Account.objects.filter(username="ma.xiaoyan").count() == 1
    actions = set(AuditEntry.objects.values_list("action", flat=True))
    assert {"account.open", "post.appoint", "account.reset_password"} <= actions
    assert password not in str(list(AuditEntry.objects.values()))


def test_a_second_post_and_leaving_it(
    client: Client, county: Institution, doctor: Account
) -> None:
    as_role(client, county, Role.SYSTEM_ADMIN)
    Department.objects.create(institution=county, name="急诊科", specialty="emergency")
    adding = reverse("directory:add_post", args=[doctor.pk])
    typed = {
        "idempotency_key": str(new_id()),
        "institution_code": county.code,
        "department": "急诊科",
        "roles": ["physician"],
        "starts_on": f"{days_ago(0)}",
    }
    assert client.post(adding, typed).status_code == 302
    assert client.post(adding, typed).status_code == 422
    post = doctor.posts.get(department__name="急诊科")
    leaving = reverse("directory:leave_post", args=[post.pk])
    assert client.post(leaving).status_code == 302
    assert client.post(leaving).status_code == 409
    page = words(client.get(reverse("directory:account", args=[doctor.pk])))
    assert "离任" in page


def test_the_security_administrator_sees_who_is_locked_out(
    client: Client, city: Institution, doctor: Account
) -> None:
    stranger = Client()
    for username in ("dr.wang", "6401211968"):
        for _n in range(5):
            stranger.post(
                "/account/sign-in", {"username": username, "password": "wrong"}
            )
    as_role(client, city, Role.SECURITY_ADMIN)
    page = words(client.get(reverse("directory:accounts")))
    assert "登录受限" in page
    assert "另有 1 个不存在的登录名" in page
    assert "6401211968" not in page
    as_role(client, city, Role.SYSTEM_ADMIN)
    assert "登录受限" not in words(client.get(reverse("directory:accounts")))


# --- what a house changes of itself -------------------------------------------

CONTACT = {
    "address": "永宁县杨和街 1 号",
    "phone": "0951-8011234",
    "referral_phone": "",
}


@pytest.mark.parametrize("role", [*OF_HOSPITALS, "authority", "next_door"])
def test_only_administrators_change_how_a_house_is_reached(
    role: Role | str, client: Client, city: Institution, county: Institution
) -> None:
    elsewhere = make_institution("别家医院")
    houses = {"authority": city, "next_door": elsewhere}
    wanted = role if isinstance(role, Role) else Role.SYSTEM_ADMIN
    as_role(client, houses.get(role, county), wanted)
    may = wanted is Role.SYSTEM_ADMIN and role != "next_door"
    page = words(client.get(reverse("directory:detail", args=[county.pk])))
    assert ("更改地址、电话和服务" in page) is may
    address = reverse("directory:change_contact", args=[county.pk])
    answer = client.post(address, CONTACT | {"services": ["ct"]})
    assert answer.status_code == (302 if may else 403)
    county.refresh_from_db()
    assert county.services == (["ct"] if may else [])
    assert AuditEntry.objects.filter(action="institution.change_contact").count() == may


def test_name_parent_and_funding_are_shown_as_fixed_and_stay(
    client: Client, city: Institution, full: Institution, sink: Any
) -> None:
    as_role(client, city, Role.SYSTEM_ADMIN)
    page = words(client.get(reverse("directory:detail", args=[full.pk])))
    inside = page.split("这里不能更改")[1].split("</form>")[0]
    assert "NX-2.3-a" in inside
    assert "NX-5.3-c" in inside
    before = (full.legal_name, full.administrative_parent_id, full.funding_channel)
    typed = CONTACT | {
        "legal_name": "改名", "administrative_parent": "", "funding_channel": "city",
        "services": ["ct", "mr", "unknown_service"],
    }  # fmt: skip
    client.post(reverse("directory:change_contact", args=[full.pk]), typed)
    full.refresh_from_db()
    after = (full.legal_name, full.administrative_parent_id, full.funding_channel)
    assert after == before
    assert full.services == ["ct", "mr", "unknown_service"]
    assert [r for r in sink.resources if r["resourceType"] == "Organization"]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"phone": "123456"}, "电话"),
        ({"referral_phone": EVIL}, "电话"),
        ({"services": ["nonsense"]}, "nonsense"),
        ({"address": "长" * 201}, "200"),
        ({"address": "\x00"}, "控制字符"),
    ],
)
def test_a_wrong_contact_comes_back_at_its_field(
    wrong: dict[str, Any], said: str, client: Client, county: Institution
) -> None:
    as_role(client, county, Role.SYSTEM_ADMIN)
    address = reverse("directory:change_contact", args=[county.pk])
    answer = client.post(address, CONTACT | wrong)
    assert answer.status_code == 422
    assert said in words(answer)
    assert EVIL not in words(answer)
    county.refresh_from_db()
    assert county.phone == ""


def test_a_closed_house_changes_no_more(client: Client, county: Institution) -> None:
    as_role(client, county, Role.SYSTEM_ADMIN)
    Institution.objects.filter(pk=county.pk).update(closed_on=days_ago(1))
    address = reverse("directory:change_contact", args=[county.pk])
    assert client.post(address, CONTACT).status_code == 409
    page = words(client.get(reverse("directory:detail", args=[county.pk])))
    assert "更改地址、电话和服务" not in page


def test_a_picker_finds_open_medical_institutions(
    client: Client, city: Institution, county: Institution
) -> None:
    make_institution("永宁县旧医院", closed_on=days_ago(1))
    as_role(client, county, Role.NURSE)
    pick = reverse("directory:pick")
    found = words(client.get(pick, {"q": "永宁"}))
    assert county.code in found
    assert "旧医院" not in found
    assert city.code not in words(client.get(pick, {"q": "银川"}))
    town = make_institution(
        "永宁县望远镇卫生院", pinyin="yongningxianwangyuanzhenweishengyuan"
    )
    assert town.code in words(client.get(pick, {"q": "wangyuan"}))
    for text in ("", "%", "\0", "x" * 10_000):
        answer = client.get(pick, {"q": text})
        assert answer.status_code == 200
        assert "没有找到" in words(answer)
