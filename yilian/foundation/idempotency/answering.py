"""How a form that the browser keeps is told that its act is done.

A redirect would not do: it may also lead to a sign-in or an enrolment, and then
what was written must stay where it is.
"""

from typing import Final
from uuid import UUID, uuid5

from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseRedirect,
    JsonResponse,
    QueryDict,
)

from yilian.kernel.ids import new_id

HEADER: Final = "X-Draft"
MADE: Final = 201
KEY: Final = "idempotency_key"
_NOT_SAID: Final = frozenset({"csrfmiddlewaretoken", KEY})


def done(request: HttpRequest, href: str) -> HttpResponse:
    """`href` is where the act stands now."""
    if HEADER not in request.headers:
        return HttpResponseRedirect(href)
    return JsonResponse({"href": href}, status=MADE, headers={HEADER: "done"})


def key_of(post: QueryDict) -> UUID:
    """Of this page saying exactly this: the same words sent again are the same act,
    other words from the same page (the way back was taken) are another."""
    try:
        page = UUID(post.get(KEY, ""))
    except ValueError:
        page = new_id()
    said = sorted((name, post.getlist(name)) for name in post if name not in _NOT_SAID)
    return uuid5(page, repr(said))
