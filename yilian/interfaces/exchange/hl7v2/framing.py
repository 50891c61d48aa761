"""MLLP: a start byte, the message, an end byte and a carriage return.

Whatever stands between two messages is skipped, a message that begins anew before
its end is dropped, and nothing grows without bound.
"""

from collections.abc import Iterator
from typing import Final

START: Final = b"\x0b"
END: Final = b"\x1c"
TAIL: Final = END + b"\r"
LARGEST: Final = 10_000_000  # bytes of one message
MOST_GARBAGE: Final = 65_536  # bytes before somebody is told to go
_BETWEEN: Final = b"\r\n \t\0"  # allowed between messages


class TooLarge(ValueError):
    """A message longer than anybody sends."""


class NotMllp(ValueError):
    """Bytes without end, and no message among them."""


def framed(message: bytes) -> bytes:
    return START + message + TAIL


class Frames:
    """What has arrived so far of one connection."""

    def __init__(self, largest: int = LARGEST) -> None:
        self.largest = largest
        self.garbage = 0
        self._part: bytearray | None = None  # None: between two messages

    @property
    def is_inside(self) -> bool:
        return self._part is not None

    @property
    def held(self) -> int:
        """Bytes of the message that has not ended yet."""
        return len(self._part or b"")

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Messages that are complete now.

        Neither byte of the frame occurs inside UTF-8 or GB 18030 text, so the end
        byte alone ends a message; the carriage return after it is skipped.
        """
        rest = data
        while rest:
            if self._part is None:
                rest = self._skip(rest)
                continue
            body, end, after = rest.partition(END)
            self._grow(body)
            if not end:
                return
            yield bytes(self._part)
            self._part, self.garbage, rest = None, 0, after

    def _skip(self, data: bytes) -> bytes:
        before, start, after = data.partition(START)
        self.garbage += len(before.strip(_BETWEEN))
        if self.garbage > MOST_GARBAGE:
            raise NotMllp
        if start:
            self._part = bytearray()
        return after

    def _grow(self, body: bytes) -> None:
        assert self._part is not None  # noqa: S101 only called inside
        _lost, anew, begun = body.rpartition(START)
        if anew:
            self._part.clear()
        self._part += begun
        if len(self._part) > self.largest:
            raise TooLarge
