"""The insurer's list: its own area, masked, no clinical content, as a file too."""

import io
import zipfile
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django.fixtures import DjangoAssertNumQueries

from yilian.care.referral.models import Referral
from yilian.care.referral.queries.compliance import read_asked
from yilian.care.referral.tests import world as region
from yilian.care.referral.tests.browsing import (
    EVIL,
    as_actor,
    as_authority,
    as_resident,
    plain,
    words,
)
from yilian.care.referral.tests.world import Place
from yilian.foundation.access.actor import Role
from yilian.foundation.audit.models import AuditEntry
from yilian.registry.population.models import Person

pytestmark = pytest.mark.django_db
LIST = "referral:compliance"


@pytest.fixture
def here(township: Place, county: Place, resident: Person) -> Referral:
    return region.arrived(township, county, resident)


def steps(referral: Referral) -> str:
    return reverse("referral:compliance_steps", args=[referral.id])


def cells(answer: object) -> str:
    """All the words of a spreadsheet."""
    book = zipfile.ZipFile(io.BytesIO(answer.content))  # type: ignore[attr-defined]
    return "".join(
        book.read(name).decode() for name in book.namelist() if name.endswith(".xml")
    )


def test_who_went_where_with_the_verdict_and_nothing_clinical(here: Referral) -> None:
    text = plain(as_authority(Role.INSURER).get(reverse(LIST)))
    assert here.number in text
    assert "规范上转" in text
    assert "望远镇卫生院 → 永宁县人民医院" in text
    for hidden in ("马秀英", "高血压", "胸闷", "血压两次"):
        assert hidden not in text


def test_the_steps_show_questions_and_clauses_without_the_letter(
    here: Referral,
) -> None:
    text = plain(as_authority(Role.INSURER).get(steps(here)))
    assert "到诊前已被接收" in text
    assert "RI-4" in text
    for hidden in ("马秀英", "高血压", "胸闷"):
        assert hidden not in text
    assert AuditEntry.objects.filter(action="referral.compliance_read").exists()


def test_another_area_is_another_bureaus(here: Referral) -> None:
    other = as_authority(Role.INSURER, "640400")
    assert here.number not in words(other.get(reverse(LIST)))
    assert other.get(steps(here)).status_code == 404
    Person.objects.filter(pk=here.person_id).update(insured_area="640402")
    assert here.number in words(other.get(reverse(LIST)))


def test_only_what_has_arrived(waiting: Referral) -> None:
    insurer = as_authority(Role.INSURER)
    assert "没有符合条件的转诊" in words(insurer.get(reverse(LIST)))
    assert insurer.get(steps(waiting)).status_code == 404


@pytest.mark.parametrize("name", [LIST, "referral:compliance_export"])
def test_nobody_else(
    name: str, here: Referral, county: Place, resident: Person
) -> None:
    for client in (
        as_actor(county.doctor),
        as_authority(Role.OFFICER),
        as_authority(Role.AUDIT_ADMIN),
        as_resident(resident),
    ):
        assert client.get(reverse(name)).status_code == 403
        assert client.get(steps(here)).status_code == 403
    assert Client().get(reverse(name)).status_code == 302


def test_the_filter_stands_in_the_address(here: Referral) -> None:
    insurer = as_authority(Role.INSURER)
    month = f"{timezone.localtime(here.arrived_at):%Y-%m}"
    before = f"{timezone.localtime(here.arrived_at) - timedelta(days=40):%Y-%m}"
    address = reverse(LIST)
    assert here.number in words(
        insurer.get(f"{address}?verdict=compliant_up&month={month}")
    )
    assert here.number not in words(insurer.get(f"{address}?verdict=non_compliant"))
    assert here.number not in words(insurer.get(f"{address}?month={before}"))


@pytest.mark.parametrize(
    "month",
    ["", "x", "2026-13", "2026-00", "0000-01", "9999-12", "٢٠٢٦-01", "2026-01-01"],
)
def test_a_spoilt_month_is_not_asked(month: str) -> None:
    asked = read_asked("nonsense", month)
    assert (asked.verdict, asked.month) == (None, None)


def test_the_file_says_that_it_is_invented_and_that_it_was_taken(
    here: Referral, settings: Any
) -> None:
    settings.YILIAN_DEMO = True
    answer = as_authority(Role.INSURER).get(reverse("referral:compliance_export"))
    assert answer["Content-Type"].endswith("spreadsheetml.sheet")
    text = cells(answer)
    assert "演示数据：人员、数字和事件均为虚构" in text
    assert here.number in text
    assert "马秀英" not in text
    row = AuditEntry.objects.get(action="referral.export")
    assert (row.object_kind, row.detail["rows"]) == ("compliance", 1)
    assert row.person_ids == [here.person_id]


def test_a_name_that_looks_like_a_formula_stays_a_text(here: Referral) -> None:
    here.from_institution.short_name = '=HYPERLINK("http://x")'
    here.from_institution.save()
    insurer = as_authority(Role.INSURER)
    assert "<f>" not in cells(insurer.get(reverse("referral:compliance_export")))


def test_markup_in_names_stays_text(here: Referral) -> None:
    here.from_institution.short_name = EVIL
    here.from_institution.save()
    insurer = as_authority(Role.INSURER)
    for address in (reverse(LIST), steps(here)):
        assert EVIL not in words(insurer.get(address))


def test_a_long_list_is_paged_in_few_queries(
    here: Referral, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    facts = {
        f.attname: getattr(here, f.attname)
        for f in Referral._meta.concrete_fields
        if f.attname
        not in (
            "id",
            "number",
            "episode_id",
            "arrived_at",
            "state",
            "closed_at",
            "submitted_at",
        )
    }
    for n in range(45):
        Referral.objects.create(
            **facts, number=f"Z{n}", episode=here.episode, state="completed",
            closed_at=timezone.now(), submitted_at=here.submitted_at,
            arrived_at=timezone.now() - timedelta(hours=n),
        )  # fmt: skip
    insurer = as_authority(Role.INSURER)
    insurer.get(reverse("notify:inbox"))  # the help line's telephone is kept a while
    with django_assert_max_num_queries(12):
        first = words(insurer.get(reverse(LIST)))
    cursor = first.split("cursor=")[1].split('"')[0]
    second = words(insurer.get(f"{reverse(LIST)}?cursor={cursor}"))
    assert first.count("<tr>") + second.count("<tr>") == 46 + 2
