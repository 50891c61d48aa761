"""A log line says where and what kind, and nothing of whom."""

import json
import logging
from pathlib import Path

import psycopg
import pytest

from yilian.foundation.telemetry import rules
from yilian.foundation.telemetry.logs import Asked, JsonLines, SharedFile, current

NAME = "马秀兰"
IDENTITY = "640121195203070024"
PHONE = "13809581234"
NEAR = ["127.0.0.0/8", "::1/128"]


def line(record: logging.LogRecord) -> str:
    return JsonLines().format(record)


def logged(message: str, *values: object, name: str = "yilian.x") -> str:
    record = logging.LogRecord(name, logging.ERROR, "f", 1, message, values, None)
    return line(record)


def test_an_error_is_told_without_its_words() -> None:
    try:
        raise ValueError(f"no such person: {NAME} {IDENTITY}")
    except ValueError as error:
        record = logging.LogRecord(
            "x", logging.ERROR, "f", 1, "failed", (), (type(error), error, None)
        )
    said = json.loads(line(record))
    assert said["error"] == "ValueError"
    assert any("test_rules.py" in frame for frame in said["trace"])
    assert NAME not in str(said)
    assert IDENTITY not in str(said)


def test_causes_are_told_in_their_order_without_words() -> None:
    try:
        try:
            raise KeyError(NAME)
        except KeyError as cause:
            raise RuntimeError(PHONE) from cause
    except RuntimeError as error:
        said = rules.trace(error)
    kinds = [frame for frame in said if not frame.startswith(" ")]
    assert kinds == ["RuntimeError", "KeyError"]
    assert NAME not in str(said)
    assert PHONE not in str(said)


def test_a_mistake_in_the_code_is_told_with_its_words() -> None:
    assert rules.told(AttributeError("'NoneType' object has no attribute 'x'")) == (
        "AttributeError: 'NoneType' object has no attribute 'x'"
    )


def test_a_refusal_of_the_database_names_its_state_and_constraint() -> None:
    said = rules.told(psycopg.errors.UniqueViolation(f"Key (name)=({NAME}) exists"))
    assert said == "UniqueViolation: 23505"


@pytest.mark.parametrize("typed", [IDENTITY, PHONE, f"/residents/?q={NAME}", "?q=x y"])
def test_what_looks_like_a_person_is_left_out_of_messages(typed: str) -> None:
    assert typed not in logged("seen %s here", typed)


def test_ids_stay_readable() -> None:
    number = "01932d5e-1111-7222-8333-123456789012"
    assert number in logged("delivery %s failed", number)


def test_django_is_not_quoted_with_what_was_asked_for() -> None:
    said = logged("Not Found: %s", f"/residents/{NAME}", name="django.request")
    assert NAME not in said
    assert "Not Found" in said


def test_a_line_within_a_request_carries_its_number_and_pattern() -> None:
    token = current.set(Asked("ab" * 8, "GET", "/residents/<uuid:person_id>/"))
    try:
        said = json.loads(logged("something"))
    finally:
        current.reset(token)
    assert said["request"] == "ab" * 8
    assert said["route"] == "/residents/<uuid:person_id>/"


@pytest.mark.parametrize("given", ["", "x", "<script>", "A" * 32, "g" * 16, "a" * 99])
def test_only_a_plain_number_is_taken_from_outside(given: str) -> None:
    assert rules.request_id(given) != given
    assert rules.request_id("0f" * 16) == "0f" * 16


@pytest.mark.parametrize(
    ("address", "headers", "authorization", "may"),
    [
        ("127.0.0.1", [], "", True),
        ("::1", [], "", True),
        ("10.1.2.3", [], "", False),
        ("127.0.0.1", ["X-Forwarded-For"], "", False),  # a stranger through nginx
        ("127.0.0.1", ["x-real-ip"], "", False),
        ("10.1.2.3", [], "Bearer secret words", True),
        ("10.1.2.3", [], "Bearer other", False),
        ("10.1.2.3", [], "Bearer ", False),
        ("", [], "", False),
    ],
)
def test_who_reads_measures(
    address: str, headers: list[str], authorization: str, may: bool
) -> None:
    assert may is rules.may_read_measures(
        address=address,
        header_names=headers,
        authorization=authorization,
        networks=NEAR,
        token="secret words",  # noqa: S106 invented
    )


def test_without_a_token_none_is_right() -> None:
    assert not rules.may_read_measures(
        address="10.1.2.3",
        header_names=[],
        authorization="Bearer ",
        networks=NEAR,
        token="",
    )


# --- the file ---------------------------------------------------------------


def test_a_file_of_lines_is_put_aside_when_it_has_grown(tmp_path: Path) -> None:
    path = tmp_path / "requests.log"
    one, two = (SharedFile(str(path), most=2000, kept=2) for _n in range(2))
    for number in range(600):
        for handler in (one, two):
            handler.emit(logging.LogRecord("x", 20, "f", 1, f"line {number}", (), None))
    one.close()
    two.close()
    names = sorted(p.name for p in tmp_path.glob("requests*"))
    assert names == ["requests.log", "requests.log.1", "requests.log.2"]
    assert path.stat().st_mode & 0o777 == 0o600
    assert all(len(text) < 20 for text in path.read_text().splitlines())


def test_a_disk_without_room_does_not_refuse_the_request() -> None:
    handler = SharedFile("/dev/full")
    handler.emit(logging.LogRecord("x", 20, "f", 1, "line", (), None))
    SharedFile("/nowhere/at/all").emit(
        logging.LogRecord("x", 20, "f", 1, "line", (), None)
    )
