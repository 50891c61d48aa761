"""What residents read of their referrals: plain, their own, nobody else's."""

import pytest
from django.urls import reverse
from django.utils import timezone
from pytest_django.fixtures import DjangoAssertNumQueries

from yilian.care.referral.models import Referral
from yilian.care.referral.rules.plain_words import STEPS_TOLD, TOLD
from yilian.care.referral.rules.states import State, Step
from yilian.care.referral.services import sending
from yilian.care.referral.tests import world as region
from yilian.care.referral.tests.browsing import (
    EVIL,
    as_actor,
    as_resident,
    plain,
    words,
)
from yilian.care.referral.tests.world import Place
from yilian.foundation.audit.models import AuditEntry
from yilian.registry.consortium.tests.cast import a_day
from yilian.registry.population.models import Person, Proxy
from yilian.registry.population.tests import world as people

pytestmark = pytest.mark.django_db
MINE = "referral:mine"


def test_where_it_is_and_what_next(
    waiting: Referral, county: Place, resident: Person
) -> None:
    county.institution.referral_phone = "0951-8880001"
    county.institution.save()
    answer = as_resident(resident).get(reverse(MINE))
    text = plain(answer)
    assert answer.status_code == 200
    assert "转诊申请已发给 永宁县人民医院，正在等他们答复。" in text
    assert "最晚答复" in text
    assert 'href="tel:09518880001"' in words(answer)


def test_nothing_yet_says_what_will_be_here(resident: Person) -> None:
    assert "现在没有转诊" in plain(as_resident(resident).get(reverse(MINE)))


def test_a_draft_is_nobodys_business(
    township: Place, county: Place, resident: Person
) -> None:
    draft = region.drafted(township, county, resident)
    client = as_resident(resident)
    assert "现在没有转诊" in plain(client.get(reverse(MINE)))
    address = reverse("referral:mine_detail", args=[draft.id])
    assert client.get(address).status_code == 404


def test_whoever_stands_for_somebody_sees_theirs_too(
    waiting: Referral, resident: Person
) -> None:
    son = people.person("马小军", sex="1")
    Proxy.objects.create(
        person=resident, proxy=son, relation="child", period=(a_day(-1), None)
    )
    client = as_resident(son)
    assert "马秀英" in words(client.get(reverse(MINE)))
    address = reverse("referral:mine_detail", args=[waiting.id])
    assert client.get(address).status_code == 200


def test_others_see_nothing_of_it(waiting: Referral, county: Place) -> None:
    other = as_resident(people.person("丁桂兰"))
    address = reverse("referral:mine_detail", args=[waiting.id])
    assert other.get(address).status_code == 404
    assert "马秀英" not in words(other.get(reverse(MINE)))
    staff = as_actor(county.doctor)
    assert staff.get(reverse(MINE)).status_code == 403
    assert staff.get(address).status_code == 403


def test_the_letter_is_readable_and_its_reading_is_written_down(
    township: Place, county: Place, resident: Person
) -> None:
    sent = region.submitted(township, county, resident, reason=EVIL)
    answer = as_resident(resident).get(reverse("referral:mine_detail", args=[sent.id]))
    text = plain(answer)
    assert answer.status_code == 200
    assert "胸闷 3 天" in text
    assert "发出转诊" in text
    assert sent.number in text
    assert EVIL not in words(answer)
    read = AuditEntry.objects.filter(action="referral.read", person_id=resident.id)
    assert read.get().ground == "self"


def test_an_answer_that_is_late_is_said(waiting: Referral, resident: Person) -> None:
    Referral.objects.filter(pk=waiting.pk).update(answer_due_at=region.in_days(-1))
    assert "答复已经晚了" in plain(as_resident(resident).get(reverse(MINE)))


def test_every_state_and_step_that_residents_meet_is_told() -> None:
    hidden = {State.DRAFT, State.ENTERED_IN_ERROR}
    assert set(TOLD) == set(State) - hidden
    assert set(STEPS_TOLD) == {step.value for step in Step} - {Step.MARK_ERROR.value}


@pytest.mark.parametrize("state", sorted(TOLD))
def test_every_state_opens(state: State, waiting: Referral, resident: Person) -> None:
    from yilian.care.referral.rules.states import OPEN

    closed = None if state in OPEN else timezone.now()
    Referral.objects.filter(pk=waiting.pk).update(
        state=state.value, closed_at=closed, visit_at=region.in_days(2)
    )
    client = as_resident(resident)
    for address in (reverse(MINE), reverse("referral:mine_detail", args=[waiting.id])):
        answer = client.get(address)
        assert answer.status_code == 200
        assert "{" not in plain(answer).replace("{}", "").split("我的转诊")[-1]


def test_many_are_paged_in_few_queries(
    township: Place,
    county: Place,
    resident: Person,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    for _n in range(14):
        hop = region.submitted(township, county, resident)
        sending.withdraw(township.doctor, hop.id, reason_code="improved")
    client = as_resident(resident)
    client.get(reverse("notify:inbox"))  # the help line's telephone is kept a while
    with django_assert_max_num_queries(10):
        first = client.get(reverse(MINE))
    assert words(first).count("看转诊单") == 12
    following = first.context["page"].next if first.context else None
    assert following is None or isinstance(following, str)
    cursor = words(first).split("cursor=")[1].split('"')[0]
    second = client.get(f"{reverse(MINE)}?cursor={cursor}")
    assert words(second).count("看转诊单") == 2
