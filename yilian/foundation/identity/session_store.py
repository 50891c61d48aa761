"""Where sessions are kept: Django's table, read by questions composed once.

To whom a session belongs stands inside it, signed, where the database cannot follow.
So each process remembers to whom it belonged when it was last read here, a `Hint`, and
asks for the session, that account and what it acts as in one statement. A hint proves
nothing: what came along is used only if the session, once opened, names the same
account and the same post. Else it is read as if there had been no hint.
"""

from functools import lru_cache
from typing import Any, Final

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends import db
from django.contrib.sessions.models import Session
from django.contrib.sessions.serializers import JSONSerializer
from django.core import signing
from django.utils import timezone
from django.utils.encoding import force_str
from django.utils.module_loading import import_string

from yilian.foundation.access.actor import Actor
from yilian.foundation.access.composed import Composed
from yilian.foundation.access.middleware import POST_KEY
from yilian.foundation.identity.models import Account
from yilian.foundation.identity.ports import Hint, ReadSession, SessionRead

_MOST_REMEMBERED: Final = 20_000


class SessionStore(db.SessionStore):
    _hint: Hint | None = None
    _read: SessionRead | None = None

    @classmethod
    def get_model_class(cls) -> type[Session]:
        return Session

    def account_along(self) -> Account | None:
        """The account that was read with the session, if it is the session's."""
        read = self._read_of_hint()
        return None if read is None else read.account

    def actor_along(self) -> Actor | None:
        read = self._read_of_hint()
        return None if read is None else read.actor

    def load(self) -> dict[str, Any]:
        found = super().load()
        if self.session_key is not None:
            _remember(self.session_key, _hint_of(found))
        return dict(found)

    def decode(self, session_data: bytes | str) -> dict[str, Any]:
        """Django's, without checking the same signature again and again."""
        try:
            opened: dict[str, Any] = JSONSerializer().loads(
                _checked(force_str(session_data), self.key_salt)
            )
        except (signing.BadSignature, ValueError):
            return super().decode(session_data)
        return opened

    def _get_session_from_db(self) -> Session | None:
        """Asked by every request."""
        key = self.session_key or ""
        found = self._ask(key) if "\0" not in key else None
        if found is None:
            self._session_key = None
        return found

    def _ask(self, key: str) -> Session | None:
        now = timezone.now()
        self._hint = _HINTS.get(key)
        if self._hint is None:
            return next(iter(_BY_KEY.ask(key=key, now=now)), None)
        read: ReadSession = import_string(settings.YILIAN_SESSION_READER)
        self._read = read(key, now, self._hint)
        if self._read is None:
            return None
        return Session(key, self._read.data, self._read.expires_at)

    def _read_of_hint(self) -> SessionRead | None:
        is_of_hint = _hint_of(self) == self._hint  # looks into it, so it is read now
        return self._read if is_of_hint else None


class _Unread:
    """What was signed, as it was signed."""

    def dumps(self, obj: bytes) -> bytes:
        return obj

    def loads(self, data: bytes) -> bytes:
        return data


@lru_cache(maxsize=5_000)
def _checked(session_data: str, salt: str) -> bytes:
    signed: bytes = signing.loads(session_data, salt=salt, serializer=_Unread)
    return signed


def _hint_of(session: Any) -> Hint | None:
    account = session.get(SESSION_KEY)
    return Hint(account, session.get(POST_KEY)) if account else None


def _remember(key: str, hint: Hint | None) -> None:
    """The oldest is forgotten first; one that is still used comes back by itself."""
    if hint is None or _HINTS.get(key) == hint:
        return
    if len(_HINTS) >= _MOST_REMEMBERED:
        _HINTS.pop(next(iter(_HINTS)), None)
    _HINTS[key] = hint


_HINTS: Final[dict[str, Hint]] = {}
_BY_KEY: Final = Composed(
    lambda key, now: Session.objects.filter(session_key=key, expire_date__gt=now)
)
