"""Every address, with those of the demo."""

from django.urls import include, path

from yilian.config import urls

urlpatterns = [path("demo/", include("yilian.demo.urls")), *urls.urlpatterns]
