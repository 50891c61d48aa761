"""The addresses that the pages of the registry need."""

from django.urls import include, path

urlpatterns = [
    path("", include("yilian.interfaces.web.urls")),
    path("account/", include("yilian.foundation.identity.urls")),
    path("institutions/", include("yilian.registry.directory.urls")),
    path("consortia/", include("yilian.registry.consortium.urls")),
]
