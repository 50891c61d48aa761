"""Whether a picture is whole, and how large it will be once opened.

Only the structure is read, a bounded piece at a time: nothing is decoded that
could grow. A picture that would fill a desk's memory is refused by its dimensions.
"""

import zlib
from typing import Any, BinaryIO, Final, NamedTuple


class Size(NamedTuple):
    width: int
    height: int


class Broken(ValueError):
    """Not a whole picture of its kind."""


MOST_PIXELS: Final = 100_000_000
MOST_SIDE: Final = 20_000
_PIECE: Final = 65_536
# JPEG markers
_SOI: Final = b"\xff\xd8"
_EOI: Final = b"\xff\xd9"
_SOS: Final = 0xDA
_FRAMES: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_BARE: Final = frozenset({0x01, *range(0xD0, 0xD9)})
_MARK: Final = 0xFF
_END: Final = 0xD9
_LENGTH: Final = 2
# PNG
_SIGNATURE: Final = 8
_IHDR: Final = 13
_LONGEST_CHUNK: Final = 2**31 - 1
# WebP
_ANIMATED: Final = 0x02
_VP8L_SIGN: Final = 0x2F
_VP8_SIGN: Final = b"\x9d\x01\x2a"
_SIDE_BITS: Final = 0x3FFF


def is_too_large(size: Size) -> bool:
    return max(size) > MOST_SIDE or size.width * size.height > MOST_PIXELS


def jpeg(file: BinaryIO) -> Size:
    """Segments up to the scan, the frame's size among them, and an end."""
    if file.read(len(_SOI)) != _SOI:
        raise Broken("begin")
    size: Size | None = None
    while (marker := _next_marker(file)) != _SOS:
        if marker == _END:
            raise Broken("no picture")
        if marker in _BARE:
            continue
        body = _segment(file)
        if marker in _FRAMES:
            size = _frame(body)
    if size is None or not _comes(file, _EOI):
        raise Broken("no frame or no end")
    return size


def png(file: BinaryIO) -> Size:
    """Every part with its check sum, from IHDR to IEND, and data that inflate."""
    file.read(_SIGNATURE)
    size: Size | None = None
    inflating = _Inflating()
    while True:
        name, body = _png_part(file, inflating)
        if size is None:
            if name != b"IHDR" or len(body) != _IHDR:
                raise Broken("IHDR")
            size = Size(_number(body[:4]), _number(body[4:8]))
        if name == b"IEND":
            break
    if not inflating.has_begun or not all(size):
        raise Broken("no picture")
    return size


def webp(file: BinaryIO) -> Size:
    """The container's length, and the still picture in it."""
    head = file.read(12)
    told = int.from_bytes(head[4:8], "little")
    size: Size | None = None
    has_picture = False
    left = told - 4
    while left >= 8:  # noqa: PLR2004 - a part's name and length
        name, length = file.read(4), int.from_bytes(file.read(4), "little")
        body = file.read(min(length, 10))
        _skip(file, length + length % 2 - len(body))
        left -= 8 + length + length % 2
        if name in _WEBP_PARTS:
            size = size or _WEBP_PARTS[name](body)
            has_picture = has_picture or name != b"VP8X"
    if size is None or not has_picture or not all(size):
        raise Broken("no picture")
    return size


# --- JPEG -----------------------------------------------------------------------


def _next_marker(file: BinaryIO) -> int:
    if file.read(1) != b"\xff":
        raise Broken("marker")
    code = _MARK
    while code == _MARK:  # fill bytes
        code = _byte(file)
    return code


def _segment(file: BinaryIO) -> bytes:
    length = int.from_bytes(file.read(_LENGTH), "big") - _LENGTH
    if length < 0:
        raise Broken("length")
    return _exactly(file, length)


def _frame(body: bytes) -> Size:
    size = Size(int.from_bytes(body[3:5], "big"), int.from_bytes(body[1:3], "big"))
    if not all(size):
        raise Broken("size")
    return size


def _comes(file: BinaryIO, mark: bytes) -> bool:
    """Phones write more behind the picture's end; it must only be there."""
    tail = b""
    while piece := file.read(_PIECE):
        if mark in tail + piece:
            return True
        tail = piece[-len(mark) + 1 :]
    return False


# --- PNG ------------------------------------------------------------------------


class _Inflating:
    """The data unpack, as far as one piece of them: they are what they say."""

    def __init__(self) -> None:
        self._zlib: Any = zlib.decompressobj()
        self.has_begun = False

    def take(self, piece: bytes) -> None:
        if self.has_begun:
            return
        try:
            self.has_begun = bool(self._zlib.decompress(piece, _PIECE))
        except zlib.error:
            raise Broken("data") from None


def _png_part(file: BinaryIO, inflating: _Inflating) -> tuple[bytes, bytes]:
    """Its name and, where it is short, its body; the long ones pass by."""
    length = int.from_bytes(_exactly(file, 4), "big")
    name = _exactly(file, 4)
    if length > _LONGEST_CHUNK:
        raise Broken("length")
    sum_, first, left = zlib.crc32(name), b"", length
    while left:
        piece = _exactly(file, min(left, _PIECE))
        sum_ = zlib.crc32(piece, sum_)
        first = first or piece
        left -= len(piece)
        if name == b"IDAT":
            inflating.take(piece)
    if _exactly(file, 4) != sum_.to_bytes(4, "big"):
        raise Broken("check sum")
    return name, first


# --- WebP -----------------------------------------------------------------------


def _vp8(body: bytes) -> Size:
    if body[3:6] != _VP8_SIGN:
        raise Broken("VP8")
    width = int.from_bytes(body[6:8], "little") & _SIDE_BITS
    return Size(width, int.from_bytes(body[8:10], "little") & _SIDE_BITS)


def _vp8l(body: bytes) -> Size:
    if body[:1] != bytes([_VP8L_SIGN]):
        raise Broken("VP8L")
    bits = int.from_bytes(body[1:5], "little")
    return Size((bits & _SIDE_BITS) + 1, (bits >> 14 & _SIDE_BITS) + 1)


def _vp8x(body: bytes) -> Size:
    if len(body) != 10 or body[0] & _ANIMATED:  # noqa: PLR2004
        raise Broken("not a still picture")
    width = int.from_bytes(body[4:7], "little") + 1
    return Size(width, int.from_bytes(body[7:10], "little") + 1)


_WEBP_PARTS: Final = {b"VP8 ": _vp8, b"VP8L": _vp8l, b"VP8X": _vp8x}


# --- bytes ----------------------------------------------------------------------


def _skip(file: BinaryIO, count: int) -> None:
    """A part that says it is longer than the file is no part."""
    while count > 0:
        count -= len(_exactly(file, min(count, _PIECE)))


def _exactly(file: BinaryIO, count: int) -> bytes:
    found = file.read(count)
    if len(found) != count:
        raise Broken("cut off")
    return found


def _byte(file: BinaryIO) -> int:
    return _exactly(file, 1)[0]


def _number(four: bytes) -> int:
    return int.from_bytes(four, "big")
