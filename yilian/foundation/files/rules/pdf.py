"""Whether a PDF has pages, and nothing in it that acts.

Not a reader: it looks at the parts outside the streams, and into the packed lists
of parts, so far as they unpack within a bound.
"""

import re
import zlib
from collections.abc import Iterator
from enum import Enum, auto
from typing import Final


class Problem(Enum):
    BROKEN = auto()
    NO_PAGES = auto()
    LOCKED = auto()
    ACTS = auto()


_STREAM: Final = re.compile(rb"(?<!end)stream\r?\n")
_END_STREAM: Final = b"endstream"
_NAME_END: Final = rb"(?=[\s/<>\[\]()%]|$)"
_PAGE: Final = re.compile(rb"/Type\s*/Page" + _NAME_END)
_LIST: Final = re.compile(rb"/Type\s*/ObjStm" + _NAME_END)
_FLATE: Final = re.compile(rb"/Filter\s*\[?\s*/Fl(?:ateDecode)?" + _NAME_END)
_ENCRYPTED: Final = re.compile(rb"/Encrypt" + _NAME_END)
# Programs, commands and files within: a report needs none of them.
_ACTS: Final = re.compile(
    rb"/(?:JavaScript|JS|Launch|EmbeddedFiles?|RichMedia|XFA)" + _NAME_END
)
_ESCAPED: Final = re.compile(rb"#([0-9A-Fa-f]{2})")
_TAIL: Final = 2048
_HEAD_OF_STREAM: Final = 1024  # how far before its data a stream's facts stand
MOST_UNPACKED: Final = 32_000_000


def problem(data: bytes) -> Problem | None:
    if b"%%EOF" not in data[-_TAIL:] or b"startxref" not in data:
        return Problem.BROKEN
    has_page = is_locked = False
    for part in _readable(data):
        plain = _ESCAPED.sub(lambda m: bytes([int(m[1], 16)]), part)
        if _ACTS.search(plain):
            return Problem.ACTS
        has_page = has_page or _PAGE.search(plain) is not None
        is_locked = is_locked or _ENCRYPTED.search(plain) is not None
    if has_page:
        return None
    return Problem.LOCKED if is_locked else Problem.NO_PAGES


def _readable(data: bytes) -> Iterator[bytes]:
    """What stands outside the streams, and the unpacked lists of parts."""
    at, room = 0, MOST_UNPACKED
    while (begin := _STREAM.search(data, at)) is not None:
        outside = data[at : begin.start()]
        yield outside
        end = data.find(_END_STREAM, begin.end())
        if end < 0:
            return
        facts = outside[-_HEAD_OF_STREAM:]
        if _LIST.search(facts) and _FLATE.search(facts):
            unpacked = _unpacked(data[begin.end() : end], room)
            room -= len(unpacked)
            yield unpacked
        at = end + len(_END_STREAM)
    yield data[at:]


def _unpacked(packed: bytes, most: int) -> bytes:
    if most <= 0:
        return b""
    try:
        return zlib.decompressobj().decompress(packed, most)
    except zlib.error:
        return b""
