"""The audit trail."""

from django.urls import path

from yilian.foundation.audit import views

app_name = "audit"
urlpatterns = [
    path("", views.entries, name="list"),
    path("export", views.export, name="export"),
    path("verification", views.verification, name="verify"),
    path("verification/run", views.verify, name="run"),
    path("who-looked", views.who_looked, name="who_looked"),
]
