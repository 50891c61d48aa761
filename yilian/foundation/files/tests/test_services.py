"""Keeping files: what lies on the disk, what stands in the table, what is swept."""

import io
import os
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import time

import pytest
from django.db import ProgrammingError, connection, transaction
from django.test import RequestFactory

from yilian.foundation.access.actor import system_actor
from yilian.foundation.files import places, queries, services, serving
from yilian.foundation.files.models import StoredFile
from yilian.foundation.files.queries import FileNotReadable
from yilian.foundation.files.rules.checking import NotAccepted
from yilian.foundation.files.tests import samples
from yilian.foundation.vault.services import decrypt, digest
from yilian.kernel.ids import new_id

pytestmark = pytest.mark.django_db
ACTOR = system_actor("test")
OLD = time() - services.GRACE_SECONDS - 60


def store(data: bytes, name: str = "report.pdf") -> StoredFile:
    source = io.BytesIO(data)
    return services.store(
        ACTOR, source, size=len(data), name=name, purpose="test.paper"
    )


def files_in(folder: Path) -> list[Path]:
    return [path for path in (folder / "files").rglob("*") if path.is_file()]


def read(stored: StoredFile) -> bytes:
    return queries.open_plain(stored).read()


def test_a_file_is_kept_as_it_was_and_lies_there_sealed(folder: Path) -> None:
    data = samples.pdf(words="CONFIDENTIAL")
    kept = store(data)
    assert (kept.kind, kept.size) == ("application/pdf", len(data))
    assert bytes.fromhex(kept.digest) == digest(data)
    assert read(kept) == data
    [path] = files_in(folder)
    assert path == places.place_of(kept.id)
    assert b"CONFIDENTIAL" not in path.read_bytes()
    assert path.stat().st_mode & 0o077 == 0


def test_no_part_of_the_path_comes_from_the_user(folder: Path) -> None:
    kept = store(samples.png(), "../../../etc/passwd\x00.png")
    [path] = files_in(folder)
    assert path.name == kept.id.hex
    assert path.parent.parent.parent == folder / "files"


def test_equal_files_have_keys_of_their_own(folder: Path) -> None:
    one, two = store(samples.png(), "a.png"), store(samples.png(), "a.png")
    assert decrypt(one.wrapped_key) != decrypt(two.wrapped_key)
    bodies = [path.read_bytes() for path in files_in(folder)]
    assert bodies[0] != bodies[1]


def test_what_is_refused_leaves_nothing(folder: Path) -> None:
    with pytest.raises(NotAccepted):
        store(samples.HTML)
    assert files_in(folder) == []
    assert not StoredFile.objects.exists()


def test_a_row_never_changes_and_never_goes() -> None:
    kept = store(samples.pdf())
    for statement in (
        "UPDATE files_storedfile SET size = 1",
        "DELETE FROM files_storedfile",
    ):
        with (
            pytest.raises(ProgrammingError, match="permission denied"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)
    kept.refresh_from_db()


def test_a_missing_or_shortened_or_changed_file_is_said_to_be_so() -> None:
    missing, short, changed = (store(samples.pdf(n)) for n in (1, 2, 3))
    places.place_of(missing.id).unlink()
    os.truncate(places.place_of(short.id), 100)
    body = bytearray(places.place_of(changed.id).read_bytes())
    body[50] ^= 1
    places.place_of(changed.id).write_bytes(bytes(body))
    for kept in (missing, short, changed):
        with pytest.raises(FileNotReadable):
            queries.open_plain(kept)
    assert set(queries.missing()) == {missing.id, short.id}


def test_the_sweep_takes_what_has_no_row_and_leaves_the_rest(folder: Path) -> None:
    kept = store(samples.pdf())
    orphan, young = new_id(), new_id()
    for file_id in (orphan, young):
        places.folder(places.place_of(file_id).parent)
        places.place_of(file_id).write_bytes(b"x")
    half = places.incoming() / "half"
    half.write_bytes(b"x")
    for path in (half, places.place_of(orphan), places.place_of(kept.id)):
        os.utime(path, (OLD, OLD))
    assert services.sweep() == 2
    assert set(files_in(folder)) == {places.place_of(kept.id), places.place_of(young)}
    assert services.sweep() == 0


def test_discarding_never_takes_a_file_that_has_a_row() -> None:
    kept = store(samples.pdf())
    services.discard(kept.id)
    assert read(kept) == samples.pdf()


def test_a_full_disk_is_said_and_leaves_nothing(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(services.NoRoom):
        store(samples.pdf())
    assert files_in(folder) == []


def test_a_large_picture_needs_no_large_memory(folder: Path) -> None:
    noise = os.urandom(12_000_000)
    data = samples.jpeg()[:-26] + noise.replace(b"\xff", b"\0") + b"\xff\xd9"
    source = folder / "photo.jpg"
    source.write_bytes(data)
    with source.open("rb") as file:
        tracemalloc.start()
        kept = services.store(
            ACTOR, file, size=len(data), name="photo.jpg", purpose="test"
        )
        for _piece in queries.pieces(queries.open_plain(kept)):
            pass
        _now, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert most < 2_000_000


def test_an_answer_is_what_it_is_and_is_not_kept() -> None:
    kept = store(samples.png(), "a.png")
    answer = serving.answer(kept, name='心电图"; x="\r\nSet-Cookie: a=b')
    assert b"".join(answer.streaming_content) == samples.png()  # type: ignore[arg-type]
    assert answer["Content-Type"] == "image/png"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Cache-Control"] == "no-store"
    assert answer["Content-Security-Policy"].startswith("sandbox;")
    assert "\n" not in answer["Content-Disposition"]
    assert answer["Content-Disposition"].startswith('inline; filename="file.png"; ')
    assert "Set-Cookie" not in answer.headers


def test_a_pdf_can_be_shown_or_saved() -> None:
    kept = store(samples.pdf())
    shown = serving.answer(kept, name="报告")
    saved = serving.answer(kept, name="报告", to_keep=True)
    assert shown["Content-Disposition"].startswith("inline")
    assert "default-src 'none'" in shown["Content-Security-Policy"]
    assert saved["Content-Disposition"].startswith("attachment")
    assert "sandbox" in saved["Content-Security-Policy"]


def test_uploads_touch_the_disk_only_sealed(folder: Path) -> None:
    data = samples.pdf(words="CONFIDENTIAL") + b"\n" * 5_000_000 + b"%%EOF"
    upload = io.BytesIO(data)
    upload.name = "../a.pdf"
    request = RequestFactory().post("/x", {"files": upload, "words": "心"})
    sent = request.FILES["files"]
    assert (sent.name, sent.size) == ("a.pdf", len(data))  # type: ignore[union-attr]
    assert sent.read() == data  # type: ignore[union-attr]
    assert request.POST["words"] == "心"
    assert files_in(folder) == []  # it has no name: nothing is left behind


@pytest.mark.django_db(transaction=True)
def test_many_at_once_are_all_kept() -> None:
    def one(number: int) -> bytes:
        try:
            return read(store(samples.pdf(number)))
        finally:
            connection.close()

    with ThreadPoolExecutor(5) as pool:
        assert list(pool.map(one, range(1, 11))) == [
            samples.pdf(n) for n in range(1, 11)
        ]
