"""A wish to stop is heard also where Python lets no exception out."""

import signal
import sys
import weakref

import pytest

from yilian.config.runtime.supervisor import Stopped, _stopped_by_signals


class _Thing:
    """Something whose end somebody watches."""


@pytest.mark.parametrize("asked", [signal.SIGINT, signal.SIGTERM])
def test_a_wish_that_was_lost_is_heeded_at_the_next_look(
    asked: signal.Signals, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost: list[object] = []
    monkeypatch.setattr(sys, "unraisablehook", lambda told: lost.append(told.exc_type))
    with _stopped_by_signals() as wish:
        thing = _Thing()
        watched = weakref.ref(thing, lambda _: signal.raise_signal(asked))
        del thing  # what the signal raises here reaches nobody
        assert watched() is None
        assert lost == [Stopped]
        with pytest.raises(Stopped) as stopped:
            wish.heed()
    assert stopped.value.by == asked.name


def test_while_nobody_asks_nothing_stops() -> None:
    with _stopped_by_signals() as wish:
        wish.heed()


def test_a_second_signal_does_not_interrupt_the_stopping() -> None:
    with _stopped_by_signals():
        with pytest.raises(Stopped):
            signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGTERM)
