"""Where sessions are kept: Django's table, read by a question composed once."""

from django.contrib.sessions.backends import db
from django.contrib.sessions.models import Session
from django.utils import timezone

from yilian.foundation.access.composed import Composed


class SessionStore(db.SessionStore):
    @classmethod
    def get_model_class(cls) -> type[Session]:
        return Session

    def _get_session_from_db(self) -> Session | None:
        """Asked by every request."""
        key = self.session_key or ""
        found = _BY_KEY.ask(key=key, now=timezone.now()) if "\0" not in key else []
        if not found:
            self._session_key = None
            return None
        return found[0]


_BY_KEY = Composed(
    lambda key, now: Session.objects.filter(session_key=key, expire_date__gt=now)
)
