"""Frames, characters, separators: whatever comes, whatever order it comes in."""

from contextlib import suppress
from datetime import UTC, date, datetime
from pathlib import Path

import hl7
import pytest
from hypothesis import given
from hypothesis import strategies as st

from yilian.interfaces.exchange.hl7v2 import message as ours
from yilian.interfaces.exchange.hl7v2.answering import (
    Ack,
    Complaint,
    Fault,
    Reply,
    acknowledgement,
)
from yilian.interfaces.exchange.hl7v2.charset import CharsetWrong
from yilian.interfaces.exchange.hl7v2.framing import (
    MOST_GARBAGE,
    Frames,
    NotMllp,
    TooLarge,
    framed,
)
from yilian.interfaces.exchange.hl7v2.message import (
    STANDARD,
    Marks,
    NotHl7,
    day_of,
    escaped,
    moment_of,
    unescaped,
)

THIRD_PARTY = Path(__file__).parents[6] / "shared" / "data" / "hl7v2"
NEEDS_THEM = pytest.mark.skipif(
    not THIRD_PARTY.exists(), reason="../shared/data/hl7v2 is not on this machine"
)
bodies = st.binary(max_size=200).map(
    lambda raw: raw.replace(b"\x0b", b"").replace(b"\x1c", b"")
)
texts = st.text(st.characters(min_codepoint=32, exclude_categories=["Cs", "Cc"])).map(
    str
) | st.text("|^~\\&\nab胸")
HEAD = "MSH|^~\\&|A|B|C|D|20260301||REF^I12|1|P|2.5"


# --- frames ---------------------------------------------------------------------


@given(st.lists(bodies, max_size=5), st.integers(1, 40))
def test_messages_come_whole_however_the_line_cuts_them(
    messages: list[bytes], size: int
) -> None:
    stream = b"\r\n".join(framed(message) for message in messages)
    frames = Frames()
    found = [
        message
        for at in range(0, len(stream), size)
        for message in frames.feed(stream[at : at + size])
    ]
    assert found == messages


@given(bodies, bodies)
def test_a_message_that_begins_anew_drops_what_was_before(
    lost: bytes, got: bytes
) -> None:
    stream = b"noise\x0b" + lost + framed(got)
    assert list(Frames().feed(stream)) == [got]


def test_a_frame_without_its_carriage_return_is_a_frame() -> None:
    assert list(Frames().feed(b"\x0bone\x1c\x0btwo\x1c\r")) == [b"one", b"two"]


def test_a_message_grows_no_further_than_allowed() -> None:
    frames = Frames(largest=100)
    assert not list(frames.feed(b"\x0b" + b"x" * 60))
    with pytest.raises(TooLarge):
        list(frames.feed(b"x" * 60))


def test_who_sends_no_message_is_told_to_go() -> None:
    frames = Frames()
    with pytest.raises(NotMllp):
        list(frames.feed(b"x" * (MOST_GARBAGE + 1)))


# --- separators -------------------------------------------------------------------


@given(texts)
def test_what_is_escaped_comes_back(text: str) -> None:
    assert unescaped(escaped(text)) == text


@given(texts)
def test_escaped_text_holds_no_separator(text: str) -> None:
    plain = escaped(text)
    assert not set("|^~&\n") & set(plain)


@given(st.text(max_size=60))
def test_nothing_that_is_written_breaks_the_reader(text: str) -> None:
    unescaped(text)
    moment_of(text)
    day_of(text)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("a\\F\\b", "a|b"),
        ("\\E\\", "\\"),
        ("\\X E8\\", ""),
        ("\\XE883B8\\", "胸"),
        ("\\.br\\", "\n"),
        ("\\.sp999\\", "\n" * 10),
        ("\\H\\bold\\N\\", "bold"),
        ("open\\", "open\\"),
        ('""', '""'),
    ],
)
def test_sequences(written: str, read: str) -> None:
    assert unescaped(written) == read


def test_the_header_names_its_own_separators() -> None:
    message = ours.parse("MSH$*%!?$A*B$C\rPID$1$$x%y*z!F!")
    pid = message.first("PID")
    assert message.header.application == "A"
    assert [one.value(1) for one in pid.repetitions(3)] == ["x", "y"]
    assert pid.repetitions(3)[1].value(2) == "z$"


@pytest.mark.parametrize("line", ["MSH", "MSHABCDEFGH", "MSH||||||||", "XXX|^~\\&|"])
def test_a_header_without_separators_is_none(line: str) -> None:
    with pytest.raises(NotHl7):
        ours.parse(line)


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused_in_words(data: bytes) -> None:
    for raw in (data, HEAD.encode() + b"\r" + data):
        with suppress(NotHl7, CharsetWrong):
            assert ours.read(raw, "utf-8")[0].segments


def test_a_name_in_gb18030_does_not_hide_the_charset() -> None:
    """Its second bytes may look like separators."""
    text = "MSH|^~\\&|东億|B|C|D|20260301||REF^I12|1|P|2.5||||||GB18030\rPID|1||||马"
    raw = text.encode("gb18030")
    assert b"|" in "億".encode("gb18030") or raw
    message, codec = ours.read(raw, "utf-8")
    assert codec == "gb18030"
    assert message.first("PID").value(5) == "马"


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("20260301080000+0800", datetime(2026, 3, 1, 0, 0, tzinfo=UTC)),
        ("202603010800", datetime(2026, 3, 1, 0, 0, tzinfo=UTC)),
        ("20260301080000.1234-0500", datetime(2026, 3, 1, 13, 0, tzinfo=UTC)),
        ("20260230", None),
        ("2026", None),
        ("gestern", None),
    ],
)
def test_times(written: str, moment: datetime | None) -> None:
    assert moment_of(written) == moment


def test_a_day_is_as_written() -> None:
    assert day_of("19600308000000+0800") == date(1960, 3, 8)
    assert day_of("1960") is None


def test_ten_megabytes_of_separators_are_no_work() -> None:
    """The libraries tried need minutes and gigabytes for less."""
    message = ours.parse(HEAD + "\rOBX|1|TX|" + "|^" * 2_000_000)
    assert message.first("OBX").value(2) == "TX"


# --- against another reader -----------------------------------------------------------


@NEEDS_THEM
@pytest.mark.parametrize(
    "path", sorted(THIRD_PARTY.glob("*.hl7")), ids=lambda path: path.stem
)
def test_we_read_what_another_library_reads(path: Path) -> None:
    raw = path.read_bytes()
    mine, _codec = ours.read(raw, "utf-8")
    text = raw.decode("utf-8-sig").replace("\r\n", "\r").replace("\n", "\r")
    theirs = hl7.parse(text)
    named = [str(segment[0]) for segment in theirs if str(segment).strip()]
    assert [one.name for one in mine] == named
    assert mine.first("MSH").raw(10) == str(theirs.segment("MSH")[10])
    for one in mine.of("PID"):
        assert one.raw(5) == str(theirs.segments("PID")[one.place - 1](5))


def test_our_acknowledgement_is_read_by_another_library() -> None:
    header = ours.parse(HEAD + "||||||UNICODE UTF-8").header
    complaint = Complaint(Fault.MISSING, "缺少 | 诊断", "DG1^1^3")
    made = acknowledgement(
        Reply(Ack.ERROR, "缺少诊断", [complaint]),
        header,
        control_id="X1",
        now=datetime(2026, 3, 1, tzinfo=UTC),
        codec="utf-8",
    )
    answer = hl7.parse(made.decode())
    assert str(answer.segment("MSA")[1]) == "AE"
    assert str(answer.segment("MSA")[2]) == "1"
    assert str(answer.segment("ERR")[2]) == "DG1^1^3"
    assert str(answer.segment("MSH")[9]) == "ACK^I12^ACK"


def test_old_versions_get_the_error_they_know() -> None:
    header = ours.parse(HEAD.replace("2.5", "2.3")).header
    reply = Reply(Ack.REJECTED, "no", [Complaint(Fault.KIND, "no", "MSH^1^9")])
    now = datetime(2026, 3, 1, tzinfo=UTC)
    made = acknowledgement(reply, header, control_id="X", now=now, codec="ascii")
    assert b"\rERR|MSH^1^9^200&" in made


def test_marks_are_the_usual_ones() -> None:
    assert Marks().all == STANDARD.all == "|^~\\&"
