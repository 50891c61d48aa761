"""A bill comes in: what is wrong is said at its field, and nothing is kept twice."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import transaction
from django.db.utils import IntegrityError
from django.utils import timezone

from yilian.care.referral.tests.world import Place as House
from yilian.foundation.audit.models import AuditEntry
from yilian.foundation.outbox.models import OutboxMessage
from yilian.insurance.settlement.models import Bill, Coverage
from yilian.insurance.settlement.rules.posting import BillWrong
from yilian.insurance.settlement.services import post_bill, take_back
from yilian.insurance.settlement.services.posting import NumberTaken
from yilian.insurance.settlement.tests.world import (
    SPRING,
    SYSTEM,
    World,
    facts_of,
    insured,
    lines,
    posted,
    sent,
    settled,
)
from yilian.kernel.errors import NotFound, NotPermitted
from yilian.kernel.ids import new_id
from yilian.registry.population.models import Person
from yilian.registry.population.tests import world as people

pytestmark = pytest.mark.django_db
_A = {"catalog_class": "A", "amount": "100.00"}


@pytest.mark.parametrize(
    ("field", "facts"),
    [
        ("lines[0].amount", {"bill": [_A | {"amount": "-1.00"}]}),
        ("lines[0].amount", {"bill": [_A | {"amount": "999999999.00"}]}),
        ("lines[1].amount", {"bill": [_A, _A | {"amount": "1.005"}]}),
        ("lines[0].amount", {"bill": [_A | {"amount": 100}]}),
        ("lines[0].amount", {"bill": [_A | {"amount": "1e3"}]}),
        ("lines[0].over_limit", {"bill": [_A | {"over_limit": "100.01"}]}),
        ("lines[0].catalog_class", {"bill": [_A | {"catalog_class": "D"}]}),
        ("lines[0].price", {"bill": [_A | {"price": "1.00"}]}),
        ("lines[0].item", {"bill": [_A | {"item": 7}]}),
        ("lines[0].on", {"bill": [_A | {"on": "2025-02-01"}]}),
        ("lines", {"lines": []}),
        ("admitted_on", {"admitted_on": "2025-02-30"}),
        ("discharged_on", {"admitted_on": SPRING, "discharged_on": "2025-03-02"}),
        ("discharged_on", {"discharged_on": None}),
        ("catalogue", {"catalogue": "  "}),
        ("number", {"number": ""}),
        ("diagnosis_code", {"diagnosis_code": ""}),
        ("kind", {"kind": "daycare"}),
        ("scheme", {"scheme": "two_disease"}),
        ("months", {"kind": "outpatient", "months": 13}),
        ("follows", {"follows": new_id()}),
        ("referral_id", {"referral_id": new_id()}),
        ("encounter_id", {"encounter_id": new_id()}),
    ],
)
def test_what_is_wrong_is_said_at_its_field(
    field: str, facts: dict[str, Any], township: House, resident: Person
) -> None:
    with pytest.raises(BillWrong) as refused:
        posted(township, resident, **facts)
    assert refused.value.field == field
    assert list(refused.value.fields) == [field]
    assert Bill.objects.count() == 0


def test_a_day_before_the_first_parameters_is_refused(
    township: House, resident: Person
) -> None:
    Coverage.objects.filter(person=resident).update(period=(date(2016, 1, 1), None))
    with pytest.raises(BillWrong) as refused:
        posted(township, resident, admitted_on="2017-12-01", discharged_on="2017-12-05")
    assert refused.value.field in {"admitted_on", "discharged_on"}


def test_a_day_to_come_is_refused(township: House, resident: Person) -> None:
    today = timezone.localdate()
    with pytest.raises(BillWrong) as refused:
        posted(
            township, resident, admitted_on=today,
            discharged_on=today + timedelta(days=2),
        )  # fmt: skip
    assert refused.value.field == "discharged_on"


def test_who_was_not_insured_that_day_is_told_so(township: House, world: World) -> None:
    stranger = people.person("李强")
    with pytest.raises(BillWrong, match="有内容需要修改") as refused:
        posted(township, stranger)
    assert "参保" in str(refused.value.fields["discharged_on"])


def test_a_scheme_the_person_does_not_have_is_refused_at_once(
    township: House, world: World
) -> None:
    worker = people.person("李强")
    insured(worker, insurance="employee")
    with pytest.raises(BillWrong) as refused:
        posted(township, worker, kind="outpatient", days=0, scheme="two_disease")
    assert refused.value.field == "scheme"


def test_the_same_form_twice_is_one_bill(township: House, resident: Person) -> None:
    key, facts = new_id(), facts_of(resident, institution_id=township.id)
    first = post_bill(SYSTEM, key=key, facts=facts)
    assert post_bill(SYSTEM, key=key, facts=facts).id == first.id
    assert Bill.objects.count() == 1


def test_a_number_is_used_once_per_house(
    township: House, county: House, resident: Person
) -> None:
    bill = posted(township, resident, number="ZY001")
    with pytest.raises(NumberTaken):
        posted(township, resident, number="ZY001", day=10)
    posted(county, resident, number="ZY001", day=10)
    take_back(SYSTEM, bill.id, reason="患者登记错误")
    posted(township, resident, number="ZY001", day=20)


def test_the_database_refuses_what_the_service_explains(
    township: House, resident: Person
) -> None:
    bill = posted(township, resident, number="ZY001")
    other = people.person("李强")
    for wrong in (
        {"number": "ZY001"},
        {"person_id": other.id, "follows": bill.id},
        {"follows": "self"},
        {"discharged_on": bill.admitted_on - timedelta(days=1)},
        {"institution_id": None},
        {"total": -1},
    ):
        copy = Bill.objects.get(id=bill.id)
        copy.id, copy.number = new_id(), "ZY002"
        for name, value in wrong.items():
            setattr(copy, name, copy.id if value == "self" else value)
        with pytest.raises(IntegrityError), transaction.atomic():
            copy.save(force_insert=True)


def test_a_house_posts_its_own_bills_of_those_it_has_seen(
    world: World, township: House, county: House, resident: Person
) -> None:
    finance = world.finance[township.id]
    bill = post_bill(finance, key=new_id(), facts=facts_of(resident))
    assert bill.institution_id == township.id
    assert bill.posted_by_id == finance.account_id
    unseen = people.person("李强")
    insured(unseen)
    with pytest.raises(NotFound):
        post_bill(finance, key=new_id(), facts=facts_of(unseen))
    with pytest.raises(NotPermitted):
        post_bill(
            finance, key=new_id(), facts=facts_of(resident, institution_id=county.id)
        )
    with pytest.raises(NotPermitted):
        post_bill(township.doctor, key=new_id(), facts=facts_of(resident))


def test_the_insurer_writes_down_care_outside_for_its_own(
    world: World, resident: Person
) -> None:
    facts = facts_of(resident, outside_name="西安某医院")
    bill = post_bill(world.clerk, key=new_id(), facts=facts)
    assert (bill.institution_id, bill.place) == (None, "outside")
    with pytest.raises(NotFound):
        post_bill(world.elsewhere, key=new_id(), facts=facts)


def test_the_referral_that_led_there_is_found(
    township: House, county: House, resident: Person
) -> None:
    hop = sent(township, county, resident, on=SPRING)
    sent(township, county, resident, on=SPRING - timedelta(days=40))
    assert posted(county, resident).referral_id == hop.id
    assert posted(county, resident, day=60).referral_id is None


def test_a_link_must_lead_to_an_earlier_stay(
    township: House, county: House, resident: Person
) -> None:
    visit = posted(township, resident, kind="outpatient", days=0)
    stay = settled(township, resident, days=10)
    for follows in (visit.id, stay.bill_id):
        with pytest.raises(BillWrong) as refused:
            posted(county, resident, day=5, follows=follows)
        assert refused.value.field == "follows"


def test_lines_keep_the_item_and_its_name(township: House, resident: Person) -> None:
    bill = posted(township, resident, bill=[_A | {"item": "250401", "name": "血常规"}])
    assert bill.lines == [
        {"catalog_class": "A", "amount": "100.00", "item": "250401", "name": "血常规"}
    ]


def test_posting_is_announced_and_written_down(
    township: House, resident: Person
) -> None:
    bill = posted(township, resident, bill=lines(3000))
    message = OutboxMessage.objects.get(kind="BillPosted")
    assert message.person_id == resident.id
    entry = AuditEntry.objects.get(action="settlement.post_bill")
    assert (entry.object_id, entry.person_id) == (bill.id, resident.id)
