"""Text that people type: tidied, or refused with words.

The database cannot store NUL or lone surrogates, and control characters break
pages and files; they are refused here, before anything else is looked at.
"""

import re
from typing import Final

from yilian.kernel.errors import Invalid
from yilian.kernel.text import _


class TextWrong(Invalid):
    code = "text-wrong"


_NEW_LINES: Final = re.compile("\r\n?|[\x85\u2028\u2029]")
# C0 without tab and line feed, DEL, C1, direction overrides, halves of pairs,
# and the code points that are no characters.
_FORBIDDEN: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
)
_INVISIBLE: Final = "\u200b\u200c\u200d\u2060\ufeff\u00ad\u3164\u115f\u1160\u2800\u180e"
_BLANK: Final = _INVISIBLE + "".join(filter(str.isspace, map(chr, range(0x3001))))


def clean_text(raw: str, *, max_length: int) -> str:
    """Trimmed, with `\\n` as the only line end; "" when it is blank."""
    text = _NEW_LINES.sub("\n", raw).strip(_BLANK)
    _refuse_forbidden(text)
    if len(text) > max_length:
        raise TextWrong(
            _("内容过长：最多 {max_length} 个字，现有 {length} 个，请删去 {over} 个。"),
            max_length=max_length,
            length=len(text),
            over=len(text) - max_length,
        )
    return text


def required_text(raw: str, *, max_length: int) -> str:
    text = clean_text(raw, max_length=max_length)
    if not text:
        raise TextWrong(_("此项必填，不能只有空格。"))
    return text


def clean_line(raw: str, *, max_length: int) -> str:
    """For titles and search boxes: on one line, gaps made single."""
    return " ".join(clean_text(raw, max_length=max_length).split())


def is_blank(text: str) -> bool:
    """Nothing to be seen: spaces of every width and invisible characters only."""
    return not text.strip(_BLANK)


def escape_like(text: str) -> str:
    """For SQL LIKE with the usual backslash: `%` and `_` mean themselves."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _refuse_forbidden(text: str) -> None:
    if _FORBIDDEN.search(text):
        raise TextWrong(_("内容中有看不见的控制字符，请删除后重新输入。"))
