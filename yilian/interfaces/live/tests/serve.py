"""For Granian: the set-up first, then the actors of the tests."""

from django.conf import settings

from yilian.interfaces.live import app
from yilian.interfaces.live.tests import served

# Only in this process: the tests import `served` too, beside everybody's tests.
settings.YILIAN_ACTOR_BUILDER = f"{served.__name__}.actor_for"

application = app.application
__all__ = ["application"]
