"""What a concept is found by: its code, its name's character pairs, its initials.

A diagnosis of ICD-10 in its insurance edition is coded `I10.x00`, with an extension
`I10.x00x002`, or with a manifestation `E11.300+H36.0*`.
"""

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from pypinyin import Style, lazy_pinyin

ICD10: Final = "icd10"
MAX_TYPED: Final = 64

_MAIN: Final = r"[A-Z]\d\d(?:\.[0-9x]{1,3}(?:x\d{1,3})?)?"
_SECOND: Final = r"(?:\+[A-Z]\d\d(?:\.[0-9x]{1,3})?\*?|[*+])"
_CODE: Final = re.compile(f"{_MAIN}{_SECOND}?", re.ASCII)
_BEGINS_AS_CODE: Final = re.compile(r"[A-Za-z]\d[0-9a-zA-Z.+*]*", re.ASCII)
_WITHOUT_DOT: Final = re.compile(r"([A-Z]\d\d)(\d.*)", re.ASCII)
_LETTERS: Final = re.compile(r"[a-z0-9]+", re.ASCII)
_ASTERISK_PART: Final = re.compile(r"(?<=\+)[a-z]")


class By(StrEnum):
    CODE = "code"
    INITIALS = "initials"
    BEGINNING = "beginning"  # of the name: one character
    PAIRS = "pairs"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Asked:
    by: By
    text: str = ""
    pairs: tuple[str, ...] = ()


def is_code(text: str) -> bool:
    return _CODE.fullmatch(text) is not None


def initials(name: str) -> str:
    """高血压 → gxy; letters and digits stand as they are: 2型糖尿病 → 2xtnb."""
    letters = lazy_pinyin(name, style=Style.FIRST_LETTER, errors=lambda rest: rest)
    kept = _LETTERS.findall(unicodedata.normalize("NFKC", "".join(letters)).casefold())
    return "".join(kept)


def bigrams(name: str) -> list[str]:
    """The pairs of neighbours in each run of letters, digits and characters."""
    return sorted({run[i : i + 2] for run in _runs(name) for i in range(len(run) - 1)})


def understand(typed: str) -> Asked:
    """Which way of searching fits what was typed."""
    text = unicodedata.normalize("NFKC", typed).strip()[:MAX_TYPED]
    if _BEGINS_AS_CODE.fullmatch(text):
        return Asked(By.CODE, _as_code(text))
    if _LETTERS.fullmatch(text.casefold()):
        return Asked(By.INITIALS, text.casefold())
    pairs = tuple(bigrams(text))
    if pairs:
        return Asked(By.PAIRS, "".join(_runs(text)), pairs)
    beginning = "".join(_runs(text))
    return Asked(By.BEGINNING if beginning else By.NOTHING, beginning)


def _runs(text: str) -> list[str]:
    folded = unicodedata.normalize("NFKC", text).casefold()
    spaced = "".join(c if unicodedata.category(c)[0] in "LN" else " " for c in folded)
    return spaced.split()


def _as_code(text: str) -> str:
    """i10.X00 → I10.x00, e119 → E11.9."""
    code = text[0].upper() + text[1:].lower()
    code = _ASTERISK_PART.sub(lambda found: found.group().upper(), code)
    without_dot = _WITHOUT_DOT.fullmatch(code)
    return f"{without_dot[1]}.{without_dot[2]}" if without_dot else code
