"""Addresses by name: what pages ask for again and again is worked out once.

An address with ids differs from the next only in its ids. So the first is made with
ids of nobody, and each one that is asked for puts its own in their places.
"""

from functools import lru_cache
from typing import Final
from uuid import UUID

from django.conf import settings
from django.urls import NoReverseMatch, get_script_prefix, get_urlconf, reverse

_NOBODY: Final = [UUID(int=2**128 - 1 - place) for place in range(4)]


def url(name: str, *args: object, **kwargs: object) -> str:
    ids = (*args, *kwargs.values())
    if len(ids) > len(_NOBODY) or not all(type(one) is UUID for one in ids):
        return reverse(name, args=args or None, kwargs=kwargs or None)
    addresses = get_urlconf() or settings.ROOT_URLCONF
    prefix = get_script_prefix()
    address = _of_nobody(name, len(args), tuple(kwargs), addresses, prefix)
    for nobody, somebody in zip(_NOBODY, ids, strict=False):
        address = address.replace(str(nobody), str(somebody))
    return address


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
) -> str:
    by_name = dict(zip(names, _NOBODY[positions:], strict=False))
    return reverse(name, addresses, _NOBODY[:positions] or None, by_name or None)
