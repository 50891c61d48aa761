"""The shell's own addresses. The gallery exists in the demo and in development only."""

from django.conf import settings
from django.urls import path

from yilian.interfaces.web import views

app_name = "web"
urlpatterns = [
    path("", views.home, name="home"),
    path("language", views.language, name="language"),
    path("letters", views.letters, name="letters"),
    path("offline", views.offline, name="offline"),
    path("sw.js", views.service_worker, name="service_worker"),
]

if settings.YILIAN_DEMO or settings.DEBUG:
    urlpatterns += [
        path("gallery", views.gallery, name="gallery"),
        path("gallery/codes", views.gallery_codes, name="gallery_codes"),
    ]
