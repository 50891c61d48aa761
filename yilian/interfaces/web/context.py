"""What every page finds in its context beside `request`, `csrf_input` and `csrf_token`."""

from typing import Any

from django.http import HttpRequest


def page(request: HttpRequest) -> dict[str, Any]:
    return {"actor": getattr(request, "actor", None)}
