"""Between every request and its page: health, size, language, refusals in words."""

from collections.abc import Callable
from typing import Final

from django.conf import settings
from django.db import DataError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import Resolver404, resolve
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django.utils.module_loading import import_string
from django.utils.translation import gettext

from yilian.foundation.access.pool import look_through
from yilian.foundation.files.uploads import TAKES_FILES
from yilian.interfaces.web.addresses import addressed
from yilian.interfaces.web.errors import Refusal, answer, busy, render_error
from yilian.interfaces.web.shell import live_url
from yilian.kernel.errors import DomainError, Invalid
from yilian.kernel.text import _

LANGUAGE_COOKIE: Final = "yilian_language"
HEALTH_PATH: Final = "/healthz"
FULL: Final = "yilian.is_full"  # in the environ: `gate.py` has no place left
UNREADABLE: Final = _("输入里有无法保存的字符或过大的数字，请删去后重试。")
GetResponse = Callable[[HttpRequest], HttpResponse]


class Health:
    """`GET /healthz`: 200 once the region can be used, else 503, within a second.

    No session, no login, and none of the connections that the pages share.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response
        self.is_ready: Callable[[], bool] = import_string(settings.YILIAN_HEALTH)

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path != HEALTH_PATH:
            return self.get_response(request)
        if request.META.get(FULL):
            return _health("busy", 503)
        return _health("ok", 200) if self.is_ready() else _health("unavailable", 503)


def _health(status: str, code: int) -> HttpResponse:
    headers = {"Cache-Control": "no-store"}
    return JsonResponse({"status": status}, status=code, headers=headers)


class BodyLimit:
    """A body that is too big is refused by its stated length, before it is read.

    An address that takes files may be sent more, by whoever is signed in.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        length = request.META.get("CONTENT_LENGTH") or "0"
        if not length.isascii() or not length.isdigit():
            words = gettext("请求的长度写得不对，没有读取。")
            return answer(request, Refusal(400, "bad-length", words))
        if int(length) > _most(request):
            words = gettext("内容太大，没有读取。请分几次提交，或减少附件。")
            return answer(request, Refusal(413, "too-large", words))
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: object, args: object, kwargs: object
    ) -> HttpResponse | None:
        """By now it is known who asks; still nothing has been read."""
        length = int(request.META.get("CONTENT_LENGTH") or "0")
        is_usual = length <= settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        if is_usual or getattr(request, "actor", None) is not None:
            return None
        words = gettext("登录已过期，文件没有上传。请重新登录后再试。")
        return answer(request, Refusal(401, "signed-out", words))


def _most(request: HttpRequest) -> int:
    usual: int = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    if int(request.META.get("CONTENT_LENGTH") or "0") <= usual:
        return usual
    try:
        view = resolve(request.path_info).func
    except Resolver404:
        return usual
    most: int = settings.YILIAN_MOST_UPLOAD
    return most if getattr(view, TAKES_FILES, False) else usual


def chosen_language(request: HttpRequest) -> str:
    """Chinese, then the user's choice; never what the browser says of itself."""
    said = request.COOKIES.get(LANGUAGE_COOKIE, "")
    return said if said in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE


class Language:
    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        language = chosen_language(request)
        with translation.override(language), addressed():
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
            look_through(error)
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
