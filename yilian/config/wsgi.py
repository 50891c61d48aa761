"""The pages, for Granian."""

import gc
import os
from pathlib import Path

from yilian.foundation.telemetry.shared import share_measures

# Before anything counts: the workers' numbers are told together.
if "YILIAN_DATA" in os.environ:
    share_measures(Path(os.environ["YILIAN_DATA"]) / "metrics")

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "yilian.config.settings")
gc.disable()  # nothing of what is imported is ever garbage
_pages = get_wsgi_application()

from yilian.interfaces.web.gate import Gate  # noqa: E402 after the set-up
from yilian.interfaces.web.telemetry import Telemetry  # noqa: E402

application = Telemetry(Gate(_pages))
# Import all views now and not within the first visitor's request.
get_resolver().url_patterns  # noqa: B018 it is the reading that imports
gc.freeze()
gc.enable()
