"""A file as an answer: what it is, never a page, never kept by the browser."""

from typing import Final
from urllib.parse import quote

from django.http import StreamingHttpResponse

from yilian.foundation.files.models import StoredFile
from yilian.foundation.files.queries import open_plain, pieces

# A picture is shown in a page without any right. Browsers show no PDF in such a
# page; theirs is a reader without scripts of ours, and PDFs that act are not taken.
_SANDBOX: Final = (
    "sandbox; default-src 'none'; img-src 'self'; style-src 'unsafe-inline'; "
)
_PDF: Final = "default-src 'none'; object-src 'self'; style-src 'unsafe-inline'; "
_ALWAYS: Final = "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"


def answer(
    stored: StoredFile, *, name: str, to_keep: bool = False
) -> StreamingHttpResponse:
    """`name` without its ending; `to_keep`: saved as a file instead of shown."""
    response = StreamingHttpResponse(
        pieces(open_plain(stored)), content_type=stored.kind
    )
    policy = _SANDBOX if stored.is_picture or to_keep else _PDF
    response["Content-Security-Policy"] = policy + _ALWAYS
    response["Content-Length"] = str(stored.size)
    response["Content-Disposition"] = _disposition(name, stored.ending, to_keep)
    response["X-Content-Type-Options"] = "nosniff"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    response["Cache-Control"] = "no-store"
    response["Referrer-Policy"] = "no-referrer"
    return response


def _disposition(name: str, ending: str, to_keep: bool) -> str:
    """RFC 6266: an ASCII name for all, the real one in UTF-8."""
    how = "attachment" if to_keep else "inline"
    real = quote(f"{name}.{ending}", safe="")
    return f"{how}; filename=\"file.{ending}\"; filename*=UTF-8''{real}"
