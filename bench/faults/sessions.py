"""Sessions of many accounts, for pages that listen. Prints their cookies' values.

Run beside a region of `YILIAN_DATA`: `python -m bench.faults.sessions 40`.
"""

import os
import sys
from importlib import import_module

from yilian.config.runtime.environment import entered


def main() -> None:
    with entered():
        os.environ |= {"YILIAN_DEMO": "1"}
        os.environ["DJANGO_SETTINGS_MODULE"] = "yilian.config.settings"
        import_module("django").setup()
        print(*open_sessions(int(sys.argv[1])), sep="\n")


def open_sessions(count: int) -> list[str]:
    """As signing in opens them; each account keeps its own post."""
    auth = import_module("django.contrib.auth")
    store = import_module("django.contrib.sessions.backends.db").SessionStore
    staff = auth.get_user_model().objects.filter(kind="staff", is_active=True)
    keys = []
    for account in staff.order_by("id")[:count]:
        session = store()
        session[auth.SESSION_KEY] = str(account.pk)
        session[auth.BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
        session[auth.HASH_SESSION_KEY] = account.get_session_auth_hash()
        session.create()
        keys.append(session.session_key)
    return keys


if __name__ == "__main__":
    main()
