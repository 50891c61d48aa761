"""Messages to be mended, and the feeds they come by."""

from django.urls import path

from yilian.interfaces.exchange.intake.views import feeds, messages

_MESSAGE = "messages/<uuid:message_id>"
_FEED = "feeds/<uuid:feed_id>"

urlpatterns = [
    path("", messages.list_page, name="list"),
    path("count", messages.count, name="count"),
    path(_MESSAGE, messages.message, name="message"),
    path(f"{_MESSAGE}/mend", messages.mend, name="mend"),
    path(f"{_MESSAGE}/person", messages.choose_person, name="choose_person"),
    path(f"{_MESSAGE}/find", messages.find_person, name="find_person"),
    path(f"{_MESSAGE}/register", messages.register, name="register"),
    path(f"{_MESSAGE}/receiver", messages.choose_receiver, name="choose_receiver"),
    path(f"{_MESSAGE}/replay", messages.replay, name="replay"),
    path(f"{_MESSAGE}/set-aside", messages.set_aside, name="set_aside"),
    path(f"{_MESSAGE}/original", messages.original, name="original"),
    path("feeds", feeds.list_page, name="feeds"),
    path("feeds/new", feeds.open_page, name="open_feed"),
    path(_FEED, feeds.detail, name="feed"),
    path(f"{_FEED}/change", feeds.change, name="change_feed"),
    path(f"{_FEED}/secret", feeds.new_secret, name="new_secret"),
    path(f"{_FEED}/close", feeds.close, name="close_feed"),
    path(f"{_FEED}/meanings", feeds.add_meaning, name="add_meaning"),
    path("meanings/<uuid:meaning_id>/forget", feeds.forget, name="forget_meaning"),
]
