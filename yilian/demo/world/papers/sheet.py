"""A report or a summary as one page of PDF, in the readers' own Chinese font."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

_WIDE, _TALL = 595, 842  # A4 in points
_LEFT, _RIGHT = 56, 539
_LINE: Final = 20
_LONGEST: Final = 40  # characters on a line
_DEMO: Final = "演示"
_NOTICE: Final = "演示用的虚构资料，不是任何人的检查结果。"


@dataclass(frozen=True, slots=True)
class Sheet:
    """`rows`: a table, its first row the headings; `words`: paragraphs below it."""

    house: str
    title: str
    facts: Sequence[str]
    rows: Sequence[Sequence[str]] = ()
    words: Sequence[str] = ()
    signed: str = ""


def pdf(sheet: Sheet) -> bytes:
    content = b"\n".join(_drawn(sheet))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Count 1 /Kids [3 0 R] >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 %d %d] /Resources "
        b"<< /Font << /F1 5 0 R >> >> /Contents 4 0 R >>" % (_WIDE, _TALL),
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content),
        b"<< /Type /Font /Subtype /Type0 /BaseFont /STSong-Light "
        b"/Encoding /UniGB-UCS2-H /DescendantFonts [6 0 R] >>",
        b"<< /Type /Font /Subtype /CIDFontType0 /BaseFont /STSong-Light "
        b"/CIDSystemInfo << /Registry (Adobe) /Ordering (GB1) /Supplement 4 >> "
        b"/DW 1000 /W [1 95 500] /FontDescriptor 7 0 R >>",
        b"<< /Type /FontDescriptor /FontName /STSong-Light /Flags 6 "
        b"/FontBBox [-25 -254 1000 880] /ItalicAngle 0 /Ascent 880 /Descent -120 "
        b"/CapHeight 880 /StemV 93 >>",
    ]
    return _bound(objects)


def _drawn(sheet: Sheet) -> Iterable[bytes]:
    yield b"q 0.90 g BT /F1 150 Tf 0.87 0.5 -0.5 0.87 150 280 Tm %s Tj ET Q" % _hex(
        _DEMO
    )
    yield _centred(sheet.house, _TALL - 70, 15)
    yield _centred(sheet.title, _TALL - 98, 19)
    at = _TALL - 132
    for fact in sheet.facts:
        yield _text(fact, _LEFT, at)
        at -= _LINE
    yield _rule(at + 6)
    at -= _LINE
    for number, row in enumerate(sheet.rows):
        wide = (_RIGHT - _LEFT) // len(row)
        for column, words in enumerate(row):
            yield _text(words, _LEFT + column * wide, at)
        if number == 0:
            yield _rule(at - 7)
            at -= 6
        at -= _LINE
    for paragraph in sheet.words:
        for line in _lines(paragraph):
            yield _text(line, _LEFT, at)
            at -= _LINE
        at -= 6
    yield _text(sheet.signed, _LEFT + 250, at - _LINE)
    yield b"q 0.45 g %s Q" % _text(_NOTICE, _LEFT, 48, 9)


def _lines(paragraph: str) -> Iterable[str]:
    for start in range(0, len(paragraph), _LONGEST):
        yield paragraph[start : start + _LONGEST]


def _text(words: str, x: int, y: int, size: int = 12) -> bytes:
    return b"BT /F1 %d Tf %d %d Td %s Tj ET" % (size, x, y, _hex(words))


def _centred(words: str, y: int, size: int) -> bytes:
    return _text(words, (_WIDE - size * len(words)) // 2, y, size)


def _rule(y: int) -> bytes:
    return b"0.6 w %d %d m %d %d l S" % (_LEFT, y, _RIGHT, y)


def _hex(words: str) -> bytes:
    return b"<" + words.encode("utf-16-be").hex().encode() + b">"


def _bound(objects: Sequence[bytes]) -> bytes:
    out, places = bytearray(b"%PDF-1.4\n"), []
    for number, body in enumerate(objects, start=1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start, size = len(out), len(objects) + 1
    out += b"xref\n0 %d\n0000000000 65535 f \n" % size
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    out += b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (
        size,
        start,
    )
    return bytes(out)
