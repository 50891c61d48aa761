"""Letters that print, and finding one by its number."""

from typing import Any, cast

import pytest
from django.template import engines
from django.test import Client
from django.urls import reverse

from yilian.care.referral.models import Referral
from yilian.care.referral.services import receiving
from yilian.care.referral.tests import world as region
from yilian.care.referral.tests.browsing import (
    EVIL,
    as_actor,
    as_authority,
    plain,
    words,
)
from yilian.care.referral.tests.world import (
    DOWN_CONTENT,
    FEEDBACK,
    UP_CONTENT,
    Place,
)
from yilian.foundation.access.actor import Role
from yilian.foundation.audit.models import AuditEntry
from yilian.registry.population.models import Person
from yilian.resources.reception.rules import Disposition

pytestmark = pytest.mark.django_db


def letter(referral: Referral) -> str:
    return reverse("referral:print", args=[referral.id])


def feedback(referral: Referral) -> str:
    return reverse("referral:print_feedback", args=[referral.id])


def test_the_letter_carries_number_parts_and_contacts(
    waiting: Referral, county: Place
) -> None:
    county.institution.referral_phone = "0951-8880001"
    county.institution.save()
    answer = as_actor(county.doctor).get(letter(waiting))
    text = plain(answer)
    assert answer.status_code == 200
    assert waiting.number in text
    assert all(part in text for part in UP_CONTENT.values())
    assert "上转" in text
    assert "接收医师签名" in text
    assert 'href="tel:09518880001"' in words(answer)


def test_the_code_holds_the_number_and_nothing_else(
    waiting: Referral, county: Place
) -> None:
    drawn = cast(Any, engines["jinja2"]).env.globals["qr_svg"](waiting.number)
    assert str(drawn) in words(as_actor(county.doctor).get(letter(waiting)))


def test_going_down_the_sheet_has_plan_drugs_and_warning_signs(
    county: Place, township: Place
) -> None:
    person = region.contracted(county, "丁桂兰")
    down = region.submitted(county, township, person, content=dict(DOWN_CONTENT))
    text = plain(as_actor(township.doctor).get(letter(down)))
    assert "接续单" in text
    assert all(part.replace("<", "&lt;") in text for part in DOWN_CONTENT.values())
    assert "7–14 天" in text


def test_printing_is_written_down(waiting: Referral, county: Place) -> None:
    as_actor(county.doctor).get(letter(waiting))
    row = AuditEntry.objects.get(action="referral.print")
    assert (row.object_id, row.detail) == (waiting.id, {"paper": "letter"})


def test_a_declined_house_prints_nothing(waiting: Referral, county: Place) -> None:
    receiving.decline(county.desk, waiting.id, reason_code="no_bed")
    answer = as_actor(county.doctor).get(letter(waiting))
    assert answer.status_code == 403
    assert "胸闷" not in words(answer)


@pytest.mark.parametrize("address", [letter, feedback])
def test_outsiders_learn_nothing(
    address: object, waiting: Referral, stranger: Place
) -> None:
    page = address(waiting)  # type: ignore[operator]
    assert as_actor(stranger.doctor).get(page).status_code == 404
    assert as_authority(Role.INSURER).get(page).status_code == 404
    assert Client().get(page).status_code == 302


def test_the_feedback_prints_once_it_is_given(
    township: Place, county: Place, resident: Person
) -> None:
    here = region.arrived(township, county, resident)
    gp = as_actor(township.doctor)
    early = gp.get(feedback(here))
    assert early.status_code == 404
    assert "还没有反馈" in words(early)
    receiving.complete(
        county.doctor, here.id, feedback=dict(FEEDBACK),
        disposition=Disposition.HOME,
    )  # fmt: skip
    text = plain(gp.get(feedback(here)))
    assert all(part in text for part in FEEDBACK.values())


def test_markup_in_a_letter_stays_text(
    township: Place, county: Place, resident: Person
) -> None:
    content = dict(UP_CONTENT) | {"complaint": EVIL}
    sent = region.submitted(township, county, resident, content=content, reason=EVIL)
    assert EVIL not in words(as_actor(county.doctor).get(letter(sent)))


class TestFinding:
    def test_a_number_typed_carelessly_leads_to_the_referral(
        self, waiting: Referral, county: Place
    ) -> None:
        client = as_actor(county.desk)
        for said in (waiting.number, f" {waiting.number.lower().replace('-', ' ')} "):
            answer = client.post(reverse("referral:find"), {"number": said})
            assert answer["Location"] == reverse("referral:detail", args=[waiting.id])

    @pytest.mark.parametrize("typed", ["", "Z", EVIL, "Z261121-7K3QMF-5", "1" * 900])
    def test_a_slip_is_said_and_kept(self, typed: str, county: Place) -> None:
        answer = as_actor(county.desk).post(reverse("referral:find"), {"number": typed})
        assert answer.status_code == 422
        assert "不是完整的转诊单号" in words(answer)
        assert EVIL not in words(answer)

    def test_a_right_number_of_others_is_as_if_it_were_not(
        self, waiting: Referral, stranger: Place
    ) -> None:
        client = as_actor(stranger.desk)
        answer = client.post(reverse("referral:find"), {"number": waiting.number})
        assert answer.status_code == 404
        assert "没有这张转诊单" in words(answer)

    def test_the_page_itself_opens(self, county: Place) -> None:
        assert as_actor(county.desk).get(reverse("referral:find")).status_code == 200
