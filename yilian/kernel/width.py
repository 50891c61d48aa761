"""Full-width letters, digits and signs, 全角, as their half-width selves."""

from collections.abc import Mapping
from typing import Final

TO_HALF_WIDTH: Final[Mapping[int, int]] = {
    0xFF01 + offset: 0x21 + offset for offset in range(94)
}


def half_width(text: str) -> str:
    return text.translate(TO_HALF_WIDTH)


def compact(text: str) -> str:
    """Half-width and without any space, as numbers and codes are kept."""
    return "".join(half_width(text).translate(_INVISIBLE).split())


_INVISIBLE: Final = dict.fromkeys([0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF])
