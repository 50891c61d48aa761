"""A picture in five colours, with lines, a few letters and the mark of the demo."""

import struct
import zlib
from collections.abc import Iterable
from typing import Final

WHITE, GRID, GRID_BOLD, INK, MARK = range(5)
_PALETTE: Final = bytes.fromhex("fffffff9dcd8eeb4ac1c242bc9ced3")
# Five columns by seven rows, a row as the five bits of a number.
_LETTERS: Final = {
    "I": (14, 4, 4, 4, 4, 4, 14), "V": (17, 17, 17, 17, 17, 10, 4),
    "R": (30, 17, 17, 30, 20, 18, 17), "L": (16, 16, 16, 16, 16, 16, 31),
    "F": (31, 16, 16, 30, 16, 16, 16), "a": (0, 0, 14, 1, 15, 17, 15),
    "m": (0, 0, 26, 21, 21, 21, 21), "s": (0, 0, 15, 16, 14, 1, 30),
    "/": (1, 1, 2, 4, 8, 16, 16), "0": (14, 17, 19, 21, 25, 17, 14),
    "1": (4, 12, 4, 4, 4, 4, 14), "2": (14, 17, 1, 6, 8, 16, 31),
    "3": (30, 1, 1, 14, 1, 1, 30), "4": (2, 6, 10, 18, 31, 2, 2),
    "5": (31, 16, 30, 1, 1, 17, 14), "6": (6, 8, 16, 30, 17, 17, 14),
    " ": (0, 0, 0, 0, 0, 0, 0),
}  # fmt: skip
# 演示 as strokes on a square of sixteen: from (x, y) to (x, y).
_STROKES: Final = (
    ((2, 1, 4, 3), (1, 5, 3, 7), (1, 15, 4, 10), (10, 0, 10, 2), (6, 3, 15, 3),
     (6, 3, 6, 5), (15, 3, 15, 5), (7, 6, 14, 6), (7, 8, 14, 8), (7, 12, 14, 12),
     (7, 8, 7, 12), (14, 8, 14, 12), (7, 10, 14, 10), (10, 6, 10, 12),
     (9, 13, 6, 15), (12, 13, 15, 15)),
    ((3, 2, 13, 2), (1, 6, 15, 6), (8, 6, 8, 14), (8, 14, 6, 13), (4, 9, 1, 13),
     (11, 9, 15, 13)),
)  # fmt: skip
_SQUARE: Final = 16


class Canvas:
    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        self._rows = [bytearray(width) for _row in range(height)]

    def dot(self, x: int, y: int, colour: int, thick: int = 1) -> None:
        for row in range(max(y, 0), min(y + thick, self.height)):
            for column in range(max(x, 0), min(x + thick, self.width)):
                self._rows[row][column] = colour

    def line(
        self, start: tuple[int, int], end: tuple[int, int], colour: int, thick: int = 1
    ) -> None:
        (x, y), (to_x, to_y) = start, end
        steps = max(abs(to_x - x), abs(to_y - y), 1)
        for step in range(steps + 1):
            across = x + (to_x - x) * step // steps
            self.dot(across, y + (to_y - y) * step // steps, colour, thick)

    def path(self, points: Iterable[tuple[int, int]], colour: int, thick: int) -> None:
        before = None
        for point in points:
            if before is not None:
                self.line(before, point, colour, thick)
            before = point

    def grid(self, step: int, bold: int) -> None:
        """As on the paper of an electrocardiograph: every fifth line is strong."""
        for row in range(0, self.height, step):
            colour = GRID_BOLD if row % bold == 0 else GRID
            self._rows[row][:] = bytes([colour]) * self.width
        for column in range(0, self.width, step):
            colour = GRID_BOLD if column % bold == 0 else GRID
            for cells in self._rows:
                cells[column] = max(cells[column], colour)

    def write(self, at: tuple[int, int], words: str, size: int = 2) -> None:
        for number, letter in enumerate(words):
            for row, bits in enumerate(_LETTERS[letter]):
                for column in range(5):
                    if bits >> (4 - column) & 1:
                        x = at[0] + (number * 6 + column) * size
                        self.dot(x, at[1] + row * size, INK, size)

    def mark(self, size: int = 9) -> None:
        """演示, large and pale, across the whole sheet."""
        wide = 2 * _SQUARE * size
        left, top = (self.width - wide) // 2, (self.height - _SQUARE * size) // 2
        for number, strokes in enumerate(_STROKES):
            shift = left + number * _SQUARE * size + number * size
            for x, y, to_x, to_y in strokes:
                self.line(
                    (shift + x * size, top + y * size),
                    (shift + to_x * size, top + to_y * size),
                    MARK,
                    size - 2,
                )

    def png(self) -> bytes:
        packed = zlib.compress(b"".join(b"\0" + row for row in self._rows), 6)
        head = struct.pack(">IIBBBBB", self.width, self.height, 8, 3, 0, 0, 0)
        parts = (
            (b"IHDR", head),
            (b"PLTE", _PALETTE),
            (b"IDAT", packed),
            (b"IEND", b""),
        )
        return b"\x89PNG\r\n\x1a\n" + b"".join(_part(*part) for part in parts)


def _part(name: bytes, body: bytes) -> bytes:
    check = struct.pack(">I", zlib.crc32(name + body))
    return struct.pack(">I", len(body)) + name + body + check
