"""Late emergencies and appeals in the browser: filed, decided, confirmed, paid."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from yilian.care.referral.tests.browsing import as_actor, as_resident, plain, words
from yilian.care.referral.tests.world import Place as House
from yilian.foundation.audit.models import AuditEntry
from yilian.foundation.files.models import StoredFile
from yilian.foundation.files.tests import samples
from yilian.insurance.settlement.models import Filing, Settlement
from yilian.insurance.settlement.tests.pages import clerk_of
from yilian.insurance.settlement.tests.world import World, lines, settled
from yilian.kernel.calendar import local_day
from yilian.kernel.ids import new_id
from yilian.registry.population.models import Person

pytestmark = pytest.mark.django_db

PDF = samples.pdf()


@pytest.fixture(autouse=True)
def _kept_here(settings: Any, tmp_path: Any) -> None:
    settings.YILIAN_DATA = tmp_path


@pytest.fixture
def penalised(world: World, tertiary: House, resident: Person) -> Settlement:
    """Example 4, discharged today: 5,700.00 instead of 11,400.00."""
    today = local_day(timezone.now())
    return settled(
        tertiary,
        resident,
        admitted_on=today - timedelta(days=5),
        discharged_on=today,
        bill=lines(20000, 22000),
    )


@pytest.fixture
def house(world: World, tertiary: House) -> Client:
    return as_actor(world.finance[tertiary.id])


def _file(
    client: Client, row: Settlement, kind: str = "late_emergency", **facts: Any
) -> Any:
    said = {"idempotency_key": str(new_id()), "reason": "夜间胸痛，由急救车送来"}
    if kind == "late_emergency":
        said |= {"triage_level": "1", "has_rescue_record": "on"}
    address = reverse("settlement:file_now", args=[row.bill_id, kind])
    return client.post(address, said | facts)


def _decided(clerk: Client, filing: Filing, **facts: str) -> Any:
    said = {"grants": "yes", "note": "抢救记录属实"} | facts
    return clerk.post(reverse("settlement:decide", args=[filing.id]), said)


def _confirmed(clerk: Client, filing: Filing, agrees: str = "yes") -> Any:
    address = reverse("settlement:confirm", args=[filing.id])
    return clerk.post(address, {"agrees": agrees})


def test_an_emergency_filed_late_is_paid_after_two_clerks(
    house: Client, penalised: Settlement
) -> None:
    one, two = clerk_of("6401"), clerk_of("6401")
    assert "急诊补登" in plain(
        house.get(reverse("settlement:bill", args=[penalised.bill_id]))
    )
    paper = SimpleUploadedFile("rescue.pdf", PDF, content_type="application/pdf")
    assert _file(house, penalised, files=[paper]).status_code == 302
    filing = Filing.objects.get()
    page = reverse("settlement:filing", args=[filing.id])
    said = plain(one.get(page))
    for told in ("5,700.00", "11,400.00", "+5,700.00", "材料 1"):
        assert told in said, told
    assert _decided(one, filing).status_code == 302
    assert "请另一位经办人员复核" in plain(one.get(page))
    own = _confirmed(one, filing)
    assert own.status_code == 403
    assert "另一位医保经办人员" in plain(own)
    assert _confirmed(two, filing).status_code == 302
    said = plain(house.get(page))
    assert "基金差额 +5,700.00 元" in said
    live = Settlement.objects.live().get(bill_id=penalised.bill_id)
    assert f"{live.basic_pay:.2f}" == "11400.00"
    turns = plain(house.get(reverse("settlement:bill", args=[penalised.bill_id])))
    assert "+5,700.00" in turns
    late = _confirmed(two, filing)
    assert late.status_code == 409


def test_the_paper_opens_to_those_who_see_the_filing_and_is_written_down(
    house: Client, world: World, county: House, penalised: Settlement
) -> None:
    paper = SimpleUploadedFile("rescue.pdf", PDF, content_type="application/pdf")
    _file(house, penalised, files=[paper])
    filing = Filing.objects.get()
    address = reverse("settlement:paper", args=[filing.id, filing.files[0]])
    assert clerk_of("6401").get(address).status_code == 200
    assert clerk_of("6404").get(address).status_code == 404
    assert as_actor(world.finance[county.id]).get(address).status_code == 404
    strange = reverse("settlement:paper", args=[filing.id, new_id()])
    assert clerk_of("6401").get(strange).status_code == 404
    assert AuditEntry.objects.filter(action="settlement.open_paper").count() == 1


def test_sent_twice_it_is_one_filing_with_its_papers_once(
    house: Client, penalised: Settlement
) -> None:
    key = str(new_id())
    for _again in range(2):
        paper = SimpleUploadedFile("rescue.pdf", PDF, content_type="application/pdf")
        answer = _file(house, penalised, idempotency_key=key, files=[paper])
        assert answer.status_code == 302
    assert Filing.objects.count() == 1
    assert StoredFile.objects.count() == 1


def test_no_evidence_no_filing_and_no_file_is_left(
    house: Client, penalised: Settlement
) -> None:
    paper = SimpleUploadedFile("rescue.pdf", PDF, content_type="application/pdf")
    answer = _file(
        house, penalised, triage_level="3", has_rescue_record="", files=[paper]
    )
    assert answer.status_code == 422
    assert "急诊补登须有一、二级分诊或抢救记录" in plain(answer)
    assert StoredFile.objects.count() == 0
    bad = SimpleUploadedFile("rescue.pdf", b"MZ not a paper", content_type="x/y")
    assert _file(house, penalised, files=[bad]).status_code == 422
    assert Filing.objects.count() == 0


def test_a_resident_appeals_and_sees_what_became_of_it(
    world: World, penalised: Settlement, resident: Person
) -> None:
    own = as_resident(resident)
    mine = plain(own.get(reverse("settlement:mine")))
    assert "这次没有按规定转诊" in mine
    assert _file(own, penalised, "appeal").status_code == 302
    assert "申请正在审核" in plain(own.get(reverse("settlement:mine")))
    filing = Filing.objects.get()
    clerk = clerk_of("6401")
    unsaid = _decided(clerk, filing)
    assert unsaid.status_code == 422
    assert "请选择认定的转诊情形" in plain(unsaid)
    done = _decided(clerk, filing, referral_state="compliant_up")
    assert done.status_code == 302
    assert _confirmed(clerk_of("6401"), filing, "no").status_code == 302
    filing.refresh_from_db()
    assert filing.state == "open"
    page = plain(own.get(reverse("settlement:filing", args=[filing.id])))
    assert "复核未通过" in page
    assert "如果通过" not in page


def test_nobody_decides_on_their_own_filing(penalised: Settlement) -> None:
    clerk = clerk_of("6401")
    _file(clerk, penalised)
    filing = Filing.objects.get()
    page = plain(clerk.get(reverse("settlement:filing", args=[filing.id])))
    assert "须由另一位经办人员审核" in page
    assert _decided(clerk, filing).status_code == 403


def test_what_cannot_be_filed_is_not_offered(
    world: World, house: Client, township: House, resident: Person
) -> None:
    row = settled(township, resident)
    clerk = clerk_of("6401")
    page = plain(clerk.get(reverse("settlement:bill", args=[row.bill_id])))
    assert "申诉" not in page.replace("补登与申诉", "")
    form = clerk.get(reverse("settlement:file", args=[row.bill_id, "appeal"]))
    assert form.status_code == 409
    assert house.get(form.wsgi_request.path).status_code == 404
    assert (
        clerk.get(reverse("settlement:file", args=[row.bill_id, "what"])).status_code
        == 404
    )


def test_the_work_list_is_by_clock_and_says_whose_turn_it_is(
    house: Client, penalised: Settlement
) -> None:
    _file(house, penalised)
    clerk = clerk_of("6401")
    listing = reverse("settlement:filings")
    assert "审核" in plain(clerk.get(listing))
    _decided(clerk, Filing.objects.get())
    waiting = plain(clerk.get(listing + "?which=to_confirm"))
    assert "由另一位经办人员办理" in waiting
    assert "由另一位经办人员办理" not in plain(
        clerk_of("6401").get(listing + "?which=to_confirm")
    )
    assert plain(clerk.get(reverse("settlement:count"))).strip() == "1"
    assert words(house.get(reverse("settlement:count"))) == ""
