"""How a file lies on the disk: unreadable, unchangeable, in bounded pieces."""

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pytest_django import Settings

from yilian.foundation.files.sealing import (
    PIECE,
    TAG,
    Damaged,
    SealedReader,
    SealedWriter,
    new_key,
    sealed_size,
)
from yilian.kernel.ids import new_id

ABOUT = new_id()


def sealed(plain: bytes, key: bytes) -> bytes:
    raw = io.BytesIO()
    writer = SealedWriter(raw, key, ABOUT)
    for at in range(0, len(plain), 1000):
        writer.write(plain[at : at + 1000])
    writer.close()
    return raw.getvalue()


def opened(data: bytes, key: bytes, size: int, about: object = ABOUT) -> bytes:
    return SealedReader(io.BytesIO(data), key, about, size).read()  # type: ignore[arg-type]


@pytest.mark.parametrize("cipher", ["sm4", "aes"])
@pytest.mark.parametrize("size", [1, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE])
def test_what_goes_in_comes_out(cipher: str, size: int, settings: Settings) -> None:
    settings.YILIAN_CIPHER = cipher
    key, plain = new_key(), bytes(range(256)) * (size // 256 + 1)
    plain = plain[:size]
    data = sealed(plain, key)
    assert opened(data, key, size) == plain
    assert len(data) == sealed_size(size)
    assert plain[:100] not in data or size < 100


@settings(deadline=None, max_examples=30)
@given(at=st.integers(0, 2 * PIECE + 90), bit=st.integers(0, 7))
def test_no_byte_can_be_changed(at: int, bit: int) -> None:
    key, plain = new_key(), bytes(2 * PIECE + 50)
    data = bytearray(sealed(plain, key))
    data[at] ^= 1 << bit
    try:
        same = opened(bytes(data), key, len(plain)) == plain
    except (Damaged, ValueError):
        return
    assert same
    assert 5 <= at < 8  # the only bytes without a meaning


def test_pieces_cannot_be_cut_off_nor_put_elsewhere() -> None:
    key, plain = new_key(), bytes([1]) * PIECE + bytes([2]) * PIECE + b"end"
    data = sealed(plain, key)
    piece = PIECE + TAG
    swapped = data[:8] + data[8 + piece : 8 + 2 * piece] + data[8 : 8 + piece]
    swapped += data[8 + 2 * piece :]
    with pytest.raises(Damaged):
        opened(swapped, key, len(plain))
    with pytest.raises(Damaged):
        opened(data[: 8 + 2 * piece], key, 2 * PIECE)


def test_a_file_opens_only_under_its_own_id_and_key() -> None:
    key, plain = new_key(), b"about one person"
    data = sealed(plain, key)
    with pytest.raises(Damaged):
        opened(data, key, len(plain), new_id())
    with pytest.raises(Damaged):
        opened(data, new_key(), len(plain))


def test_it_can_be_read_from_any_place() -> None:
    key, plain = new_key(), bytes(range(256)) * 600
    raw = SealedReader(io.BytesIO(sealed(plain, key)), key, ABOUT, len(plain))
    reader = io.BufferedReader(raw)
    for at in (len(plain) - 3, 0, PIECE - 2, 2 * PIECE):
        reader.seek(at)
        assert reader.read(3) == plain[at : at + 3]
    assert reader.seek(-1, io.SEEK_END) == len(plain) - 1
    assert reader.read(10) == plain[-1:]
