"""Diagnoses are found by code, text and initials, quickly, among all of them."""

import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client

from yilian.foundation.access.actor import Actor, Role
from yilian.foundation.terminology import queries, services
from yilian.foundation.terminology.models import Concept
from yilian.foundation.terminology.rules import understand

pytestmark = pytest.mark.django_db
INSURANCE: Final = (
    settings.ROOT.parent / "shared/data/terminology/icd10_insurance_2.0_diagnoses.txt"
)
WAYS: Final = [
    "I10",
    "E11.9",
    "gxy",
    "2xtnb",
    "骨折",
    "2型糖尿病",
    "急性",
    "痔",
    "n",
    "S",
]


@pytest.fixture
def common() -> None:
    services.load_shipped()


@pytest.fixture
def edition(tmp_path: Path) -> Path:
    """As many diagnoses as the insurance edition has, of our own making."""
    sites = "头面颈肩胸背腰腹臀髋腿膝踝足手腕肘肝胆胰脾胃肠肾肺心脑骨皮眼耳鼻口"
    kinds = ["急性{}炎", "慢性{}炎", "{}恶性肿瘤", "{}骨折", "{}脓肿", "{}损伤后遗症"]
    rng = random.Random(1)  # noqa: S311 not a secret
    lines = []
    for number in range(33_000):
        site = "".join(rng.sample(sites, 2))
        name = rng.choice(kinds).format(site)
        letter, rest = chr(65 + number % 26), number // 26
        code = f"{letter}{rest // 1000 + 10:02}.{rest % 1000:03}"
        lines.append(f"{code}\t{name}{number}")
    path = tmp_path / "edition.txt"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def found(text: str) -> list[str]:
    return [line.name for line in queries.search_icd10(text)]


def test_by_code_by_text_and_by_initials(common: None) -> None:
    assert "原发性高血压" in found("I10")
    assert found("i10.X00")[0] == "原发性高血压"
    assert "高血压" in found("gxy")
    assert found("痔") == ["痔"]
    assert "股骨颈骨折" in found("股骨骨折") or "股骨颈骨折" in found("骨颈")
    assert "2型糖尿病" in found("e119")
    assert found("2型糖尿病")[0] == "2型糖尿病"


def test_what_begins_with_the_text_comes_first(common: None) -> None:
    names = found("糖尿病")
    assert names[0] == "糖尿病"
    starts = [name.startswith("糖尿病") for name in names]
    assert starts == sorted(starts, reverse=True)


@pytest.mark.parametrize(
    "text", ["", " ", "%", "_", "\\", "没有这个病名", "zzzzzz", "\x00"]
)
def test_nothing_is_found_for_nothing(common: None, text: str) -> None:
    assert found(text) == []


def test_a_name_is_known_by_its_code(common: None) -> None:
    assert queries.icd10_name("I10.x00") == "原发性高血压"
    assert queries.icd10_name("nonsense") is None


def test_loading_names_bad_lines_by_number_and_keeps_the_good(tmp_path: Path) -> None:
    path = tmp_path / "some.txt"
    lines = ["A00.000 甲", "", "坏编码 乙", "A01.000", "A00.000 又一次", "A02.000\t丙"]
    path.write_bytes("\n".join(lines).encode() + b"\nA03.000 \xff\xff\x81\n")
    report = services.load_icd10(path)
    assert report.added == 2
    assert [(bad.number, bad.why) for bad in report.bad] == [
        (3, services.NO_CODE),
        (4, services.NO_NAME),
        (5, services.TWICE),
        (7, services.NOT_TEXT),
    ]
    assert "第 3 行" in str(report)
    assert queries.icd10_name("A02.000") == "丙"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_files_as_windows_writes_them(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "some.txt"
    path.write_bytes("A00.000 霍乱\r\nA01.000 伤寒\r\n".encode(encoding))
    report = services.load_icd10(path)
    assert not report.bad
    assert queries.icd10_name("A00.000") == "霍乱"


def test_loading_again_changes_nothing_and_a_new_name_only_its_row(
    tmp_path: Path,
) -> None:
    path = tmp_path / "some.txt"
    path.write_text("A00.000 甲病\nA01.000 乙病", encoding="utf-8")
    services.load_icd10(path)
    ids = set(Concept.objects.values_list("id", flat=True))
    again = services.load_icd10(path)
    assert (again.added, again.changed, again.unchanged) == (0, 0, 2)
    path.write_text("A00.000 甲病\nA01.000 丁病", encoding="utf-8")
    third = services.load_icd10(path)
    assert (third.added, third.changed, third.unchanged) == (0, 1, 1)
    assert set(Concept.objects.values_list("id", flat=True)) == ids
    assert found("丁病") == ["丁病"]
    assert found("乙病") == []


def test_the_shipped_names_give_way_to_the_whole_edition_and_not_back(
    common: None, tmp_path: Path
) -> None:
    path = tmp_path / "some.txt"
    path.write_text("I10.x00 特发性高血压", encoding="utf-8")
    services.load_icd10(path)
    assert services.load_shipped() == 0
    assert queries.icd10_name("I10.x00") == "特发性高血压"


def test_every_way_is_quick_and_reads_an_index(edition: Path) -> None:
    services.load_icd10(edition)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE terminology_concept")
    for text in WAYS:
        plan = queries.matching(understand(text))[:20].explain()
        assert "Seq Scan" not in plan, f"{text}: {plan}"
        started = time.perf_counter()
        queries.search_icd10(text)
        assert time.perf_counter() - started < 0.25, text  # 50 ms on a quiet machine


@pytest.mark.skipif(not INSURANCE.exists(), reason="the shared data are not here")
def test_the_insurance_edition_is_loaded_whole() -> None:
    report = services.load_icd10(INSURANCE)
    assert report.bad == []
    assert Concept.objects.filter(edition=services.INSURANCE).count() == 33_304
    assert found("tnb")
    assert "2型糖尿病" in found("2xtnb")
    assert "股骨颈骨折" in found("股骨颈骨折")


# --- the picker ---------------------------------------------------------------


def test_the_picker_gets_options(
    common: None,
    play: Callable[..., Actor],
    browse: Callable[[Actor], Client],
) -> None:
    client = browse(play(Role.PHYSICIAN))
    said = client.get("/terminology/icd10", {"q": "gxy"}).content.decode()
    assert 'data-code="I10.x00x002"' in said
    assert 'data-words="高血压"' in said
    none = client.get("/terminology/icd10", {"q": "zzzz"}).content.decode()
    assert "没有找到" in none


def test_the_picker_is_behind_the_door(client: Client) -> None:
    answer = client.get(
        "/terminology/icd10", {"q": "a"}, headers={"HX-Request": "true"}
    )
    assert answer.status_code == 401
