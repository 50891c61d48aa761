"""What every page finds in its context beside the request and its CSRF token."""

from functools import partial
from typing import Any

from django.http import HttpRequest
from django.middleware.csrf import get_token
from django.utils.functional import SimpleLazyObject
from django.utils.html import format_html


def page(request: HttpRequest) -> dict[str, Any]:
    """One token for all forms of a page: each would be masked anew, by chance."""
    token = SimpleLazyObject(partial(get_token, request))
    return {
        "actor": getattr(request, "actor", None),
        "csrf_token": token,
        "csrf_input": SimpleLazyObject(partial(csrf_field, token)),
    }


def csrf_field(token: object) -> str:
    field = '<input type="hidden" name="csrfmiddlewaretoken" value="{}">'
    return format_html(field, token)
