"""A refusal is written down before its answer (decisions 15)."""

from collections.abc import Callable
from typing import Final
from uuid import UUID

from django.http import HttpRequest, HttpResponse

from yilian.foundation.access.actor import Actor
from yilian.foundation.access.middleware import origin_of
from yilian.foundation.audit.rules import Outcome
from yilian.foundation.audit.services import record_refusal
from yilian.kernel.errors import DomainError

KEPT: Final = {401: Outcome.FAILED, 403: Outcome.REFUSED, 404: Outcome.REFUSED}
KEPT_TOO: Final = {409: Outcome.REFUSED, 429: Outcome.REFUSED}


class AuditRefusals:
    """Stands after the middleware that answers refusals, so that it is asked first.

    When the view has raised, its transactions are rolled back already; the row has
    one of its own. If even that fails, the answer is an error and not the refusal.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> None:
        outcome = (KEPT | KEPT_TOO).get(getattr(error, "status", 0))
        if not isinstance(error, DomainError) or outcome is None:
            return
        actor: Actor | None = getattr(request, "actor", None)
        record_refusal(
            actor,
            _action(request),
            outcome=outcome,
            origin=origin_of(request),
            object_id=_object_id(request),
            detail={"code": error.code, "status": error.status},
        )


def _action(request: HttpRequest) -> str:
    """`referral.accept` for the view `referral:accept`."""
    match = request.resolver_match
    return (match.view_name if match else "").replace(":", ".") or "page.open"


def _object_id(request: HttpRequest) -> UUID | None:
    match = request.resolver_match
    values = match.kwargs.values() if match else ()
    return next((value for value in values if isinstance(value, UUID)), None)
