"""Between every request and its page: health, size, language, refusals in words."""

from collections.abc import Callable
from typing import Final

from django.conf import settings
from django.db import DataError, OperationalError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext

from yilian.interfaces.web.errors import Refusal, answer, busy, render_error
from yilian.interfaces.web.shell import live_url
from yilian.kernel.errors import DomainError, Invalid
from yilian.kernel.text import _

LANGUAGE_COOKIE: Final = "yilian_language"
HEALTH_PATH: Final = "/healthz"
UNREADABLE: Final = _("输入里有无法保存的字符或过大的数字，请删去后重试。")
GetResponse = Callable[[HttpRequest], HttpResponse]


class Health:
    """`GET /healthz`: 200 when the database answers. No session, no login."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path != HEALTH_PATH:
            return self.get_response(request)
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1")
        except OperationalError:
            return JsonResponse({"status": "unavailable"}, status=503)
        finally:
            connection.close()
        return JsonResponse({"status": "ok"})


class BodyLimit:
    """A body that is too big is refused by its stated length, before it is read."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        length = request.META.get("CONTENT_LENGTH") or "0"
        if not length.isascii() or not length.isdigit():
            words = gettext("请求的长度写得不对，没有读取。")
            return answer(request, Refusal(400, "bad-length", words))
        if int(length) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
            words = gettext("内容太大，没有读取。请分几次提交，或减少附件。")
            return answer(request, Refusal(413, "too-large", words))
        return self.get_response(request)


def chosen_language(request: HttpRequest) -> str:
    """Chinese, then the user's choice; never what the browser says of itself."""
    said = request.COOKIES.get(LANGUAGE_COOKIE, "")
    return said if said in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE


class Language:
    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        language = chosen_language(request)
        with translation.override(language):
            response = self.get_response(request)
        response.headers.setdefault("Content-Language", language)
        patch_vary_headers(response, ("Cookie",))
        return response


class Refusals:
    """A DomainError becomes words; a database without a free place becomes 503."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(
        self, request: HttpRequest, error: Exception
    ) -> HttpResponse | None:
        if isinstance(error, DomainError):
            return render_error(request, error)
        if isinstance(error, DataError):
            # A character or a number no column can hold, where no form stood before.
            return render_error(request, Invalid(UNREADABLE))
        if isinstance(error, OperationalError):
            return busy(request)
        return None


class ContentSecurity:
    """Only our own scripts, styles and pictures run; live updates on the next port."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        live = live_url(request).removesuffix("/live")
        response.headers.setdefault(
            "Content-Security-Policy",
            f"default-src 'self'; connect-src 'self' {live}; img-src 'self' data:; "
            "object-src 'none'; base-uri 'none'; form-action 'self'; "
            "frame-ancestors 'none'",
        )
        response.headers.setdefault("Referrer-Policy", "same-origin")
        return response
