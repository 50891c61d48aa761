"""What people see and press: parameters and prices in the browser."""

import io
import re
import zipfile
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from yilian.foundation.access.actor import Actor, Role
from yilian.foundation.audit.models import AuditEntry
from yilian.insurance.policy import queries
from yilian.insurance.policy.models import (
    ParameterDraft,
    ParameterSetVersion,
    PriceItem,
)
from yilian.insurance.policy.rules.toml_text import as_toml
from yilian.insurance.policy.services import drafting, prices, releasing
from yilian.insurance.policy.tests.cast import (
    FROM,
    bureau,
    hospital,
    signed_in,
    start,
    wanted,
)
from yilian.insurance.policy.tests.releases import make_released
from yilian.insurance.policy.tests.test_drafting import RATIO
from yilian.insurance.policy.tests.test_prices import HEAD, put
from yilian.kernel.ids import new_id

pytestmark = pytest.mark.django_db
DEDUCTIBLE = "inpatient.deductible.resident.any.primary"
LIST = "policy:parameters"


def words(answer: Any) -> str:
    text = re.sub(r"<(script|style)\b.*?</\1>", "", answer.content.decode(), flags=re.S)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text))


def address(name: str, *args: object) -> str:
    return reverse(f"policy:{name}", args=args)


def test_everybody_reads_what_was_released_and_only_the_bureau_its_drafts(
    author: Actor, base: ParameterSetVersion, draft_id: UUID
) -> None:
    for actor, sees in ((author, True), (hospital(Role.FINANCE), False)):
        client = signed_in(actor)
        text = words(client.get(reverse(LIST)))
        assert "宁夏演示参数（2018）" in text
        assert "演示值" in text
        assert ("2027 年度" in text) is sees
        assert client.get(address("version", base.pk)).status_code == 200
        for ending in ("toml", "json"):
            assert client.get(address("download", base.pk, ending)).status_code == 200
        assert client.get(address("draft", draft_id)).status_code == (
            200 if sees else 403
        )
        assert client.get(address("download", draft_id, "toml")).status_code == (
            200 if sees else 404
        )
    other = signed_in(bureau(area="150000"))
    assert other.get(address("draft", draft_id)).status_code == 404
    assert Client().get(reverse(LIST)).status_code == 302


def test_without_a_release_the_page_says_what_to_do(author: Actor) -> None:
    text = words(signed_in(author).get(reverse(LIST)))
    assert "还没有发布参数" in text
    assert "上传参数文件" in text


def test_a_set_shows_its_values_by_type_grade_and_tier_with_their_ground(
    author: Actor,
) -> None:
    row = make_released("NX-DEMO-2019")
    client = signed_in(author)
    text = words(client.get(address("version", row.pk), {"day": "2018-06-01"}))
    for said in (
        "住院报销比例", "城乡居民 · 3 档", "职工 · 退休", "90%", "1,500.00",
        "NX-3.2-a", "不限", "2019年1月1日 另有值", "50,000 起 65%",
    ):  # fmt: skip
        assert said in text, said
    assert "30.00 60.00" in text
    later = words(client.get(address("version", row.pk), {"day": "2019-01-01"}))
    assert "40.00 80.00" in later
    assert client.get(address("version", row.pk), {"day": "x"}).status_code == 200


def test_the_rise_of_the_primary_limits_is_told(author: Actor) -> None:
    make_released()
    make_released("NX-DEMO-2019", date(2019, 1, 1))
    text = words(signed_in(author).get(reverse(LIST)))
    assert "基层门诊两项限额逐年提高" in text
    assert "+33.3 %" in text
    assert "+25.0 %" in text
    assert "NX-3.2-b" in text


def test_from_a_form_to_a_release(
    author: Actor, second: Actor, base: ParameterSetVersion
) -> None:
    mine, theirs = signed_in(author), signed_in(second)
    answer = mine.post(
        address("new", base.pk),
        {"idempotency_key": str(new_id()), "title": "2027 年度",
         "effective_from": "2027-01-01", "area_code": "64", "source": "某号"},
    )  # fmt: skip
    draft_id = ParameterDraft.objects.get().pk
    assert answer["Location"] == address("edit", draft_id)
    form = fields_of(mine.get(address("edit", draft_id)))
    assert form[RATIO] == "60%"
    answer = mine.post(address("edit", draft_id), {**form, RATIO: "65%"})
    assert answer.status_code == 302
    text = words(theirs.get(address("draft", draft_id)))
    assert "60% 65%" in text
    assert "共 1 处" in text
    assert "复核无误" in text
    assert "复核无误" not in words(mine.get(address("draft", draft_id)))
    assert words(theirs.get(address("count"))).strip() == "1"
    theirs.post(address("review", draft_id), {"revision": 2})
    answer = theirs.post(address("release", draft_id), {"revision": 2})
    row = ParameterSetVersion.objects.get(number=2)
    assert answer["Location"] == address("version", row.pk)
    assert queries.released(FROM).version == "2"
    assert words(theirs.get(address("count"))).strip() == ""


def fields_of(answer: Any) -> dict[str, str]:
    """What a browser would send back."""
    html = answer.content.decode()
    found = dict(re.findall(r'<input[^>]* name="([^"]+)"[^>]*? value="([^"]*)"', html))
    for name, inside in re.findall(
        r'<select[^>]* name="([^"]+)"[^>]*>(.*?)</select>', html, flags=re.S
    ):
        chosen = re.search(r'value="([^"]*)" selected', inside)
        found[name] = chosen[1] if chosen else ""
    for name, inside in re.findall(
        r'<textarea[^>]* name="([^"]+)"[^>]*>(.*?)</textarea>', html, flags=re.S
    ):
        found[name] = inside.replace("\n", "\r\n")
    return found


def test_a_form_sent_back_as_it_was_changes_nothing(
    author: Actor, draft_id: UUID
) -> None:
    client = signed_in(author)
    before = ParameterDraft.objects.get().document
    answer = client.post(
        address("edit", draft_id), fields_of(client.get(address("edit", draft_id)))
    )
    assert answer.status_code == 302
    assert ParameterDraft.objects.get().document == before


def test_errors_stand_at_their_field_and_nothing_typed_is_lost(
    author: Actor, draft_id: UUID
) -> None:
    client = signed_in(author)
    form = fields_of(client.get(address("edit", draft_id)))
    answer = client.post(
        address("edit", draft_id), {**form, RATIO: "165%", DEDUCTIBLE: "甲<b>"}
    )
    html = answer.content.decode()
    assert answer.status_code == 422
    assert 'value="165%"' in html
    assert "甲&lt;b&gt;" in html
    at = html.index(f'id="v-{RATIO}-error"')
    assert "比例不能大于 1" in html[at : at + 200]
    assert "有 2 处需要修改" in words(answer)
    assert ParameterDraft.objects.get().revision == 1


def test_somebody_elses_change_in_between_is_told(
    author: Actor, draft_id: UUID
) -> None:
    client = signed_in(author)
    form = fields_of(client.get(address("edit", draft_id)))
    drafting.change_values(author, draft_id, revision=1, values={RATIO: "0.61"})
    answer = client.post(address("edit", draft_id), {**form, RATIO: "65%"})
    assert answer.status_code == 409
    assert "又被修改过" in words(answer)
    assert client.post(address("edit", draft_id), {RATIO: "65%"}).status_code == 409


class Seven:
    def count(self, area_code: str, days: object) -> int:
        return 7


def test_a_correction_is_asked_for_and_needs_its_reason(
    author: Actor, second: Actor, base: ParameterSetVersion, settings: Settings
) -> None:
    settings.YILIAN_SETTLED_DAYS = f"{__name__}.Seven"
    draft_id = start(author, base)
    drafting.change_values(author, draft_id, revision=1, values={RATIO: "0.61"})
    releasing.review(second, draft_id, revision=2)
    client = signed_in(second)
    assert "有 7 笔结算" in words(client.get(address("draft", draft_id)))
    plain = client.post(address("release", draft_id), {"revision": 2})
    assert plain.status_code == 409
    told = {"revision": 2, "is_correction": "on", "correction_reason": ""}
    answer = client.post(address("release", draft_id), told)
    assert answer.status_code == 422
    assert "请写明更正的原因" in words(answer)
    told["correction_reason"] = "文号抄错"
    assert client.post(address("release", draft_id), told).status_code == 302


def test_a_downloaded_file_is_uploaded_as_the_next_draft(
    author: Actor, base: ParameterSetVersion
) -> None:
    client = signed_in(author)
    content = client.get(address("download", base.pk, "toml")).content
    assert content.decode() == as_toml(queries.version(base.pk))
    changed = content.replace(b'tertiary = "0.60"', b'tertiary = "1.60"')
    answer = sent(client, "upload", changed)
    assert answer.status_code == 422
    assert "inpatient.ratio.resident.any.tertiary" in words(answer)
    assert sent(client, "upload", b"\xff\x00").status_code == 422
    answer = sent(client, "upload", content)
    row = ParameterDraft.objects.get()
    assert answer["Location"] == address("draft", row.pk)
    assert row.version == "2"
    again = sent(client, "replace", content.replace(b'"0.85"', b'"0.86"'), row.pk)
    assert again.status_code == 302
    assert ParameterDraft.objects.get().revision == 2


def sent(client: Client, name: str, content: bytes, *args: object) -> Any:
    return client.post(
        address(name, *args),
        {"idempotency_key": str(new_id()), "revision": 1,
         "file": SimpleUploadedFile("set.toml", content)},
    )  # fmt: skip


def test_two_versions_are_compared_value_by_value(author: Actor) -> None:
    old = str(make_released().pk)
    new = str(make_released("NX-DEMO-2019", date(2019, 1, 1)).pk)
    client = signed_in(author)
    text = words(client.get(address("compare"), {"old": old, "new": new}))
    assert "共 3 处" in text
    assert "60.00 80.00" in text
    same = client.get(address("compare"), {"old": old, "new": old})
    assert "每一天的值都相同" in words(same)
    wrong: list[dict[str, str]] = [{}, {"old": "x"}, {"old": str(new_id()), "new": old}]
    for asked in wrong:
        assert client.get(address("compare"), asked).status_code == 404


def test_the_list_asks_as_little_for_ten_versions_as_for_one(
    author: Actor, base: ParameterSetVersion
) -> None:
    client = signed_in(author)
    client.get(reverse(LIST))

    def asked() -> int:
        with CaptureQueriesContext(connection) as captured:
            client.get(reverse(LIST))
        return len(captured.captured_queries)

    before = asked()
    for number in range(9):
        start(author, base, date(2027, 1, 1 + number))
    make_released("NX-DEMO-2019", date(2019, 1, 1))
    client.get(reverse(LIST))  # reads the new set, once
    assert asked() <= before + 1  # the names of those who drafted


# --- prices ---------------------------------------------------------------------


def price_form(**changes: str) -> dict[str, str]:
    return {
        "idempotency_key": str(new_id()), "code": "t002", "kind": "tele_service",
        "name": "远程影像诊断", "specification": "", "unit": "次", "price": "1,080.5",
        "catalog_class": "B", "first_self_pay_rate": "10%", "payment_standard": "",
        "starts_on": "2026-01-01", "source": "宁发改价〔2026〕1号",
    } | changes  # fmt: skip


def test_a_price_is_set_found_and_followed_through_time(keeper: Actor) -> None:
    client = signed_in(keeper)
    answer = client.post(address("set_price"), price_form())
    assert answer["Location"] == address("price", "T002")
    found = words(client.get(address("prices"), {"q": "ycyx"}))
    assert "1,080.50" in found
    assert "自付 10%" in found
    tomorrow = timezone.localdate() + timedelta(days=1)
    again = client.get(address("set_price"), {"code": "T002"})
    assert 'value="远程影像诊断"' in again.content.decode()
    assert 'value="10%"' in again.content.decode()
    client.post(
        address("set_price"), price_form(price="900", starts_on=tomorrow.isoformat())
    )
    text = words(client.get(address("price", "T002")))
    assert "1,080.50" in text
    assert "900.00" in text
    assert "尚未生效" in text
    assert "900.00" in words(
        client.get(address("prices"), {"day": tomorrow.isoformat()})
    )


@pytest.mark.parametrize(
    ("field", "typed", "said"),
    [
        ("price", "-1", "不能为负数"),
        ("price", "1.005", "两位小数"),
        ("price", "9" * 20, "过大"),
        ("code", "价格", "编码由"),
        ("first_self_pay_rate", "110%", "不能大于 1"),
        ("catalog_class", "A", "只有乙类"),
        ("starts_on", "1900-01-01", "合理"),
        ("name", "", "必填"),
    ],
)
def test_a_wrong_price_is_told_at_its_field(
    field: str, typed: str, said: str, keeper: Actor
) -> None:
    answer = signed_in(keeper).post(address("set_price"), price_form(**{field: typed}))
    assert answer.status_code == 422
    assert said in words(answer)
    assert not PriceItem.objects.exists()


def test_a_price_that_is_there_is_not_overwritten_in_the_page(keeper: Actor) -> None:
    client = signed_in(keeper)
    client.post(address("set_price"), price_form())
    answer = client.post(address("set_price"), price_form(price="1"))
    assert answer.status_code == 422
    assert "已有价格" in words(answer)


def test_an_item_is_ended_in_the_page(keeper: Actor) -> None:
    put(keeper, "10.00")
    client = signed_in(keeper)
    day = (timezone.localdate() + timedelta(days=3)).isoformat()
    answer = client.post(address("end_price", "T001"), {"ends_on": day, "reason": ""})
    assert answer.status_code == 422
    told = {"ends_on": day, "reason": "项目合并"}
    assert client.post(address("end_price", "T001"), told).status_code == 302
    assert "项目合并" in words(client.get(address("price", "T001")))


def test_others_read_prices_and_keep_none(keeper: Actor) -> None:
    put(keeper, "10.00")
    for role in (Role.FINANCE, Role.PHARMACIST, Role.CONSORTIUM_OFFICE):
        client = signed_in(hospital(role))
        assert "远程会诊" in words(client.get(address("prices")))
        assert "登记新价格" not in words(client.get(address("price", "T001")))
        for name in ("set_price", "import_prices"):
            assert client.get(address(name)).status_code == 403
            assert client.post(address(name), price_form()).status_code == 403
        told = {"ends_on": "2030-01-01", "reason": "停"}
        assert client.post(address("end_price", "T001"), told).status_code == 403
    assert Client().get(address("prices")).status_code == 302
    assert signed_in(keeper).get(address("price", "NONE")).status_code == 404


def test_a_list_goes_out_as_it_comes_in(keeper: Actor) -> None:
    prices.set_price(
        keeper, key=new_id(), wanted=wanted(name="=1+1", specification="@x")
    )
    client = signed_in(keeper)
    content = client.get(address("export_prices")).content
    assert "'=1+1" in content.decode()
    done = upload(client, content)
    assert "新价格 0 条，未变 1 条，有误 0 条" in words(done)
    bad = upload(client, (HEAD + "A1,drug,药,,盒,1.234,A,,2024-01-01,某号").encode())
    assert "有误 1 条" in words(bad)
    assert "两位小数" in words(bad)
    assert upload(client, b"\x00").status_code == 422


def sheet(answer: Any) -> str:
    with zipfile.ZipFile(io.BytesIO(answer.content)) as book:
        names = [name for name in book.namelist() if name.endswith(".xml")]
        return "".join(book.read(name).decode() for name in names)


def strings(answer: Any) -> list[str]:
    """The texts of a book, in the order in which they were written."""
    return re.findall(r"<t(?: [^>]*)?>([^<]*)</t>", sheet(answer))


def test_the_list_goes_out_as_a_sheet_that_says_what_it_is_of(
    keeper: Actor, settings: Settings
) -> None:
    settings.YILIAN_DEMO = True
    prices.set_price(keeper, key=new_id(), wanted=wanted("1080.50", name="=1+1"))
    client = signed_in(hospital(Role.FINANCE))
    answer = client.get(address("export_price_sheet"), {"day": "2026-03-01"})
    assert answer["Content-Disposition"] == (
        'attachment; filename="prices-2026-03-01.xlsx"'
    )
    today = timezone.localdate()
    assert strings(answer)[:5] == [
        "价格目录", "演示数据：人员、数字和事件均为虚构",
        f"2026-03-01 的价格　导出日期 {today}　共 1 项", "编码", "类别",
    ]  # fmt: skip
    assert strings(answer)[15:] == [
        "T001", "医疗服务", "=1+1", "次", "丙类（目录外）", "全区", "演示值",
    ]  # fmt: skip
    assert "<v>1080.50</v>" in sheet(answer)
    assert "<f>" not in sheet(answer)
    settings.YILIAN_DEMO = False
    assert "演示数据" not in sheet(client.get(address("export_price_sheet")))


def test_a_sheet_holds_what_the_list_was_asked_for(keeper: Actor) -> None:
    put(keeper, "10.00")
    client = signed_in(keeper)
    page = client.get(address("prices"), {"kind": "drug"}).content.decode()
    assert f"{address('export_price_sheet')}?kind=drug" in page
    for asked, is_there in (
        ({"kind": "service"}, True), ({"kind": "drug"}, False),
        ({"q": "T0"}, True), ({"day": "2020-01-01"}, False),
    ):  # fmt: skip
        answer = client.get(address("export_price_sheet"), asked)
        assert ("T001" in strings(answer)) is is_there, asked


def test_who_takes_prices_away_signs_in_and_is_written_down(keeper: Actor) -> None:
    put(keeper, "10.00")
    names = {"export_price_sheet": "xlsx", "export_prices": "csv"}
    for name, form in names.items():
        assert Client().get(address(name)).status_code == 302
        assert not AuditEntry.objects.filter(object_kind=form).exists()
        told = {"q": "T0", "kind": "service", "day": "2026-03-01"}
        assert signed_in(keeper).get(address(name), told).status_code == 200
        entry = AuditEntry.objects.get(action="prices.export", object_kind=form)
        assert entry.account_id == keeper.account_id
        assert entry.detail == {"rows": 1, "day": "2026-03-01", "kind": "service"}


def upload(client: Client, content: bytes) -> Any:
    file = SimpleUploadedFile("prices.csv", content)
    return client.post(address("import_prices"), {"file": file})
