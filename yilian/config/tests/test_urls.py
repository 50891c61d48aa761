"""Every address says how it is reached."""

from collections.abc import Iterator

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

from yilian.foundation.access.views import PUBLIC, SIGNED_IN

# Third-party views that bring their own guard would stand here, each with why.
FOREIGN: dict[str, str] = {}


def _patterns(
    resolver: URLResolver, prefix: str = ""
) -> Iterator[tuple[str, URLPattern]]:
    for entry in resolver.url_patterns:
        path = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from _patterns(entry, path)
        else:
            yield path, entry


ALL = list(_patterns(get_resolver()))


@pytest.mark.parametrize(("path", "pattern"), ALL, ids=[path for path, _ in ALL])
def test_every_address_is_behind_login_or_public_for_a_reason(
    path: str, pattern: URLPattern
) -> None:
    access = getattr(pattern.callback, "access", None)
    if path in FOREIGN:
        return
    assert access in (SIGNED_IN, PUBLIC), f"/{path} says neither @signed_in nor @public"
    if access == PUBLIC:
        assert getattr(pattern.callback, "why_public", "")
