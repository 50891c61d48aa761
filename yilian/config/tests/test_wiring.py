"""No event is forgotten, and nobody listens to what does not exist."""

import inspect

from yilian.config.wiring import LIVE, RECORD_SINK, SUBSCRIPTIONS
from yilian.kernel.event import Event


def _kinds(base: type[Event] = Event) -> set[type[Event]]:
    """Every event of the product that can be published (not those of tests)."""
    found: set[type[Event]] = set()
    for kind in base.__subclasses__():
        found |= {kind} | _kinds(kind)
    return {kind for kind in found if ".tests" not in kind.__module__}


# What events of a module have in common; never published itself.
_COMMON = {"ReferralEvent", "Booked"}


def _published() -> set[type[Event]]:
    return {kind for kind in _kinds() if kind.__name__ not in _COMMON}


def test_every_event_says_who_listens() -> None:
    assert set(SUBSCRIPTIONS) == _published()


def test_a_handler_takes_the_event_alone() -> None:
    for handlers in SUBSCRIPTIONS.values():
        for handler in handlers:
            assert len(inspect.signature(handler).parameters) == 1


def test_live_pages_hear_only_of_known_events() -> None:
    assert set(LIVE) <= _published()


def test_the_record_has_its_sink() -> None:
    assert callable(RECORD_SINK.put)
