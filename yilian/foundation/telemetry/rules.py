"""What may stand in a log line, and who may read measures. No Django."""

import re
import secrets
import traceback
from collections.abc import Iterable, Iterator
from ipaddress import ip_address, ip_network
from types import TracebackType
from typing import Final

_GIVEN: Final = re.compile(r"[0-9a-f]{16,32}")
_PERSONAL: Final = re.compile(
    r"\?\S*"  # a query may hold anything that somebody typed
    r"|(?<![0-9A-Za-z])\d{17}[0-9Xx](?![0-9A-Za-z])"  # identity numbers
    r"|(?<!\d)1[3-9]\d{9}(?!\d)"  # phones
)
_NOT_ASCII: Final = re.compile(r"[^\x20-\x7e]+")
# They name what stands in the code, not what somebody has entered.
_SPEAKING: Final = (NameError, AttributeError, ImportError, TypeError)
_MOST_FRAMES: Final = 30
_MOST_CAUSES: Final = 4
_FORWARDED: Final = ("x-forwarded-for", "x-real-ip", "forwarded")


def request_id(given: str) -> str:
    """nginx's `$request_id` where there is one, else one of our own."""
    return given if _GIVEN.fullmatch(given) else secrets.token_hex(8)


def without_persons(words: str) -> str:
    return _PERSONAL.sub("…", words)


def told(error: BaseException) -> str:
    """An error's kind, and its words only where they cannot hold a value."""
    said = type(error).__name__
    known = [getattr(error, name, None) for name in ("sqlstate",)]
    diagnosis = getattr(error, "diag", None)
    known += [
        getattr(diagnosis, name, None) for name in ("table_name", "constraint_name")
    ]
    facts = " ".join(str(fact) for fact in known if fact)
    if isinstance(error, _SPEAKING):
        facts = _NOT_ASCII.sub("…", without_persons(str(error)))[:200]
    return f"{said}: {facts}" if facts else said


def trace(error: BaseException) -> list[str]:
    """Where it happened, the first cause last; never what the lines held."""
    return [line for cause in _causes(error) for line in _frames(cause)]


def _causes(error: BaseException) -> Iterator[BaseException]:
    now: BaseException | None = error
    for _n in range(_MOST_CAUSES):
        if now is None:
            return
        yield now
        now = now.__cause__ or (None if now.__suppress_context__ else now.__context__)


def _frames(error: BaseException) -> Iterator[str]:
    yield told(error)
    tb: TracebackType | None = error.__traceback__
    for frame in traceback.extract_tb(tb)[-_MOST_FRAMES:]:
        place = frame.filename.rpartition("/site-packages/")[2]
        place = place.rpartition("/yilian/")[2] if "/yilian/" in place else place
        yield f"  {place}:{frame.lineno} {frame.name}"


def may_read_measures(
    *,
    address: str,
    header_names: Iterable[str],
    authorization: str,
    networks: Iterable[str],
    token: str,
) -> bool:
    """Whoever asks from a named network, or knows the token.

    What nginx passes on comes from its own address: it is nobody's neighbour.
    """
    if token and secrets.compare_digest(
        authorization.encode(), f"Bearer {token}".encode()
    ):
        return True
    if {name.lower() for name in header_names} & {*_FORWARDED}:
        return False
    try:
        asker = ip_address(address)
        return any(asker in ip_network(network) for network in networks)
    except ValueError:  # a socket in the file system, or a mistyped network
        return False
