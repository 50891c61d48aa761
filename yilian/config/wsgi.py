"""The pages, for Granian."""

import os

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "yilian.config.settings")
_pages = get_wsgi_application()

from yilian.interfaces.web.gate import Gate  # noqa: E402 after the set-up

application = Gate(_pages)
# Import all views now and not within the first visitor's request.
get_resolver().url_patterns  # noqa: B018 it is the reading that imports
