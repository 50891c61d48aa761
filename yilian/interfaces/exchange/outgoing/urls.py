"""Peers, and what is sent to them."""

from django.urls import path

from yilian.interfaces.exchange.outgoing import views

urlpatterns = [
    path("outgoing", views.outgoing, name="outgoing"),
    path("outgoing/<uuid:letter_id>/resend", views.resend, name="resend"),
    path(
        "outgoing/<uuid:letter_id>/set-aside", views.set_aside, name="set_letter_aside"
    ),
    path("peers", views.list_peers, name="peers"),
    path("peers/new", views.open_peer, name="open_peer"),
    path("peers/<uuid:peer_id>", views.peer, name="peer"),
]
