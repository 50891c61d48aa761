"""MSH-18: in which characters a message is written (HL7 table 0211)."""

from collections.abc import Mapping
from typing import Final

from yilian.kernel.errors import Invalid
from yilian.kernel.text import _

# The names of table 0211, and what systems write instead.
CODECS: Final[Mapping[str, str]] = {
    "UNICODE UTF-8": "utf-8",
    "UTF-8": "utf-8",
    "UTF8": "utf-8",
    "GB 18030-2000": "gb18030",
    "GB18030": "gb18030",
    "GB 18030": "gb18030",
    "GBK": "gb18030",
    "GB2312": "gb18030",
    "ASCII": "ascii",
    "8859/1": "iso8859-1",
    "ISO 8859-1": "iso8859-1",
    "ISO-8859-1": "iso8859-1",
}
NAMES: Final[Mapping[str, str]] = {
    "utf-8": "UNICODE UTF-8",
    "gb18030": "GB 18030-2000",
    "ascii": "ASCII",
    "iso8859-1": "8859/1",
}
DEFAULT: Final = "utf-8"
_BOM: Final = b"\xef\xbb\xbf"


class CharsetWrong(Invalid):
    code = "charset-wrong"


def codec_of(declared: str, otherwise: str = DEFAULT) -> str:
    """The codec for what MSH-18 says; blank leaves it to the feed."""
    name = " ".join(declared.upper().split())
    if not name:
        return otherwise
    try:
        return CODECS[name]
    except KeyError:
        raise CharsetWrong(
            _("不支持的字符集（MSH-18）。可用：{names}。"),
            names=", ".join(NAMES.values()),
        ) from None


def decoded(data: bytes, codec: str) -> str:
    """Strict: a character that is not what was declared is never guessed."""
    try:
        return data.removeprefix(_BOM).decode(codec)
    except UnicodeDecodeError as error:
        raise CharsetWrong(
            _("第 {at} 个字节不是 {name} 编码。请核对 MSH-18 与实际编码是否一致。"),
            at=error.start + 1,
            name=NAMES[codec],
        ) from None


def encoded(text: str, codec: str) -> bytes:
    """What the other side cannot write is replaced, for an answer must go out."""
    return text.encode(codec, "replace")
