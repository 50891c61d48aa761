"""The card of papers in the browser: uploads good and bad, and what comes back."""

import io
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from yilian.care.referral.models import Attachment, Referral
from yilian.care.referral.services import receiving, sending
from yilian.care.referral.tests import world as region
from yilian.care.referral.tests.browsing import (
    EVIL,
    as_actor,
    as_resident,
    plain,
    typed,
    words,
)
from yilian.care.referral.tests.world import Place
from yilian.foundation.files.places import place_of
from yilian.foundation.files.tests import samples
from yilian.kernel.ids import new_id
from yilian.registry.population.models import Person

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, settings: Settings) -> Path:
    settings.YILIAN_DATA = tmp_path
    return tmp_path


def upload(
    client: Client, hop: Referral, *files: tuple[str, bytes], **facts: Any
) -> Any:
    sent = []
    for name, data in files:
        one = io.BytesIO(data)
        one.name = name
        sent.append(one)
    told = {"idempotency_key": str(new_id()), "kind": "report", "files": sent} | facts
    address = reverse("referral:attach", args=[hop.id, "handover"])
    return client.post(address, told, headers={"HX-Request": "true"})


def card(client: Client, hop: Referral) -> Any:
    address = reverse("referral:attachments", args=[hop.id])
    return client.get(address, headers={"HX-Request": "true"})


def show(client: Client, paper: Attachment, how: str = "") -> Any:
    return client.get(reverse("referral:attachment", args=[paper.id]) + how)


def body(answer: Any) -> bytes:
    return b"".join(answer.streaming_content)


def test_several_at_once_and_they_open_as_they_were(
    township: Place, waiting: Referral
) -> None:
    gp = as_actor(township.doctor)
    files = [("心电图.pdf", samples.pdf()), ("胸片.jpg", samples.jpeg(30, 20)),
             ("化验.png", samples.png())]  # fmt: skip
    answer = upload(gp, waiting, *files, title="入院资料")
    assert answer.status_code == 200
    shown = plain(answer)
    assert all(f"入院资料 {n}" in shown for n in (1, 2, 3))
    for paper, (_name, data) in zip(
        Attachment.objects.order_by("added_at"), files, strict=True
    ):
        assert body(show(gp, paper)) == data


def test_a_large_photo_is_taken(township: Place, waiting: Referral) -> None:
    data = samples.jpeg(4032, 3024)[:-26] + bytes(5_000_000) + b"\xff\xd9"
    gp = as_actor(township.doctor)
    assert upload(gp, waiting, ("IMG_1.JPG", data)).status_code == 200
    paper = Attachment.objects.get()
    assert body(show(gp, paper)) == data
    assert "MB" in plain(card(gp, waiting))


def test_one_that_is_refused_does_not_keep_the_others_out(
    township: Place, waiting: Referral
) -> None:
    answer = upload(
        as_actor(township.doctor),
        waiting,
        ("好的.png", samples.png()),
        ("坏的.pdf", b"%PDF-1.4"),
        ("表格.docx", samples.DOCX),
        ("空.pdf", b""),
    )
    assert answer.status_code == 200
    assert Attachment.objects.count() == 1
    said = plain(answer)
    assert "坏的.pdf 文件不完整" in said
    assert "表格.docx 只能上传" in said
    assert "空.pdf 文件是空的" in said


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("x.html", samples.HTML),
        ("x.pdf", samples.HTML),
        ("x.pdf", b""),
        ("x.pdf", samples.pdf(0)),
        ("x.png", samples.png(3)[:-4]),
        ("x.heic", samples.HEIC),
        ("x.exe", samples.pdf()),
    ],
)
def test_a_bad_file_is_told_in_words(
    name: str, data: bytes, township: Place, waiting: Referral
) -> None:
    answer = upload(as_actor(township.doctor), waiting, (name, data))
    assert answer.status_code == 422
    assert "有文件没有添加" in plain(answer)
    assert not Attachment.objects.exists()


def test_without_a_file_the_form_says_so(township: Place, waiting: Referral) -> None:
    answer = upload(as_actor(township.doctor), waiting)
    assert answer.status_code == 422
    assert "请先选择文件" in plain(answer)


def test_a_hundred_megabytes_are_refused_before_they_are_read(
    township: Place, waiting: Referral
) -> None:
    answer = as_actor(township.doctor).generic(
        "POST",
        reverse("referral:attach", args=[waiting.id, "handover"]),
        b"",
        content_type="multipart/form-data; boundary=x",
        headers={"HX-Request": "true", "Content-Length": "100000000"},
    )
    assert answer.status_code == 413
    assert "内容太大" in words(answer)


def test_only_addresses_that_take_files_may_be_sent_more(
    township: Place, waiting: Referral
) -> None:
    def status(address: str, client: Client) -> int:
        headers = {"Content-Length": "5000000"}
        kind = "multipart/form-data; boundary=x"
        answer = client.generic(
            "POST", address, b"", content_type=kind, headers=headers
        )
        return answer.status_code

    gp = as_actor(township.doctor)
    attach = reverse("referral:attach", args=[waiting.id, "handover"])
    assert status(attach, Client()) == 401
    assert status(reverse("referral:find"), gp) == 413
    assert status("/nowhere", gp) == 413
    assert status(attach, gp) == 422


def test_names_and_titles_are_text(township: Place, waiting: Referral) -> None:
    gp = as_actor(township.doctor)
    upload(gp, waiting, (f"{EVIL}.png", samples.png()))
    upload(gp, waiting, ("b.pdf", samples.pdf()), title=EVIL)
    shown = words(card(gp, waiting))
    assert EVIL not in shown
    assert "&lt;script&gt;" in shown
    answer = show(gp, Attachment.objects.order_by("added_at")[1])
    assert "<script>" not in answer["Content-Disposition"]


def test_a_file_is_answered_as_what_it_is(township: Place, waiting: Referral) -> None:
    gp = as_actor(township.doctor)
    upload(gp, waiting, ("微信图片.jpg", samples.png()), title="心电图")
    paper = Attachment.objects.get()
    shown, saved = show(gp, paper), show(gp, paper, "?save")
    for answer in (shown, saved):
        assert answer["Content-Type"] == "image/png"
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert answer["Cache-Control"] == "no-store"
        assert "sandbox" in answer["Content-Security-Policy"]
        assert answer["X-Frame-Options"] == "DENY"
    assert saved["Content-Disposition"].startswith("attachment")
    assert "%E5%BF%83%E7%94%B5%E5%9B%BE.png" in saved["Content-Disposition"]


def test_the_receiver_sees_titles_first_and_the_papers_on_acceptance(
    township: Place, county: Place, waiting: Referral
) -> None:
    upload(as_actor(township.doctor), waiting, ("心电图.pdf", samples.pdf()))
    paper, desk = Attachment.objects.get(), as_actor(county.desk)
    before = card(desk, waiting)
    assert "心电图" in plain(before)
    assert "接收转诊后" in plain(before)
    assert reverse("referral:attachment", args=[paper.id]) not in words(before)
    refused = show(desk, paper)
    assert refused.status_code == 403
    assert "接收转诊后" in plain(refused)
    receiving.accept(county.desk, waiting.id)
    assert show(desk, paper).status_code == 200
    assert reverse("referral:attachment", args=[paper.id]) in words(card(desk, waiting))


def test_outsiders_learn_nothing(
    township: Place, stranger: Place, waiting: Referral
) -> None:
    upload(as_actor(township.doctor), waiting, ("心电图.pdf", samples.pdf()))
    outsider, paper = as_actor(stranger.doctor), Attachment.objects.get()
    assert show(outsider, paper).status_code == 404
    assert card(outsider, waiting).status_code == 404
    assert upload(outsider, waiting, ("a.pdf", samples.pdf(2))).status_code == 404
    assert show(Client(), paper).status_code == 302


def test_a_resident_opens_the_papers_that_go_with_them(
    township: Place, county: Place, resident: Person
) -> None:
    draft = region.drafted(township, county, resident)
    gp = as_actor(township.doctor)
    upload(gp, draft, ("草稿.pdf", samples.pdf()))
    patient, paper = as_resident(resident), Attachment.objects.get()
    assert show(patient, paper).status_code == 404
    sending.submit(township.doctor, draft.id, consent_by="self")
    assert show(patient, paper).status_code == 200
    assert "草稿" in plain(card(patient, draft))
    assert "添加附件" not in plain(card(patient, draft))


def test_the_patients_page_lists_it_and_opens_it(
    township: Place, waiting: Referral
) -> None:
    gp = as_actor(township.doctor)
    upload(gp, waiting, ("出院小结.pdf", samples.pdf()), kind="discharge")
    paper = Attachment.objects.get()
    address = reverse("record:documents", args=[waiting.person_id])
    listed = words(gp.get(address, headers={"HX-Request": "true"}))
    assert "出院小结" in listed
    assert reverse("referral:attachment", args=[paper.id]) in listed
    page = gp.get(reverse("record:resource", args=["DocumentReference", paper.id]))
    assert reverse("referral:attachment", args=[paper.id]) in words(page)


def test_a_missing_file_is_said_in_words(township: Place, waiting: Referral) -> None:
    gp = as_actor(township.doctor)
    upload(gp, waiting, ("a.pdf", samples.pdf()))
    paper = Attachment.objects.get()
    place_of(paper.file_id).unlink()
    answer = show(gp, paper)
    assert answer.status_code == 409
    assert "缺失或已损坏" in plain(answer)


def test_taking_back_answers_with_the_card(township: Place, waiting: Referral) -> None:
    gp = as_actor(township.doctor)
    upload(gp, waiting, ("a.pdf", samples.pdf()))
    address = reverse(
        "referral:take_back_attachment", args=[Attachment.objects.get().id]
    )
    blank = gp.post(address, {"reason": ""}, headers={"HX-Request": "true"})
    assert blank.status_code == 422
    assert "请写明哪里有误" in words(blank)
    done = gp.post(address, {"reason": "传错了"}, headers={"HX-Request": "true"})
    assert "登记有误" in plain(done)
    assert "传错了" in plain(done)


def test_a_draft_can_be_kept_to_add_papers_to(
    township: Place, county: Place, resident: Person
) -> None:
    gp = as_actor(township.doctor)
    answer = gp.post(
        reverse("referral:write", args=[resident.id]), typed(county.id, act="attach")
    )
    hop = Referral.objects.get()
    assert answer.headers["Location"] == reverse("referral:edit", args=[hop.id])
    page = words(gp.get(answer.headers["Location"]))
    assert reverse("referral:attachments", args=[hop.id]) in page
