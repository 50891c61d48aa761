"""The ward's list, follow-ups and overdue clocks."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django.fixtures import DjangoAssertNumQueries

from yilian.care.referral.models import Breach, FollowUp, Referral
from yilian.care.referral.queries.candidates import ward
from yilian.care.referral.rules.clocks import Limits
from yilian.care.referral.rules.going_down import phase_of
from yilian.care.referral.tests import world as region
from yilian.care.referral.tests.browsing import (
    EVIL,
    as_actor,
    as_authority,
    as_resident,
    plain,
    words,
)
from yilian.care.referral.tests.world import SYSTEM, Place
from yilian.foundation.access.actor import Role
from yilian.foundation.audit.models import AuditEntry
from yilian.kernel.ids import new_id
from yilian.record.services.writing import put
from yilian.registry.population.models import Person
from yilian.registry.population.tests import world as people
from yilian.resources.reception.models import Encounter

pytestmark = pytest.mark.django_db
WARD = "referral:candidates"


@pytest.fixture(autouse=True)
def _nothing_kept() -> None:
    cache.clear()


def lies_in(place: Place, person: Person, days: int = 1, **facts: Any) -> Encounter:
    return Encounter.objects.create(
        person=person, institution=place.institution, department=place.ward,
        kind="inpatient", started_at=timezone.now() - timedelta(days=days), **facts,
    )  # fmt: skip


def condition(person: Person, place: Place, code: str) -> None:
    coding = {"system": "http://hl7.org/fhir/sid/icd-10", "code": code}
    resource = {
        "resourceType": "Condition",
        "id": str(new_id()),
        "subject": {"reference": f"Patient/{person.id}"},
        "clinicalStatus": {"coding": [{"code": "active"}]},
        "code": {"coding": [coding]},
        "recordedDate": "2024-01-01",
    }
    put(SYSTEM, resource, person_id=person.id, institution_id=place.id)


def pressure(person: Person, place: Place, days_ago: int, high: int, low: int) -> None:
    at = (timezone.now() - timedelta(days=days_ago)).isoformat()
    part = [
        {
            "code": {"coding": [{"system": "http://loinc.org", "code": code}]},
            "valueQuantity": {"value": value, "code": "mm[Hg]",
                              "system": "http://unitsofmeasure.org", "unit": "mmHg"},
        }
        for code, value in (("8480-6", high), ("8462-4", low))
    ]  # fmt: skip
    resource = {
        "resourceType": "Observation",
        "id": str(new_id()),
        "status": "final",
        "subject": {"reference": f"Patient/{person.id}"},
        "effectiveDateTime": at,
        "code": {"coding": [{"system": "http://loinc.org", "code": "85354-9"}]},
        "component": part,
    }
    put(SYSTEM, resource, person_id=person.id, institution_id=place.id)


def drug(person: Person, place: Place, days_ago: int) -> None:
    day = (timezone.localdate() - timedelta(days=days_ago)).isoformat()
    resource = {
        "resourceType": "MedicationRequest",
        "id": str(new_id()),
        "status": "active",
        "intent": "order",
        "subject": {"reference": f"Patient/{person.id}"},
        "authoredOn": day,
        "medicationCodeableConcept": {"text": "氨氯地平片"},
    }
    put(SYSTEM, resource, person_id=person.id, institution_id=place.id)


@pytest.fixture
def stable(county: Place) -> Person:
    """In a bed, hypertension, twice at target, the same drug for two months."""
    person = region.contracted(county, "丁桂兰")
    condition(person, county, "I10.x00")
    drug(person, county, 60)
    pressure(person, county, 3, 128, 78)
    pressure(person, county, 1, 126, 76)
    lies_in(county, person, days=4)
    return person


def test_who_is_stable_stands_on_top_with_the_way_down(
    county: Place, stable: Person
) -> None:
    answer = as_actor(county.doctor).get(reverse(WARD))
    text = plain(answer)
    assert "指标稳定，可以下转" in text
    assert "丁桂兰" in text
    assert "HTN-D1" in text
    link = f"{reverse('referral:new', args=[stable.id])}?way=down"
    assert link in words(answer)
    assert AuditEntry.objects.get(action="referral.candidates").person_ids == [
        stable.id
    ]


def test_one_value_above_target_and_nobody_is_named(
    county: Place, stable: Person
) -> None:
    pressure(stable, county, 0, 172, 104)
    text = plain(as_actor(county.doctor).get(reverse(WARD)))
    assert "指标稳定，可以下转" not in text


def test_a_gap_in_the_record_is_unknown_and_says_what_is_missing(county: Place) -> None:
    person = region.contracted(county, "丁桂兰")
    condition(person, county, "I10.x00")
    lies_in(county, person)
    text = plain(as_actor(county.doctor).get(reverse(WARD)))
    assert "资料不足，不能判断（1）" in text
    assert "还缺" in text


def test_a_diagnosis_and_days_ask_the_doctor(county: Place) -> None:
    person = region.contracted(county, "丁桂兰")
    condition(person, county, "S72.000")
    lies_in(county, person, days=6)
    text = plain(as_actor(county.doctor).get(reverse(WARD)))
    assert "请医师判断" in text
    assert "术后康复" in text
    assert "NX-2.2.4-d" in text


@pytest.mark.parametrize(
    ("codes", "days", "phase"),
    [
        (["S72.001"], 4, None),
        (["S72.001"], 5, "rehabilitation"),
        (["i63.900"], 10, "recovery"),
        (["J18.9"], 7, "stable_after_crisis"),
        (["C34.1"], 7, "settled_plan"),
        (["Z00.0"], 90, None),
        ([], 90, None),
    ],
)
def test_what_points_at_going_down(
    codes: list[str], days: int, phase: str | None
) -> None:
    found = phase_of(codes, days, Limits())
    assert (found.key if found else None) == phase


def test_who_is_already_on_the_way_is_folded(
    county: Place, township: Place, stable: Person
) -> None:
    going = region.drafted(
        county, township, stable, content=dict(region.DOWN_CONTENT), specialty="general"
    )
    text = plain(as_actor(county.doctor).get(reverse(WARD)))
    assert "已在办理下转（1）" in text
    assert going.number in text


def test_a_record_that_is_not_open_is_not_judged(county: Place) -> None:
    condition(person := people.person("杨五"), county, "S72.000")
    lies_in(county, person, days=30)
    text = plain(as_actor(county.doctor).get(reverse(WARD)))
    assert "另有 1 名在院患者的档案没有对您开放" in text
    assert "术后康复" not in text


def test_the_ward_of_another_house_is_not_shown(
    stable: Person, township: Place
) -> None:
    text = plain(as_actor(township.doctor).get(reverse(WARD)))
    assert "丁桂兰" not in text
    assert "今天没有提示可下转的患者" in text


def test_only_those_who_write_referrals_see_the_ward(
    county: Place, resident: Person
) -> None:
    assert as_actor(county.desk).get(reverse(WARD)).status_code == 200
    for client in (
        as_actor(county.nurse),
        as_authority(Role.OFFICER),
        as_resident(resident),
    ):
        assert client.get(reverse(WARD)).status_code == 403
        assert client.get(reverse("referral:candidates_count")).content == b""
    assert Client().get(reverse(WARD)).status_code == 302


def test_the_number_in_the_menu(county: Place, stable: Person, village: Place) -> None:
    count = reverse("referral:candidates_count")
    assert as_actor(county.doctor).get(count).content == b"1"
    assert as_actor(village.doctor).get(count).content == b""


def test_the_ward_is_read_in_few_statements(
    county: Place, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for n in range(5):
        person = region.contracted(county, f"甲{n}")
        condition(person, county, "I10.x00")
        lies_in(county, person)
    with django_assert_max_num_queries(8):  # one of them for the parameters
        assert ward(county.doctor, timezone.now()).inpatients == 5


class TestFollowUps:
    PAGE = "referral:follow_ups"

    @pytest.fixture
    def task(self, waiting: Referral, county: Place) -> FollowUp:
        return FollowUp.objects.create(
            referral=waiting, person=waiting.person, institution=county.institution,
            kind="not_arrived_call", due_on=timezone.localdate() - timedelta(days=1),
        )  # fmt: skip

    def test_what_is_late_is_told_with_a_way_to_call(
        self, task: FollowUp, county: Place
    ) -> None:
        answer = as_actor(county.nurse).get(reverse(self.PAGE))
        assert answer.status_code == 200
        assert "未到诊，电话联系" in plain(answer)
        assert "已过期" in plain(answer)
        assert reverse("population:reveal", args=[task.person_id]) in words(answer)

    def test_a_result_is_written_and_the_task_leaves(
        self, task: FollowUp, county: Place
    ) -> None:
        client = as_actor(county.nurse)
        address = reverse("referral:do_follow_up", args=[task.id])
        blank = client.post(address, {"outcome": " "})
        assert blank.status_code == 422
        assert "请写明随访结果" in words(blank)
        assert client.post(address, {"outcome": "改约周五"}).status_code == 302
        assert "没有要做的随访" in words(client.get(reverse(self.PAGE)))
        assert client.post(address, {"outcome": "再来"}).status_code == 409

    def test_too_long_a_result_is_kept_on_the_page(
        self, task: FollowUp, county: Place
    ) -> None:
        address = reverse("referral:do_follow_up", args=[task.id])
        answer = as_actor(county.nurse).post(address, {"outcome": EVIL + "\x00"})
        assert EVIL not in words(answer)
        assert answer.status_code == 422

    def test_others_have_their_own(
        self, task: FollowUp, stranger: Place, resident: Person
    ) -> None:
        address = reverse("referral:do_follow_up", args=[task.id])
        assert (
            as_actor(stranger.nurse).post(address, {"outcome": "x"}).status_code == 404
        )
        for client in (as_authority(Role.OFFICER), as_resident(resident)):
            assert client.get(reverse(self.PAGE)).status_code == 403
            assert client.post(address, {"outcome": "x"}).status_code == 403


class TestBreaches:
    PAGE = "referral:breaches"

    @pytest.fixture
    def late(self, waiting: Referral, county: Place) -> Breach:
        return Breach.objects.create(
            referral=waiting, institution=county.institution, clock="answer",
            due_at=timezone.now() - timedelta(hours=3),
        )  # fmt: skip

    def test_an_unexplained_one_asks_why(self, late: Breach, county: Place) -> None:
        client = as_actor(county.desk)
        assert "仍未完成" in plain(client.get(reverse(self.PAGE)))
        address = reverse("referral:explain_breach", args=[late.id])
        bare = client.post(address, {"reason_code": "other", "note": ""})
        assert bare.status_code == 422
        assert "请写明原因" in words(bare)
        answer = client.post(address, {"reason_code": "no_bed", "note": EVIL})
        assert answer.status_code == 302
        text = words(client.get(reverse(self.PAGE)))
        assert "协调床位" in text
        assert EVIL not in text

    def test_an_unknown_reason_is_refused_and_what_was_typed_stays(
        self, late: Breach, county: Place
    ) -> None:
        address = reverse("referral:explain_breach", args=[late.id])
        sheet = {"reason_code": "nonsense", "note": "值守的人去了急诊"}
        answer = as_actor(county.desk).post(address, sheet)
        assert answer.status_code == 422
        assert "值守的人去了急诊" in words(answer)

    def test_none_is_said_too(self, county: Place) -> None:
        assert "没有超时" in words(as_actor(county.desk).get(reverse(self.PAGE)))

    def test_others_do_not_explain_it(
        self, late: Breach, stranger: Place, resident: Person, county: Place
    ) -> None:
        address = reverse("referral:explain_breach", args=[late.id])
        sheet = {"reason_code": "no_bed"}
        assert as_actor(stranger.desk).post(address, sheet).status_code == 404
        assert as_actor(county.nurse).post(address, sheet).status_code == 403
        for client in (as_authority(Role.OFFICER), as_resident(resident)):
            assert client.get(reverse(self.PAGE)).status_code == 403
            assert client.post(address, sheet).status_code in (403, 404)
