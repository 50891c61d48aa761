"""Who listens to which event: tables of `config/wiring.py`, found by their path.

`SUBSCRIPTIONS` maps an Event class to its handlers; `LIVE` maps it to a function
of the event that says which open pages hear of it.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string

from yilian.foundation.outbox.rules import LiveNotice
from yilian.kernel.event import Event

Handler = Callable[[Any], None]
Subscriptions = Mapping[type[Event], Sequence[Handler]]
Live = Mapping[type[Event], Callable[[Any], Iterable[LiveNotice]]]


class UnknownEvent(LookupError):
    """A row names an event that nobody knows any more."""


class UnknownHandler(LookupError):
    """A delivery names a function that no longer listens."""


def kind_named(name: str) -> type[Event]:
    for kind in _subscriptions():
        if kind.__name__ == name:
            return kind
    raise UnknownEvent(name)


def handlers_of(kind: type[Event]) -> Mapping[str, Handler]:
    return {path_of(handler): handler for handler in _subscriptions()[kind]}


def handler_named(kind: type[Event], path: str) -> Handler:
    try:
        return handlers_of(kind)[path]
    except KeyError:
        raise UnknownHandler(path) from None


def notices_of(event: Event) -> list[LiveNotice]:
    live: Live = import_string(settings.YILIAN_LIVE_NOTICES)
    say = live.get(type(event))
    return list(say(event)) if say else []


def path_of(handler: Handler) -> str:
    return f"{handler.__module__}.{handler.__qualname__}"


def _subscriptions() -> Subscriptions:
    table: Subscriptions = import_string(settings.YILIAN_SUBSCRIPTIONS)
    return table
