"""Parameters."""

from django.urls import path

from yilian.foundation.parameters import views

app_name = "parameters"
urlpatterns = [
    path("", views.values, name="list"),
    path("values/<uuid:value_id>/release", views.release, name="release"),
    path("values/<uuid:value_id>/reject", views.reject, name="reject"),
    path("keys/<str:name>", views.key, name="key"),
]
