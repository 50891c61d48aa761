"""Before the fact: fragments on the referral's pages, and what they refuse."""

from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from yilian.care.referral.tests import world as care
from yilian.care.referral.tests.browsing import as_actor, as_resident, plain, words
from yilian.care.referral.tests.world import Place as House
from yilian.care.referral.tests.world import seen_by
from yilian.foundation.access.actor import Role
from yilian.foundation.audit.models import AuditEntry
from yilian.insurance.settlement.services import refresh_usual_costs
from yilian.insurance.settlement.tests.pages import clerk_of
from yilian.insurance.settlement.tests.world import World, insured, lines, settled
from yilian.registry.population.models import Person
from yilian.registry.population.tests import world as people

pytestmark = pytest.mark.django_db


@pytest.fixture
def costs(world: World, tertiary: House, county: House, township: House) -> World:
    """Four stays for high blood pressure at each tier."""
    for house, total in ((tertiary, 20000), (county, 6000), (township, 3000)):
        for n in range(4):
            person = people.person(f"王{'一二三四'[n]}")
            insured(person)
            settled(house, person, bill=lines(total), diagnosis_code="I10.x00")
    refresh_usual_costs()
    return world


def test_the_hop_says_what_both_ways_cost_with_the_number_of_cases(
    costs: World, township: House, county: House, resident: Person
) -> None:
    hop = care.submitted(township, county, resident)
    page = plain(
        as_actor(county.desk).get(reverse("settlement:estimate", args=[hop.id]))
    )
    # 6,000 at the county: 500 first, then 75 % or half of it.
    for told in ("1,875.00", "3,937.50", "转诊约少付 2,062.50 元", "4 例同类病例",
                 "5,500.00 × 75% = 4,125.00", "NX-3.2-d"):  # fmt: skip
        assert told in page, told
    entry = AuditEntry.objects.get(action="settlement.estimate")
    assert entry.person_id == resident.id
    assert entry.ground


def test_staff_of_the_two_houses_see_what_it_does_to_each(
    costs: World, township: House, county: House, resident: Person
) -> None:
    hop = care.submitted(township, county, resident)
    address = reverse("settlement:estimate", args=[hop.id])
    page = plain(as_actor(county.desk).get(address))
    for told in ("对两家机构的影响", "−3,000.00", "6,000.00", "分享后净额", "LZ-2.2-e",
                 "没有核定总额"):  # fmt: skip
        assert told in page, told
    own = plain(as_resident(resident).get(address))
    assert "您大约付" in own
    assert "对两家机构的影响" not in own


def test_too_few_cases_are_said_instead_of_a_number(
    world: World, township: House, county: House, resident: Person
) -> None:
    hop = care.submitted(township, county, resident)
    answer = as_actor(county.desk).get(reverse("settlement:estimate", args=[hop.id]))
    assert answer.status_code == 200
    assert "不足 3 例" in plain(answer)


def test_while_writing_it_asks_by_post_and_names_no_diagnosis_in_its_address(
    costs: World, township: House, county: House, resident: Person
) -> None:
    seen_by(township, resident)
    client = as_actor(township.doctor)
    slot = words(client.get(reverse("settlement:estimate_for", args=[resident.id])))
    plan = reverse("settlement:estimate_plan", args=[resident.id])
    assert f'hx-post="{plan}"' in slot
    assert "选好诊断和去处后" in slot
    asked = {"diagnosis_code": "I10.x00", "to_institution_id": f"{county.id}:"}
    page = plain(client.post(plan, asked))
    assert "1,875.00" in page
    assert "选好诊断和去处后" in plain(client.post(plan, {"diagnosis_code": "I10"}))
    outside = plain(client.post(plan, asked | {"to_institution_id": "outside"}))
    assert "暂不能估算" in outside


def test_a_stranger_is_told_nothing(
    costs: World, township: House, county: House, tertiary: House, resident: Person
) -> None:
    hop = care.submitted(township, county, resident)
    stranger = as_actor(people.staff(tertiary.institution, Role.PHYSICIAN))
    assert (
        stranger.get(reverse("settlement:estimate", args=[hop.id])).status_code == 404
    )
    plan = reverse("settlement:estimate_plan", args=[resident.id])
    asked = {"diagnosis_code": "I10.x00", "to_institution_id": str(tertiary.id)}
    assert stranger.post(plan, asked).status_code == 404
    assert stranger.post(plan, {}).status_code == 404
    assert clerk_of("6404").post(plan, asked).status_code == 404


def test_what_is_over_is_not_estimated(
    costs: World, township: House, county: House, resident: Person
) -> None:
    hop = care.submitted(township, county, resident)
    hop.state, hop.closed_at = "expired", timezone.now() - timedelta(days=1)
    hop.save()
    address = reverse("settlement:estimate", args=[hop.id])
    assert words(as_actor(county.desk).get(address)) == ""


def test_the_referral_page_itself_asks_no_question_of_money(
    costs: World, township: House, county: House, resident: Person
) -> None:
    hop = care.submitted(township, county, resident)
    page: Any = as_actor(county.desk).get(reverse("referral:detail", args=[hop.id]))
    assert reverse("settlement:estimate", args=[hop.id]) in words(page)
    assert not AuditEntry.objects.filter(action="settlement.estimate").exists()
