"""Segments, fields and their parts.

A field is split only when it is asked for: ten megabytes of separators must not keep
a processor busy for minutes, as they do in the libraries that were tried
(docs/decisions, the record on HL7 v2).
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Final

from yilian.interfaces.exchange.hl7v2.charset import CODECS, codec_of, decoded
from yilian.kernel.calendar import CHINA
from yilian.kernel.errors import Invalid
from yilian.kernel.text import _

MOST_SEGMENTS: Final = 20_000
_LINES: Final = re.compile(r"\r\n|\r|\n")
_ESCAPED: Final = {"F": 0, "S": 1, "R": 2, "T": 4, "E": 3}
_HEX: Final = re.compile(r"X((?:[0-9A-Fa-f]{2})+)")
_BREAKS: Final = re.compile(r"\.(?:br|sp|ce)\+?(\d{0,4})")
_NULL: Final = '""'  # "delete what you have"; nothing of ours is deleted by it
_MOMENT: Final = re.compile(
    r"(\d{4})(?:(\d\d)(?:(\d\d)(?:(\d\d)(\d\d)?(?:(\d\d)(?:\.\d{1,6})?)?)?)?)?"
    r"([+-]\d{4})?",
    re.ASCII,
)
_DAY_DIGITS: Final = 3
_ENDS: Final = b"\r\n"
_BEFORE: Final = b"\xef\xbb\xbf\r\n \t"


class NotHl7(Invalid):
    code = "not-hl7"


@dataclass(frozen=True, slots=True)
class Marks:
    """Separators of a message, as its header says: field, then MSH-2."""

    field: str = "|"
    component: str = "^"
    repetition: str = "~"
    escape: str = "\\"
    sub: str = "&"

    @property
    def all(self) -> str:
        return self.field + self.component + self.repetition + self.escape + self.sub


STANDARD: Final = Marks()


@dataclass(frozen=True, slots=True)
class Segment:
    """One line. Fields, repetitions and components count from 1."""

    name: str
    parts: Sequence[str]
    marks: Marks = STANDARD
    place: int = 1  # which of its name it is

    def raw(self, number: int) -> str:
        # MSH-1 is the separator itself, so its fields stand one further left.
        at = number - 1 if self.name == "MSH" else number
        return self.parts[at] if 0 < at < len(self.parts) else ""

    def repetitions(self, number: int) -> list["Repetition"]:
        text = self.raw(number)
        if not text:
            return []
        pieces = text.split(self.marks.repetition)
        return [Repetition(piece, self.marks) for piece in pieces if piece]

    def first(self, number: int) -> "Repetition":
        return next(iter(self.repetitions(number)), Repetition("", self.marks))

    def value(self, number: int, component: int = 1, sub: int = 1) -> str:
        """Of the first repetition, unescaped and trimmed."""
        return self.first(number).value(component, sub)


@dataclass(frozen=True, slots=True)
class Repetition:
    text: str
    marks: Marks = STANDARD

    def value(self, component: int = 1, sub: int = 1) -> str:
        pieces = self.text.split(self.marks.component)
        chosen = pieces[component - 1] if component <= len(pieces) else ""
        subs = chosen.split(self.marks.sub)
        plain = subs[sub - 1] if sub <= len(subs) else ""
        return "" if plain == _NULL else _kept(plain, self.marks)

    def whole(self) -> str:
        """All of it as one text, for fields that are text."""
        return "" if self.text == _NULL else _kept(self.text, self.marks)


@dataclass(frozen=True, slots=True)
class Header:
    """What an answer needs, readable even where the rest is not."""

    application: str = ""
    facility: str = ""
    to_application: str = ""
    to_facility: str = ""
    security: str = ""
    kind: str = ""  # REF^I12
    control_id: str = ""
    processing: str = ""
    version: str = ""
    charset: str = ""

    @property
    def event(self) -> str:
        return self.kind.partition("^")[2]


@dataclass(frozen=True, slots=True)
class Message:
    segments: Sequence[Segment] = field(default_factory=list)

    @property
    def header(self) -> Header:
        return header_of(self.segments[0])

    def __iter__(self) -> Iterator[Segment]:
        return iter(self.segments)

    def of(self, name: str) -> list[Segment]:
        return [one for one in self.segments if one.name == name]

    def first(self, name: str) -> Segment:
        """The first of that name; an empty one where there is none."""
        found = (one for one in self.segments if one.name == name)
        return next(found, Segment(name, [name]))


def header_of(msh: Segment) -> Header:
    kind = msh.first(9)
    return Header(
        application=msh.value(3),
        facility=msh.value(4),
        to_application=msh.value(5),
        to_facility=msh.value(6),
        security=msh.first(8).whole(),
        kind="^".join(filter(None, (kind.value(1), kind.value(2)))),
        control_id=msh.first(10).whole(),
        processing=msh.value(11),
        version=msh.value(12),
        charset=msh.value(18),
    )


def rough_header(data: bytes) -> Header:
    """Before the characters are known: foreign ones stand as `?`.

    Raises `NotHl7` where no header begins the message.
    """
    first = re.split(rb"[\r\n]", data.lstrip(_BEFORE), maxsplit=1)[0]
    return header_of(_segment(first.decode("ascii", "replace"), _marks(first)))


def read(data: bytes, otherwise: str) -> tuple[Message, str]:
    """The message and its codec; `otherwise` where MSH-18 is silent."""
    codec = codec_of(_declared(data), otherwise)
    return parse(decoded(data.lstrip(_ENDS), codec)), codec


def _declared(data: bytes) -> str:
    """MSH-18. A name written in GB 18030 may hide a separator and shift the fields:
    then the charset is found by its name."""
    rough = rough_header(data).charset
    if rough.upper() in CODECS:
        return rough
    line = re.split(rb"[\r\n]", data.lstrip(_BEFORE), maxsplit=1)[0]
    fields = [part.decode("ascii", "replace") for part in line.split(line[3:4])]
    return next((name for name in fields if name.upper() in CODECS), rough)


def parse(text: str) -> Message:
    """Unknown segments, fields and versions are kept, never refused."""
    lines = [line for line in _LINES.split(text.lstrip("\ufeff")) if line.strip()]
    if not lines:
        raise NotHl7(_("消息是空的。"))
    if len(lines) > MOST_SEGMENTS:
        raise NotHl7(_("消息的段数过多，最多 {most} 段。"), most=MOST_SEGMENTS)
    lines[0] = lines[0].lstrip()
    marks = _marks(lines[0].encode("utf-8", "replace"))
    counted: dict[str, int] = {}
    segments = []
    for line in lines:
        one = _segment(line.lstrip(), marks)
        counted[one.name] = counted.get(one.name, 0) + 1
        segments.append(Segment(one.name, one.parts, marks, counted[one.name]))
    return Message(segments)


def _segment(line: str, marks: Marks) -> Segment:
    parts = line.split(marks.field)
    return Segment(parts[0][:3].upper(), parts, marks)


def _marks(line: bytes) -> Marks:
    """Of the header line; the sub-component may be left out by old senders."""
    wrong = NotHl7(_("消息不是以正确的 MSH 段开头。"))
    if not line.startswith(b"MSH") or len(line) < 8:  # noqa: PLR2004
        raise wrong
    head = line[3:9].decode("ascii", "replace")
    field_mark, rest = head[0], head[1:].partition(head[0])[0]
    chosen = (field_mark + rest.ljust(4, "\0"))[:5]
    is_plain = all(c in "\0" or not (c.isalnum() or c.isspace()) for c in chosen)
    given = chosen.replace("\0", "")
    if not is_plain or len(set(given)) != len(given) or len(rest) < 2:  # noqa: PLR2004
        raise wrong
    return Marks(*chosen)


def unescaped(text: str, marks: Marks = STANDARD) -> str:
    """What the sequences stand for; unknown ones vanish, a lone mark stays."""
    if marks.escape not in text:
        return text
    pieces = text.split(marks.escape)
    shown = [pieces[0]]
    at = 1
    while at < len(pieces):
        if at == len(pieces) - 1:  # opened and never closed
            shown.append(marks.escape + pieces[at])
            break
        shown.append(_meaning(pieces[at], marks))
        shown.append(pieces[at + 1])
        at += 2
    return "".join(shown)


def _kept(text: str, marks: Marks) -> str:
    """Without the NUL that some systems pad with, and that no column holds."""
    return unescaped(text, marks).replace("\0", "").strip()


def _meaning(sequence: str, marks: Marks) -> str:
    if sequence in _ESCAPED:
        return marks.all[_ESCAPED[sequence]]
    found = _BREAKS.fullmatch(sequence)
    if found:
        return "\n" * min(int(found[1] or 1), 10)
    found = _HEX.fullmatch(sequence)
    if found:
        return bytes.fromhex(found[1]).decode("utf-8", "replace")
    return ""


def escaped(text: str, marks: Marks = STANDARD) -> str:
    """Text that may stand in a component; line ends become `.br`."""
    plain = _LINES.sub("\n", text)
    table = {
        marks.escape: "E",
        marks.field: "F",
        marks.component: "S",
        marks.repetition: "R",
        marks.sub: "T",
        "\n": ".br",
    }
    wrapped = {c: f"{marks.escape}{name}{marks.escape}" for c, name in table.items()}
    return "".join(wrapped.get(c, c) for c in plain if c >= " " or c == "\n")


def moment_of(text: str) -> datetime | None:
    """A time as HL7 writes it; without a zone it is China's. None if it is none."""
    found = _MOMENT.fullmatch(text.strip())
    if found is None or found[2] is None:
        return None
    year, month, day, hour, minute, second = (
        int(part or 0) for part in found.groups()[:6]
    )
    try:
        zone = _zone(found[7]) if found[7] else CHINA
        at = datetime(year, month, day or 1, hour, minute, second, tzinfo=zone)
        return at.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def day_of(text: str) -> date | None:
    """The calendar day as written, whatever the zone."""
    found = _MOMENT.fullmatch(text.strip())
    if found is None or not all(found.groups()[:_DAY_DIGITS]):
        return None
    try:
        return date(*(int(part) for part in found.groups()[:_DAY_DIGITS]))
    except ValueError:
        return None


def _zone(offset: str) -> timezone:
    sign = -1 if offset[0] == "-" else 1
    return timezone(sign * timedelta(hours=int(offset[1:3]), minutes=int(offset[3:5])))
