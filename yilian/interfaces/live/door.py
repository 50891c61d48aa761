"""Whose page asks: the same session, account and post as on the page itself.

Django works in threads here; the event loop never waits for the database.
"""

import asyncio
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from time import time
from typing import cast
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.contrib.auth import get_user
from django.contrib.sessions.backends.db import SessionStore
from django.db import close_old_connections
from django.http import HttpRequest
from django.http.request import split_domain_port, validate_host

from yilian.foundation.access.middleware import actor_of
from yilian.foundation.identity.middleware import SEEN_KEY, owes_second_factor
from yilian.foundation.identity.models import Account


@dataclass(frozen=True, slots=True)
class Visitor:
    account_id: UUID
    institution_id: UUID | None


async def visitor_of(session_key: str) -> Visitor | None:
    return await asyncio.to_thread(_visitor_of, session_key)


def session_key_of(cookies: str) -> str | None:
    try:
        morsel = SimpleCookie(cookies).get(settings.SESSION_COOKIE_NAME)
    except CookieError:
        return None
    return morsel.value if morsel else None


def may_ask(host: str, origin: str | None, site: str | None) -> bool:
    """Our own pages alone: on PORT of the same host, or, behind nginx, on the very
    same address."""
    name, _port = split_domain_port(host)
    if not name or not validate_host(name, settings.ALLOWED_HOSTS):
        return False
    if origin is None:
        return site in {None, "same-origin", "none"}
    asked = urlsplit(origin)
    allowed = {host.lower(), f"{name}:{settings.PORT}"}
    return asked.scheme in {"http", "https"} and asked.netloc.lower() in allowed


def _visitor_of(session_key: str) -> Visitor | None:
    close_old_connections()
    try:
        session = SessionStore(session_key)
        request = HttpRequest()
        request.session = session
        request.user = get_user(request)  # also compares the password's fingerprint
        if _is_idle(session):
            return None
        actor = actor_of(request)
    finally:
        close_old_connections()
    if actor is None or actor.account_id is None:
        return None
    account = cast(Account, request.user)  # an actor with an account is signed in
    if account.must_change_password or owes_second_factor(request, actor):
        return None
    return Visitor(actor.account_id, actor.institution_id)


def _is_idle(session: SessionStore) -> bool:
    """Listening is no sign of life: only what somebody does keeps a session open."""
    seen = session.get(SEEN_KEY)
    limit = settings.YILIAN_IDLE_MINUTES * 60
    return seen is not None and time() - int(seen) > limit
