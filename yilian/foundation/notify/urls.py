"""Notices."""

from django.urls import path

from yilian.foundation.notify import views

app_name = "notify"
urlpatterns = [
    path("", views.inbox, name="inbox"),
    path("count", views.count, name="count"),
    path("read", views.read_all, name="read_all"),
    path("<uuid:notice_id>/read", views.read, name="read"),
]
