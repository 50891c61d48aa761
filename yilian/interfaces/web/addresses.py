"""Addresses by name: what pages ask for again and again is worked out once.

An address with ids differs from the next only in its ids, and in a word beside them.
So the first is made with ids of nobody and cut where they stand, and each one that is
asked for puts its own in between.
"""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Final
from uuid import UUID

from django.conf import settings
from django.urls import NoReverseMatch, get_script_prefix, get_urlconf, reverse

_NOBODY: Final = [UUID(int=2**128 - 1 - place) for place in range(4)]
_PLACES: Final = {str(nobody): place for place, nobody in enumerate(_NOBODY)}
_ID: Final = re.compile(f"({'|'.join(_PLACES)})")
_here = threading.local()


@contextmanager
def addressed() -> Iterator[None]:
    """Inside, for a request, it is not asked again where all addresses begin."""
    _here.all = _all()
    try:
        yield
    finally:
        _here.all = None


def url(name: str, *args: object, **kwargs: object) -> str:
    begins = getattr(_here, "all", None) or _all()
    if not kwargs and len(args) == 1 and type(args[0]) is UUID:
        parts, places = _of_nobody(name, (None,), (), *begins)
        if places == [0]:
            return f"{parts[0]}{args[0]}{parts[2]}"
    told = (*args, *kwargs.values())
    kinds = {type(one) for one in told}
    if kinds == {str} or not kinds <= {UUID, str} or len(told) > len(_NOBODY):
        return reverse(name, args=args or None, kwargs=kwargs or None)
    # Words that stand beside an id, a step or a part of a page, are few.
    words = tuple(None if type(one) is UUID else one for one in told)
    parts, places = _of_nobody(name, words, tuple(kwargs), *begins)
    filled = list(parts)
    filled[1::2] = [str(told[place]) for place in places]
    return "".join(filled)


def _all() -> tuple[str, str]:
    return get_urlconf() or settings.ROOT_URLCONF, get_script_prefix()


def maybe_url(name: str | None, *args: object, **kwargs: object) -> str | None:
    """The address, or None while nobody answers to that name."""
    if name is None:
        return None
    try:
        return url(name, *args, **kwargs)
    except NoReverseMatch:
        return None


@lru_cache(maxsize=2_000)
def _of_nobody(
    name: str,
    words: tuple[object, ...],
    names: tuple[str, ...],
    addresses: str,
    _prefix: str,
) -> tuple[list[str], list[int]]:
    """The address in parts, every second of them an id, and which id that is."""
    places = zip(words, _NOBODY, strict=False)
    told = [nobody if word is None else word for word, nobody in places]
    positions = len(told) - len(names)
    by_name = dict(zip(names, told[positions:], strict=True))
    address = reverse(name, addresses, told[:positions] or None, by_name or None)
    parts = _ID.split(address)
    return parts, [_PLACES[part] for part in parts[1::2]]
