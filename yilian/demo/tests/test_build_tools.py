"""The seams of the builder: story time, and work on the second core."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from yilian.demo.clock import story_time
from yilian.demo.loading import history
from yilian.demo.loading.beside import BesideFailed, Blocks, beside, signal
from yilian.demo.loading.corridor import arranged
from yilian.demo.loading.stories import spans_of, stories_of
from yilian.demo.world.build import Region
from yilian.foundation.terminology.shipped import shipped
from yilian.kernel.ids import new_id

THEN = datetime(2026, 3, 1, 9, tzinfo=UTC)


def test_in_a_story_the_time_is_the_storys() -> None:
    real = timezone.now
    with story_time(1, THEN) as clock:
        assert timezone.now() == THEN
        first = new_id()
        clock.go_to(THEN + timedelta(days=1))
        clock.go_to(THEN)
        assert timezone.now() == THEN + timedelta(days=1)
        assert first < new_id()
    assert timezone.now is real
    assert abs(timezone.now() - datetime.now(UTC)) < timedelta(minutes=1)


def test_the_same_seed_gives_the_same_ids() -> None:
    with story_time(1, THEN):
        once = [new_id() for _ in range(3)]
    with story_time(1, THEN):
        again = [new_id() for _ in range(3)]
    with story_time(2, THEN):
        other = [new_id() for _ in range(3)]
    assert once == again
    assert set(once).isdisjoint(other)
    assert new_id() not in once


def test_story_time_ends_with_an_error() -> None:
    real = timezone.now
    with pytest.raises(ZeroDivisionError), story_time(1, THEN):
        raise ZeroDivisionError
    assert timezone.now is real


def test_work_beside_is_waited_for(tmp_path: Path) -> None:
    note = tmp_path / "note"
    with beside(lambda: note.write_text("done")) as other:
        other.wait_for_end()
        assert note.read_text() == "done"


def test_what_fails_beside_is_not_passed_over() -> None:
    def fail() -> None:
        raise SystemExit(3)

    with pytest.raises(BesideFailed), beside(fail) as other:
        other.wait_for_end()


def test_a_sign_is_waited_for_and_not_for_ever() -> None:
    sign, never = signal(), signal()

    def give_one_and_fail() -> None:
        sign.set()
        raise SystemExit(3)

    with beside(give_one_and_fail) as other:
        other.wait_for(sign)
        with pytest.raises(BesideFailed):
            other.wait_for(never)


def test_each_block_is_taken_once_by_whoever_is_free(tmp_path: Path) -> None:
    blocks = Blocks(40)

    def take() -> None:
        for number in blocks:
            (tmp_path / f"other {number}").touch()

    with beside(take) as other:
        for number in blocks:
            (tmp_path / f"mine {number}").touch()
        other.wait_for_end()
    taken = [int(path.name.split()[1]) for path in tmp_path.iterdir()]
    assert sorted(taken) == list(range(40))
    assert blocks.done == 1.0


def test_histories_told_by_blocks_are_those_told_at_once(
    world: Region, monkeypatch: pytest.MonkeyPatch
) -> None:
    lives = history.Lives(world, {}, {})
    [block] = range(lives.blocks)
    at_once = list(lives.of_block(block, history.Told()))
    assert at_once == list(world.histories())
    monkeypatch.setattr(history, "BLOCK", 500)
    told = history.Told()
    blocks = [list(lives.of_block(number, told)) for number in range(lives.blocks)]
    assert [one for block in blocks for one in block] == at_once
    assert told.stays


def test_every_diagnosis_of_the_stories_can_be_coded(world: Region) -> None:
    known = {code for code, _name in shipped()}
    assert {plan.diagnosis_code for plan in arranged(world)} <= known


def test_nobody_is_in_two_stories(world: Region) -> None:
    firsts = [plan.person for plan in arranged(world) if not plan.follows]
    assert len(firsts) == len(set(firsts))


def test_a_person_is_busy_from_coming_to_the_end(world: Region) -> None:
    stories = stories_of(arranged(world))
    spans = spans_of(stories, world.now)
    for story in stories:
        begins_at, ends_at = spans[story.plan.person]
        assert begins_at <= story.comes_at
        assert story.last_at < ends_at
