"""Every page says what it is for and what to do next, and whom to ask."""

from typing import Any

import pytest
from django.shortcuts import render
from django.test import RequestFactory
from django.urls import ResolverMatch

from yilian.foundation.access.actor import Actor, Reach, Role
from yilian.interfaces.web import help as help_lines
from yilian.interfaces.web.tests.pages import addresses, pages
from yilian.kernel.ids import new_id
from yilian.registry.consortium.models import Consortium, Membership
from yilian.registry.consortium.rules import Form, MemberRole
from yilian.registry.directory.models import Institution
from yilian.registry.directory.queries import HelpDesk
from yilian.registry.directory.tests.cast import (
    SINCE,
    actor_at,
    make_authority,
    make_institution,
)

IN_THE_DEMO_ONLY = frozenset({"demo:cast", "web:gallery"})
LONGEST = 48  # two lines of a phone


@pytest.fixture(autouse=True)
def _nothing_remembered() -> None:
    help_lines.forget()


# --- the table ----------------------------------------------------------------


def test_every_page_has_its_line() -> None:
    missing = [name for name in pages() if name not in help_lines.HELP]
    assert missing == [], "add a sentence to yilian/interfaces/web/help.py"


def test_no_line_is_left_of_a_page_that_is_gone() -> None:
    known = {name for name, _view in addresses()} | IN_THE_DEMO_ONLY
    assert set(help_lines.HELP) - known == set()


def test_the_pages_are_found() -> None:
    found = set(pages())
    assert {"referral:desk", "identity:sign_in", "population:mine"} <= found
    assert "referral:desk_count" not in found  # a number
    assert "directory:pick" not in found  # a fragment
    assert "directory:close" not in found  # only POST


@pytest.mark.parametrize("name", sorted(help_lines.HELP))
def test_a_line_is_one_short_sentence(name: str) -> None:
    words = help_lines.HELP[name]
    assert words.endswith("。")
    assert words.count("。") == 1
    assert len(words) <= LONGEST


# --- whom to ask --------------------------------------------------------------


@pytest.fixture
def village(db: None) -> Institution:
    return make_institution("原隆村卫生室", phone="0951-1111111")


@pytest.fixture
def county(db: None) -> Institution:
    return make_institution("永宁县人民医院", phone="0951-2222222")


def lead(county: Institution, village: Institution, form: Form) -> None:
    body = Consortium.objects.create(
        code=f"C{new_id().hex[-8:]}", alias="永宁县医共体", form=form.value,
        governing_authority=county, area_code="640121", founded_on=SINCE,
    )  # fmt: skip
    for house, role in ((county, MemberRole.LEAD), (village, MemberRole.MEMBER)):
        Membership.objects.create(
            consortium=body, institution=house, role=role.value,
            tie="run_by", tightness="tight", period=(SINCE, None),
        )  # fmt: skip


def page_for(actor: Actor | None, name: str = "referral:desk") -> str:
    request: Any = RequestFactory().get("/")
    request.actor = actor
    space, _colon, last = name.partition(":")
    request.resolver_match = ResolverMatch(
        lambda r: None, (), {}, url_name=last, namespaces=[space]
    )
    return render(request, "web/home.html").content.decode()


def test_the_hospital_leading_the_house_is_asked(
    village: Institution, county: Institution
) -> None:
    doctor = actor_at(village, Role.PHYSICIAN)
    lead(county, village, Form.COUNTY_CONSORTIUM)
    page = page_for(doctor)
    assert 'href="tel:09512222222"' in page
    assert "永宁县人民医院" in page.split("page-help")[1]


def test_a_house_with_a_desk_of_its_own_is_asked_itself(
    village: Institution, county: Institution
) -> None:
    doctor = actor_at(village, Role.PHYSICIAN)
    lead(county, village, Form.COUNTY_CONSORTIUM)
    Institution.objects.filter(pk=village.pk).update(help_phone="0951-3333333")
    assert "tel:09513333333" in page_for(doctor)


def test_who_leads_others_answers_for_its_own(
    village: Institution, county: Institution
) -> None:
    doctor = actor_at(county, Role.PHYSICIAN)
    tertiary = make_institution("宁医大总院", phone="0951-5555555")
    lead(tertiary, county, Form.HOSPITAL_GROUP)
    assert "tel:09515555555" in page_for(doctor)
    help_lines.forget()
    lead(county, village, Form.COUNTY_CONSORTIUM)
    assert "tel:09512222222" in page_for(doctor)


def test_a_network_of_the_whole_region_leads_nobodys_house(
    village: Institution, county: Institution
) -> None:
    doctor = actor_at(village, Role.PHYSICIAN)
    lead(county, village, Form.TELEMEDICINE_NETWORK)
    assert "tel:09511111111" in page_for(doctor)


def test_a_stranger_and_a_resident_signed_up_nowhere_ask_the_region(db: None) -> None:
    region = make_authority("自治区卫健委", area_code="64")
    Institution.objects.filter(pk=region.pk).update(phone="0951-4444444")
    resident = Actor(
        new_id(),
        Reach.SELF,
        frozenset({Role.RESIDENT}),
        person_ids=frozenset({new_id()}),
    )
    assert "tel:09514444444" in page_for(resident, "population:mine")
    assert help_lines._desk_of(None) == HelpDesk("自治区卫健委", "0951-4444444")


def test_the_telephone_is_asked_for_once_in_a_while(
    village: Institution, django_assert_num_queries: Any
) -> None:
    doctor = actor_at(village, Role.PHYSICIAN)
    help_lines._desk_of(doctor)
    with django_assert_num_queries(0):
        help_lines._desk_of(doctor)


def test_a_refusal_has_no_line() -> None:
    request: Any = RequestFactory().get("/nowhere")
    request.actor = None
    refusal = {"title": "没有找到", "code": "x", "words": "…", "status": 404}
    shown = render(request, "web/error.html", {"refusal": refusal}).content.decode()
    assert "page-help" not in shown
