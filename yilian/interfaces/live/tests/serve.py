"""For Granian: the set-up first, then the actors of the tests."""

from yilian.interfaces.live import app
from yilian.interfaces.live.tests import served

application = app.application
__all__ = ["application", "served"]
