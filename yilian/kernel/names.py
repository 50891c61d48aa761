"""Names of people: tidying, masking, and pinyin for search and order, 姓名.

Names with `·` (马·艾力), rare characters (up to CJK extension I) and foreign names
are names like any other. A name is kept as written; only its form is tidied.
"""

import re
import unicodedata
from collections.abc import Mapping
from functools import lru_cache
from typing import Final, NamedTuple

from pypinyin import Style, lazy_pinyin

from yilian.kernel.errors import Invalid
from yilian.kernel.surnames import COMPOUND, IN_GIVEN_NAMES, SINGLE
from yilian.kernel.text import _
from yilian.kernel.width import TO_HALF_WIDTH


class NameWrong(Invalid):
    code = "name-wrong"


class Pinyin(NamedTuple):
    """Search keys in plain letters: 张三丰 → zhangsanfeng, zsf (ü is v: lv)."""

    full: str
    initials: str


MIN_LENGTH: Final = 2
MAX_LENGTH: Final = 50
MAX_FOREIGN_LENGTH: Final = 100
DOT: Final = "·"

# By range, because the Unicode tables of Python 3.11 end before extensions H and I.
_HAN: Final = (
    "\u3005\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    "\U00020000-\U0002ee5d\U0002f800-\U0002fa1f\U00030000-\U000323af"
)
_HAN_CHARACTER: Final = re.compile(f"[{_HAN}]")
_CHINESE: Final = re.compile(f"[{_HAN}{DOT}]+")

# Middle dots of other alphabets and of careless keyboards.
_DOTS: Final = "\u2022\u2027\u30fb\uff65\u2219\u22c5\u0387\u25cf\u318d\u00b7\ufe52"
_INVISIBLE: Final = "\u200b\u200c\u200d\u2060\ufeff\u00ad\ufe0e\ufe0f"
_FORM: Final[Mapping[int, int | str | None]] = (
    dict(TO_HALF_WIDTH)
    | dict.fromkeys(map(ord, _DOTS), DOT)
    | dict.fromkeys(map(ord, _INVISIBLE))
    | dict.fromkeys(range(0xE0100, 0xE01F0))  # ideographic variation selectors
    | {ord("’"): "'", ord("‘"): "'", ord("`"): "'", ord("‐"): "-", ord("‑"): "-"}
    # Kangxi radicals look like characters and come in by copying from PDFs.
    | {code: unicodedata.normalize("NFKC", chr(code)) for code in range(0x2F00, 0x2FD6)}
)
_DOT_BETWEEN: Final = re.compile(f"(?<=[{_HAN}])\\s*[.{DOT}]\\s*(?=[{_HAN}])")
_GAP_BETWEEN: Final = re.compile(f"(?<=[{_HAN}])\\s+(?=[{_HAN}])")

_JOINERS: Final = f"{DOT} '-.,"
_TOO_MANY_MARKS: Final = re.compile(r"[\u0300-\u036f]{3,}")

_PIECE: Final = re.compile(f"[{_HAN}]+|[a-z]+")
_UNREAD: Final = "~"  # sorts after every letter


def clean_name(raw: str) -> str:
    """The name as kept; raises `NameWrong` for what cannot be a person's name."""
    name = _tidy(raw)
    if not name:
        raise NameWrong(_("请填写姓名。"))
    if len(name) > MAX_FOREIGN_LENGTH:
        raise NameWrong(_too_long(), max_length=MAX_FOREIGN_LENGTH)
    for character in name:
        _require_letter(character)
    _require_order(name)
    if is_chinese(name) and len(name) > MAX_LENGTH:
        raise NameWrong(_too_long(), max_length=MAX_LENGTH)
    if len(name) < MIN_LENGTH:
        raise NameWrong(_("姓名至少两个字，请填写全名。"))
    return name


def name_as_received(raw: str) -> str:
    """A name that another system sent: digits and signs stay, harm does not.

    Only what could break a page or a file is taken out; too long is still refused.
    """
    visible = "".join(c for c in raw if unicodedata.category(c) not in {"Cc", "Cs"})
    name = " ".join(unicodedata.normalize("NFC", visible).split())
    if not name:
        raise NameWrong(_("请填写姓名。"))
    if len(name) > MAX_FOREIGN_LENGTH:
        raise NameWrong(_too_long(), max_length=MAX_FOREIGN_LENGTH)
    return name


def is_chinese(name: str) -> bool:
    """Written in Chinese characters throughout, `·` included."""
    return _CHINESE.fullmatch(name) is not None


def mask_name(name: str) -> str:
    """张*明, 张*, 马·**, J*** S***."""
    if DOT in name:
        first, *others = name.split(DOT)
        return DOT.join([_first_only(first), *("*" * len(part) for part in others)])
    if _HAN_CHARACTER.search(name):
        return _middle_hidden(name)
    return " ".join(f"{word[0]}***" for word in name.split())


def pinyin_of(name: str) -> Pinyin:
    read = [syllable for syllable in _syllables(name) if _is_read(syllable)]
    full = "".join(syllable.rstrip("12345") for syllable in read)
    return Pinyin(full, "".join(syllable[0] for syllable in read))


def pinyin_prefix(typed: str) -> str | None:
    """What was typed as the beginning of a pinyin key; None when it is no pinyin."""
    letters = "".join(typed.casefold().replace("ü", "v").replace("'", "").split())
    return letters if letters.isascii() and letters.isalpha() else None


def sort_key(name: str) -> str:
    """Order by pinyin and tone, same readings together; plain text, for a column."""
    return " ".join([*_syllables(name), name])


def _tidy(raw: str) -> str:
    name = unicodedata.normalize("NFC", raw).translate(_FORM)
    if any(unicodedata.category(c) == "Cc" and not c.isspace() for c in name):
        raise NameWrong(_("姓名中有看不见的控制字符，请删除后重新输入。"))
    name = " ".join(name.split())
    name = _DOT_BETWEEN.sub(DOT, name)
    return _GAP_BETWEEN.sub("", name)


def _require_letter(character: str) -> None:
    if _HAN_CHARACTER.match(character) or character in _JOINERS:
        return
    category = unicodedata.category(character)
    if category[0] in "LM":
        return
    raise NameWrong(_WORDS.get(category[0], _OTHER_SIGN))


_OTHER_SIGN: Final = _("姓名中只能有文字、间隔号“·”、空格、连字符和撇号。")
_WORDS: Final[Mapping[str, str]] = {
    "N": _("姓名中不能有数字。"),
    "C": _("姓名中有无法识别的字符（控制字符或自造字），请改用国标字符。"),
    "S": _("姓名中不能有表情或符号（如 <、>、+、= 等）。"),
}


def _require_order(name: str) -> None:
    if _TOO_MANY_MARKS.search(name):
        raise NameWrong(_("姓名中的附加符号过多，请重新输入。"))
    if not any(c.isalpha() or _HAN_CHARACTER.match(c) for c in name):
        raise NameWrong(_("姓名中没有文字，请重新输入。"))
    if name.startswith(DOT) or name.endswith(DOT) or DOT * 2 in name:
        raise NameWrong(_("间隔号“·”只能单独用在两个字之间。"))


def _too_long() -> str:
    return _("姓名过长，最多 {max_length} 个字。")


def _first_only(part: str) -> str:
    return part[:1] + "*" * (len(part) - 1)


def _middle_hidden(name: str) -> str:
    if len(name) <= MIN_LENGTH:
        return _first_only(name)
    return name[0] + "*" * (len(name) - 2) + name[-1]


def _syllables(name: str) -> list[str]:
    """Syllables with tones; Latin words as they are; `~` before what has no reading."""
    folded = unicodedata.normalize("NFD", name.casefold())
    pieces = _PIECE.findall(re.sub(r"[\u0300-\u036f]", "", folded))
    return [
        syllable
        for position, piece in enumerate(pieces)
        for syllable in _read(piece, begins_name=position == 0)
    ]


def _read(piece: str, *, begins_name: bool) -> list[str]:
    if piece.isascii():
        return [piece]
    surname = _surname(piece) if begins_name else ()
    return [*surname, *_usual_reading(piece[len(surname) :])]


def _surname(piece: str) -> tuple[str, ...]:
    given_name = piece[2:]
    if given_name and piece[:2] in COMPOUND:
        return COMPOUND[piece[:2]]
    return (SINGLE[piece[0]],) if piece[0] in SINGLE else ()


@lru_cache(maxsize=1 << 13)  # given names come again and again
def _usual_reading(characters: str) -> tuple[str, ...]:
    read = lazy_pinyin(
        characters,
        style=Style.TONE3,
        errors=lambda unread: " ".join(_UNREAD + character for character in unread),
    )
    syllables = zip(characters, " ".join(read).split(), strict=True)
    return tuple(IN_GIVEN_NAMES.get(character, read) for character, read in syllables)


def _is_read(syllable: str) -> bool:
    return not syllable.startswith(_UNREAD)
