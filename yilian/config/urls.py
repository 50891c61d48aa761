"""Every address. Each module owns its own `urls.py`; this page puts them together."""

from django.urls import URLPattern, URLResolver

urlpatterns: list[URLPattern | URLResolver] = []
