"""What is taken, and what is refused in which words."""

import io
import struct
import tracemalloc
import zlib
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yilian.foundation.files.rules import pictures
from yilian.foundation.files.rules.checking import NotAccepted, check, check_size
from yilian.foundation.files.rules.kinds import Kind
from yilian.foundation.files.rules.pictures import Broken, Size
from yilian.foundation.files.tests import samples


def refused(data: bytes, name: str = "") -> str:
    with pytest.raises(NotAccepted) as refusal:
        check(io.BytesIO(data), name)
    return str(refusal.value)


@pytest.mark.parametrize(
    ("data", "name", "kind"),
    [
        (samples.png(), "心电图.png", Kind.PNG),
        (samples.jpeg(), "IMG_2041.JPG", Kind.JPEG),
        (samples.jpeg(), "photo.jpeg", Kind.JPEG),
        (samples.webp(), "x.webp", Kind.WEBP),
        (samples.pdf(), "报告.pdf", Kind.PDF),
        (samples.pdf(3), "没有后缀的名字", Kind.PDF),
        pytest.param(samples.png(), "微信图片.jpg", Kind.PNG, id="among pictures"),
        (samples.packed_pdf(b"5 0 << /Type /Page >>"), "packed.pdf", Kind.PDF),
    ],
)
def test_these_are_taken_as_what_their_bytes_say(
    data: bytes, name: str, kind: Kind
) -> None:
    assert check(io.BytesIO(data), name) is kind


@pytest.mark.parametrize(
    ("data", "name", "words"),
    [
        (b"", "empty.pdf", "空的"),
        (samples.HTML, "report.pdf", "不是其中任何一种"),
        (samples.DOCX, "小结.docx", "不是其中任何一种"),
        (samples.TIFF, "片子.tif", "不是其中任何一种"),
        (samples.HEIC, "IMG.heic", "HEIC"),
        (samples.HEIC, "IMG.jpg", "HEIC"),
        (samples.png(), "报告.pdf", "结尾"),
        (samples.pdf(), "x.png", "结尾"),
        (samples.pdf(), "x.exe", "结尾"),
        (samples.png(), "page.html", "结尾"),
        (b"%PDF-1.7\n", "head.pdf", "不完整"),
        (b"%PDF-1.7\nstartxref\n0\n%%EOF", "nothing.pdf", "没有页面"),
        (samples.pdf(0), "none.pdf", "没有页面"),
        (samples.pdf()[:-200], "cut.pdf", "不完整"),
        (samples.png()[:-8], "cut.png", "不完整"),
        (samples.jpeg()[:30], "cut.jpg", "不完整"),
        (samples.webp()[:-6], "cut.webp", "不完整"),
    ],
)
def test_these_are_refused_in_words(data: bytes, name: str, words: str) -> None:
    assert words in refused(data, name)


@pytest.mark.parametrize(
    "more",
    [
        b"/OpenAction << /S /JavaScript /JS (app.alert\\(1\\)) >>",
        b"/OpenAction << /S /J#61vaScript >>",
        b"/OpenAction << /S /Launch /F (cmd.exe) >>",
        b"/Names << /EmbeddedFiles << >> >>",
        b"/AcroForm << /XFA [] >>",
    ],
)
def test_a_pdf_that_acts_is_refused(more: bytes) -> None:
    assert "程序" in refused(samples.pdf(more=more))


def test_a_pdf_that_acts_from_its_packed_list_is_refused() -> None:
    listed = b"5 0 << /Type /Page /AA << /O << /JS (x) >> >> >>"
    assert "程序" in refused(samples.packed_pdf(listed))


def test_what_a_page_draws_is_not_what_the_pdf_does() -> None:
    """Words in a stream, or packed bytes that look like a name, are no command."""
    assert check(io.BytesIO(samples.pdf(words="/JavaScript ")), "") is Kind.PDF


def test_a_locked_pdf_is_said_to_be_locked() -> None:
    locked = samples.packed_pdf(b"").replace(b"/Root 1 0 R", b"/Encrypt 9 0 R")
    assert "密码" in refused(locked)


def test_a_packed_list_that_explodes_is_read_within_its_bound() -> None:
    bomb = samples.packed_pdf(b" " * 400_000_000)
    assert len(bomb) < 1_000_000
    tracemalloc.start()
    refused(bomb)
    _now, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 150_000_000


@pytest.mark.parametrize(
    "data",
    [
        samples.png_of(60_000, 60_000, zlib.compress(bytes(1000))),
        samples.png_of(20_001, 2, zlib.compress(bytes(1000))),
        samples.jpeg(16_000, 16_000),
        samples.webp(16_000, 16_000),
    ],
)
def test_a_picture_that_would_fill_a_desk_is_refused(data: bytes) -> None:
    assert "尺寸过大" in refused(data)


def test_a_png_with_a_changed_byte_is_broken() -> None:
    data = bytearray(samples.png(50, 50))
    data[60] ^= 1
    assert "不完整" in refused(bytes(data))


def test_a_png_of_noise_is_broken() -> None:
    assert "不完整" in refused(samples.png_of(4, 4, b"no picture at all"))


def test_the_size_is_read_from_the_frame_and_not_from_the_thumbnail() -> None:
    assert pictures.jpeg(io.BytesIO(samples.jpeg(4032, 3024))) == Size(4032, 3024)
    assert pictures.webp(io.BytesIO(samples.webp(640, 480))) == Size(640, 480)


def test_a_moving_picture_is_not_taken() -> None:
    body = b"\x02\0\0\0" + bytes(6)
    parts = b"VP8X" + struct.pack("<I", 10) + body
    data = b"RIFF" + struct.pack("<I", 4 + len(parts)) + b"WEBP" + parts
    with pytest.raises(Broken):
        pictures.webp(io.BytesIO(data))


@pytest.mark.parametrize(
    ("size", "words"),
    [(0, "空的"), (20_000_001, "最多 20 MB"), (100_000_000, "100.0 MB")],
)
def test_the_size_is_bounded(size: int, words: str) -> None:
    with pytest.raises(NotAccepted) as refusal:
        check_size(size, 20)
    assert words in str(refusal.value)


def test_the_size_may_be_all_that_is_allowed() -> None:
    check_size(20_000_000, 20)


@given(
    head=st.sampled_from(
        [
            b"",
            b"%PDF-1.4\n",
            b"\xff\xd8\xff",
            b"\x89PNG\r\n\x1a\n",
            b"RIFF\x30\0\0\0WEBP",
        ]
    ),
    rest=st.binary(max_size=300),
)
def test_nothing_that_is_uploaded_makes_an_error_of_ours(
    head: bytes, rest: bytes
) -> None:
    with suppress(NotAccepted):
        check(io.BytesIO(head + rest), "x")


@given(cut=st.integers(1, 2000), kind=st.sampled_from(["png", "jpeg", "webp", "pdf"]))
def test_a_file_cut_anywhere_is_refused_or_whole(cut: int, kind: str) -> None:
    data: bytes = getattr(samples, kind)()
    try:
        check(io.BytesIO(data[:cut]), "x")
    except NotAccepted:
        return
    tail = len(b"what a phone writes behind") if kind == "jpeg" else 1
    assert cut >= len(data) - tail
