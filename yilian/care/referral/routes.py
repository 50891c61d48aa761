"""Addresses of the pages that write, print, follow up and report."""

from typing import Final

from django.urls import URLPattern

ROUTES: Final[list[URLPattern]] = []
