"""A small Django of its own, so that starting and stopping is tested quickly."""

from django.http import HttpRequest, HttpResponse
from django.urls import path

from yilian.config import settings as real
from yilian.config.runtime import health

SECRET_KEY = real.SECRET_KEY
ALLOWED_HOSTS = ["localhost", "127.0.0.1"]
INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "procrastinate.contrib.django",
]
DATABASES = real.DATABASES
ROOT_URLCONF = __name__
USE_TZ = True
STATIC_URL = real.STATIC_URL
YILIAN_BEHIND_PROXY = False


def healthz(_request: HttpRequest) -> HttpResponse:
    return HttpResponse(status=200 if health.is_ready() else 503)


urlpatterns = [path("healthz", healthz)]
