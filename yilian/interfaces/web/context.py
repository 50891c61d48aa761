"""What every page finds in its context beside the request and its CSRF token."""

from typing import Any

from django.http import HttpRequest


def page(request: HttpRequest) -> dict[str, Any]:
    return {"actor": getattr(request, "actor", None)}
