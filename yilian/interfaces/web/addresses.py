"""Addresses by name: what pages ask for again and again is worked out once.

An address with ids differs from the next only in its ids. So the first is made with
ids of nobody and cut where they stand, and each one that is asked for puts its own
in between.
"""

import re
from functools import lru_cache
from typing import Final
from uuid import UUID

from django.conf import settings
from django.urls import NoReverseMatch, get_script_prefix, get_urlconf, reverse

_NOBODY: Final = [UUID(int=2**128 - 1 - place) for place in range(4)]
_PLACES: Final = {str(nobody): place for place, nobody in enumerate(_NOBODY)}
_ID: Final = re.compile(f"({'|'.join(_PLACES)})")


def url(name: str, *args: object, **kwargs: object) -> str:
    ids = (*args, *kwargs.values())
    if len(ids) > len(_NOBODY) or not all(type(one) is UUID for one in ids):
        return reverse(name, args=args or None, kwargs=kwargs or None)
    addresses = get_urlconf() or settings.ROOT_URLCONF
    prefix = get_script_prefix()
    parts, places = _of_nobody(name, len(args), tuple(kwargs), addresses, prefix)
    filled = list(parts)
    filled[1::2] = [str(ids[place]) for place in places]
    return "".join(filled)


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
    name: str, positions: int, names: tuple[str, ...], addresses: str, _prefix: str
) -> tuple[list[str], list[int]]:
    """The address in parts, every second of them an id, and which id that is."""
    by_name = dict(zip(names, _NOBODY[positions:], strict=False))
    address = reverse(name, addresses, _NOBODY[:positions] or None, by_name or None)
    parts = _ID.split(address)
    return parts, [_PLACES[part] for part in parts[1::2]]
