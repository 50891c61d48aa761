"""Feeds and their code tables, kept by who administers the systems."""

from typing import Any
from uuid import UUID

from django.contrib import messages as toasts
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import (
    require_GET,
    require_http_methods,
    require_POST,
)

from yilian.foundation.access.forms import show
from yilian.foundation.access.middleware import ActorRequest
from yilian.foundation.access.scope import find, require
from yilian.foundation.access.views import signed_in
from yilian.interfaces.exchange.intake import policies, queries
from yilian.interfaces.exchange.intake.forms import (
    FeedFacts,
    MeaningForm,
    OpenFeedForm,
)
from yilian.interfaces.exchange.intake.models import Feed
from yilian.interfaces.exchange.intake.rules import KIND_NAMES, Meaning
from yilian.interfaces.exchange.intake.services import feeds
from yilian.interfaces.exchange.intake.services.feeds import ONLY_ADMINISTRATORS
from yilian.kernel.errors import Conflict, DomainError, Invalid
from yilian.registry.directory.queries import today


@signed_in
@require_GET
def list_page(request: ActorRequest) -> HttpResponse:
    require(policies.can_keep_feeds(request.actor), ONLY_ADMINISTRATORS)
    context = {"lines": queries.feeds(request.actor), "kind_names": KIND_NAMES}
    return render(request, "intake/feeds.html", context)


@signed_in
@never_cache
@require_http_methods(["GET", "POST"])
def open_page(request: ActorRequest) -> HttpResponse:
    require(policies.can_keep_feeds(request.actor), ONLY_ADMINISTRATORS)
    first = {"starts_on": today(), "kinds": list(KIND_NAMES)[:3], "charset": "utf-8"}
    typed = request.POST if request.method == "POST" else None
    form = OpenFeedForm(typed, initial=first)
    if form.is_valid():
        try:
            feed, secret = feeds.open_feed(request.actor, **form.facts())
        except (Invalid, Conflict) as error:
            show(form, error)
        else:
            return _opened(request, feed, secret)
    words = request.POST.get("institution_id_words", "")
    status = 422 if form.is_bound else 200
    context = {"form": form, "words": words}
    return render(request, "intake/open_feed.html", context, status=status)


@signed_in
@require_GET
def detail(request: ActorRequest, feed_id: UUID) -> HttpResponse:
    return _detail(request, feed_id)


@signed_in
@require_POST
def change(request: ActorRequest, feed_id: UUID) -> HttpResponse:
    form = FeedFacts(request.POST)
    if form.is_valid():
        try:
            feeds.change_feed(request.actor, feed_id, **form.cleaned_data)
        except Invalid as error:
            show(form, error)
        else:
            toasts.success(request, gettext("接口已更新。"))
            return redirect("exchange:feed", feed_id)
    return _detail(request, feed_id, form=form, status=422)


@signed_in
@never_cache
@require_POST
def new_secret(request: ActorRequest, feed_id: UUID) -> HttpResponse:
    feed, secret = feeds.new_secret(request.actor, feed_id)
    return _opened(request, feed, secret)


@signed_in
@require_POST
def close(request: ActorRequest, feed_id: UUID) -> HttpResponse:
    feeds.close_feed(request.actor, feed_id)
    toasts.success(request, gettext("接口已停用。"))
    return redirect("exchange:feed", feed_id)


@signed_in
@require_POST
def add_meaning(request: ActorRequest, feed_id: UUID) -> HttpResponse:
    feed = find(Feed.objects.visible_to(request.actor), feed_id)
    form = MeaningForm(request.POST, feed_house=feed.institution_id)
    if form.is_valid():
        data = form.cleaned_data
        try:
            feeds.note_meaning(
                request.actor,
                feed_id,
                meaning=Meaning(data["meaning"]),
                code=data["code"],
                target=data["target"],
            )
        except DomainError as error:
            show(form, error)
        else:
            return redirect("exchange:feed", feed_id)
    return _detail(request, feed_id, meaning_form=form, status=422)


@signed_in
@require_POST
def forget(request: ActorRequest, meaning_id: UUID) -> HttpResponse:
    feed = feeds.forget_meaning(request.actor, meaning_id)
    return redirect("exchange:feed", feed.id)


def _opened(request: ActorRequest, feed: Feed, secret: str) -> HttpResponse:
    """The one page on which the secret stands."""
    if not secret:
        return redirect("exchange:feed", feed.id)
    context = {"feed": feed, "secret": secret}
    response = render(request, "intake/secret.html", context)
    response["Cache-Control"] = "no-store"
    return response


def _detail(
    request: ActorRequest, feed_id: UUID, *, status: int = 200, **shown: Any
) -> HttpResponse:
    rows = Feed.objects.visible_to(request.actor).select_related("institution")
    feed = find(rows, feed_id)
    form = FeedFacts(
        initial={
            "kinds": feed.kinds,
            "charset": feed.charset,
            "addresses": feed.addresses,
            "consent_evidence": feed.consent_evidence,
            "ends_on": feed.period.upper,
        }
    )
    context = {
        "feed": feed,
        "line": queries.feed_line(feed),
        "meanings": queries.meanings(feed),
        "form": form,
        "meaning_form": MeaningForm(feed_house=feed.institution_id),
        "posted": request.POST,
    }
    return render(request, "intake/feed.html", context | shown, status=status)
