"""`request.actor`: built once a request from the account and its post."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, cast
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.module_loading import import_string

from yilian.foundation.access.actor import Actor

POST_KEY = "post"


class ActorRequest(HttpRequest):
    """A request behind login: `actor` is always there."""

    actor: Actor


class ActorMiddleware:
    """Lets the callable named in the settings say who acts.

    Reading the post anew on every request is what makes leaving a post lock at
    once.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        actor = actor_of(request)
        cast(Any, request).actor = actor
        cast(Any, request).posts = Posts(request, actor)
        return self.get_response(request)


def actor_of(request: HttpRequest, post_id: UUID | None = None) -> Actor | None:
    """Who acts by this request: in the post named, else in the session's."""
    if not request.user.is_authenticated:
        return None
    actor = _actor_along(request) if post_id is None else None
    if actor is None:
        build: Callable[..., Actor | None] = import_string(
            settings.YILIAN_ACTOR_BUILDER
        )
        kept = request.session.get(POST_KEY)
        actor = build(request.user, post_id or (UUID(kept) if kept else None))
    return actor and actor.from_origin(origin_of(request))


def _actor_along(request: HttpRequest) -> Actor | None:
    """Who was read together with the session, where the store does that."""
    read: Callable[[], Actor | None] | None = getattr(
        request.session, "actor_along", None
    )
    return read() if read is not None else None


def origin_of(request: HttpRequest) -> str:
    """Behind nginx every request comes from nginx: the visitor is whom it names, and
    unknown when it names nobody, so that nobody is counted for all."""
    if settings.YILIAN_BEHIND_PROXY:
        return str(request.META.get("HTTP_X_REAL_IP", "")).strip()[:64]
    return str(request.META.get("REMOTE_ADDR", ""))


class Posts:
    """The posts to choose from, read only when a page shows them."""

    def __init__(self, request: HttpRequest, actor: Actor | None) -> None:
        self.request, self.actor = request, actor

    def __iter__(self) -> Iterator[Any]:
        if self.actor is None or not self.actor.has_other_posts:
            return iter(())
        read: Callable[..., Iterable[Any]] = import_string(settings.YILIAN_POSTS)
        return iter(read(self.request.user, self.actor.post_id))
