"""The encrypted file of a backup: nothing can be taken out, changed or guessed."""

import io
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yilian.config.runtime.backup import escrow, locks
from yilian.config.runtime.backup.locks import (
    Passphrase,
    PrivateKey,
    PublicKey,
    Secret,
    make_pair,
)
from yilian.config.runtime.backup.sealed import (
    BLOCK,
    MAGIC,
    Opening,
    Reader,
    Writer,
)
from yilian.config.runtime.trouble import CannotStart

PATH = Path("x.yilian")
WORDS = Passphrase("马家庄的口令 of twelve")


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """A guess may be cheap here."""
    monkeypatch.setattr(locks, "_COST", 2)


def written(
    parts: dict[str, bytes], lock: locks.Lock = WORDS, cipher: str = "sm4"
) -> bytes:
    file = io.BytesIO()
    writer = Writer(file, Opening("region", "0.2.0", "now", cipher), lock)
    for name, content in parts.items():
        with writer.part(name):
            for at in range(0, len(content), 70_000):
                writer.write(content[at : at + 70_000])
    writer.close()
    return file.getvalue()


def read(file: bytes, secret: Secret = WORDS) -> dict[str, bytes]:
    reader = Reader(io.BytesIO(file), PATH)
    reader.unlock([secret])
    return {name: part.whole() for name, part in reader.parts()}


@pytest.mark.parametrize("cipher", ["sm4", "aes"])
@settings(max_examples=25, deadline=None)
@given(
    content=st.dictionaries(st.text(min_size=1, max_size=9), st.binary(), max_size=4)
)
def test_what_went_in_comes_out(content: dict[str, bytes], cipher: str) -> None:
    assert read(written(content, cipher=cipher)) == content


@pytest.mark.parametrize("size", [0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK + 17])
def test_sizes_around_a_block_are_kept(size: int) -> None:
    content = {"database": b"x" * size, "files/b": b"y"}
    assert read(written(content)) == content


def test_another_passphrase_does_not_open_it() -> None:
    with pytest.raises(CannotStart, match="does not open"):
        read(written({"a": b"b"}), Passphrase("another one of twelve"))


def test_a_file_cut_anywhere_is_never_taken_for_whole() -> None:
    whole = written({"database": b"x" * (2 * BLOCK), "manifest": b"{}"})
    for end in [*range(len(whole) - 60, len(whole)), BLOCK, 2 * BLOCK]:
        with pytest.raises(CannotStart):
            read(whole[:end])


@settings(max_examples=60, deadline=None)
@given(at=st.integers(0, 10_000), by=st.integers(1, 255))
def test_one_changed_byte_is_noticed(at: int, by: int) -> None:
    changed = bytearray(written({"database": b"rows of a table " * 20}))
    place = at % len(changed)
    changed[place] ^= by
    with pytest.raises(CannotStart):
        read(bytes(changed))


def test_blocks_cannot_change_places() -> None:
    whole = written({"database": bytes(3 * BLOCK)})
    start = whole.index(b"\n", len(MAGIC)) + 1
    block = 4 + BLOCK + 16
    head, one, two = whole[:start], whole[start:], whole[start + block :]
    exchanged = head + two[:block] + one[:block] + two[block:]
    with pytest.raises(CannotStart, match="damaged"):
        read(exchanged)


def test_what_stands_in_the_clear_tells_nothing_of_the_content() -> None:
    whole = written({"database": "马秀兰 13800000000".encode() * 10})
    line = json.loads(whole[len(MAGIC) :].split(b"\n")[0])
    assert {*line} == {"format", "kind", "program", "created_at", "cipher", "locks"}
    assert "马秀兰".encode() not in whole


def test_the_same_content_never_looks_the_same_twice() -> None:
    one, two = (written({"a": bytes(64)})[-90:] for _n in range(2))
    assert one != two


def test_a_backup_of_a_newer_program_is_refused_by_name() -> None:
    whole = written({"a": b""})
    line = json.loads(whole[len(MAGIC) :].split(b"\n")[0])
    newer = json.dumps({**line, "format": 99, "program": "7.0"}).encode()
    with pytest.raises(CannotStart, match=r"newer version \(7\.0\)"):
        read(MAGIC + newer + b"\n")


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"YILIAN BACKUP\n", MAGIC * 9])
def test_something_else_is_no_backup(content: bytes) -> None:
    with pytest.raises(CannotStart):
        read(content)


def test_a_forged_header_does_not_take_the_memory() -> None:
    whole = written({"a": b""})
    line = json.loads(whole[len(MAGIC) :].split(b"\n")[0])
    line["locks"][0]["cost"] = 2**40
    with pytest.raises(CannotStart):
        read(MAGIC + json.dumps(line).encode() + b"\n" + b"x" * 100)


# --- keys -------------------------------------------------------------------


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return make_pair(tmp_path_factory.mktemp("pair") / "region", "offline words")


def test_a_server_that_holds_the_public_key_cannot_read_its_own_backup(
    pair: tuple[Path, Path],
) -> None:
    private, public = pair
    whole = written({"a": b"b"}, PublicKey.read(public))
    with pytest.raises(CannotStart, match="needs its private key"):
        read(whole)
    assert read(whole, PrivateKey.read(private, "offline words")) == {"a": b"b"}


def test_a_private_key_wants_its_passphrase(pair: tuple[Path, Path]) -> None:
    with pytest.raises(CannotStart, match="does not open the private key"):
        PrivateKey.read(pair[0], "other words")


def test_another_pairs_key_does_not_open_it(
    pair: tuple[Path, Path], tmp_path: Path
) -> None:
    other, _public = make_pair(tmp_path / "other", "offline words")
    whole = written({"a": b"b"}, PublicKey.read(pair[1]))
    with pytest.raises(CannotStart, match="does not open"):
        read(whole, PrivateKey.read(other, "offline words"))


def test_a_pair_never_writes_over_another(pair: tuple[Path, Path]) -> None:
    with pytest.raises(FileExistsError):
        make_pair(pair[0], "offline words")


def test_keys_come_back_as_they_were_and_never_over_others(tmp_path: Path) -> None:
    keys, target = tmp_path / "keys", tmp_path / "keys.yilian"
    keys.mkdir()
    (keys / "field-1").write_text("aa\n")
    (keys / "index-1").write_text("bb\n")
    escrow.save_keys(keys, target, WORDS)

    new = tmp_path / "new"
    assert escrow.bring_keys(target, new, [WORDS]) == ["field-1", "index-1"]
    assert (new / "field-1").read_text() == "aa\n"
    assert (new / "field-1").stat().st_mode & 0o777 == 0o600
    assert escrow.bring_keys(target, new, [WORDS]) == []

    (new / "index-1").write_text("other\n")
    with pytest.raises(CannotStart, match="index-1"):
        escrow.bring_keys(target, new, [WORDS])
    assert (new / "index-1").read_text() == "other\n"
