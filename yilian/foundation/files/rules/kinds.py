"""The few kinds of file that are taken, told by their first bytes, 文件类型.

The name's ending is only what somebody calls it: among pictures it is put right,
anything else that does not fit is refused.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from yilian.kernel.text import _

HEAD: Final = 32


class Kind(StrEnum):
    """The values are media types."""

    PDF = "application/pdf"
    JPEG = "image/jpeg"
    PNG = "image/png"
    WEBP = "image/webp"


KIND_NAMES: Final[Mapping[Kind, str]] = {
    Kind.PDF: _("PDF 文件"),
    Kind.JPEG: _("JPEG 图片"),
    Kind.PNG: _("PNG 图片"),
    Kind.WEBP: _("WebP 图片"),
}
ENDING: Final[Mapping[Kind, str]] = {
    Kind.PDF: "pdf",
    Kind.JPEG: "jpg",
    Kind.PNG: "png",
    Kind.WEBP: "webp",
}
PICTURES: Final = frozenset({Kind.JPEG, Kind.PNG, Kind.WEBP})
_PICTURE_ENDINGS: Final = frozenset({"jpg", "jpeg", "jpe", "jfif", "png", "webp"})
# Phones write these; few desks can open them.
_HEIF: Final = (b"heic", b"heix", b"heif", b"hevc", b"mif1", b"msf1", b"avif")


def kind_of(head: bytes) -> Kind | None:
    """By the first `HEAD` bytes."""
    if head.startswith(b"%PDF-"):
        return Kind.PDF
    if head.startswith(b"\xff\xd8\xff"):
        return Kind.JPEG
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return Kind.PNG
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return Kind.WEBP
    return None


def is_heif(head: bytes) -> bool:
    return head[4:8] == b"ftyp" and head[8:12] in _HEIF


def fits(kind: Kind, name: str) -> bool:
    """Whether a name may stand for this kind: no ending, or one of its sort."""
    ending = ending_of(name)
    if not ending:
        return True
    allowed = _PICTURE_ENDINGS if kind in PICTURES else {ENDING[kind]}
    return ending in allowed


def ending_of(name: str) -> str:
    stem, _dot, ending = name.rpartition(".")
    return ending.strip().lower() if stem else ""


def stem_of(name: str) -> str:
    """The name without what its kind already says."""
    return name.rpartition(".")[0] if ending_of(name) else name
