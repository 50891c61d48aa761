"""Papers of a hop: the card that lists them, adding, opening, taking back."""

from typing import Any, BinaryIO, Final
from uuid import UUID, uuid5

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from yilian.care.referral.queries import attachments as papers
from yilian.care.referral.rules.attachments import (
    LONGEST_TITLE,
    PAPER_KINDS,
    PaperKind,
    Part,
)
from yilian.care.referral.services import attaching
from yilian.care.referral.services.attaching import Paper
from yilian.foundation.access.middleware import ActorRequest
from yilian.foundation.access.views import signed_in
from yilian.foundation.files import serving
from yilian.foundation.files.rules.checking import FIELD
from yilian.foundation.files.uploads import takes_files
from yilian.kernel.errors import Invalid, NotFound
from yilian.kernel.ids import new_id
from yilian.kernel.text import Text, _

_NONE_CHOSEN: Final = _("请先选择文件，或拍照。")
Refused = tuple[str, str | Text]  # what the file is called, and why not


@signed_in
@require_GET
def card(request: ActorRequest, referral_id: UUID) -> HttpResponse:
    return _card(request, referral_id)


@takes_files
@signed_in
@require_POST
def add(request: ActorRequest, referral_id: UUID, name: str) -> HttpResponse:
    """Each file by itself: one that is refused does not keep the others out."""
    try:
        part = Part(name)
    except ValueError:
        raise NotFound from None
    sent = request.FILES.getlist(FIELD)
    refused: list[Refused] = [] if sent else [("", _NONE_CHOSEN)]
    key = _key(request.POST.get("idempotency_key", ""))
    title = request.POST.get("title", "")
    kind = _kind(request.POST.get("kind", ""))
    for number, file in enumerate(sent):
        shown = title if len(sent) == 1 else _numbered(title, number + 1)
        try:
            attaching.attach(
                request.actor,
                referral_id,
                _paper(file, part, kind, shown),
                key=uuid5(key, f"{number}:{file.name}:{file.size}"),
            )
        except Invalid as error:
            why = next(iter(error.fields.values()), error.text)
            refused.append((file.name or "", why))
    is_nothing_added = len(refused) >= len(sent)
    status = Invalid.status if is_nothing_added else 200
    return _after(request, referral_id, refused, part, status)


@signed_in
@require_GET
def show(request: ActorRequest, attachment_id: UUID) -> HttpResponseBase:
    """The bytes, to be looked at; `?save` to be kept as a file."""
    row = attaching.open_attachment(request.actor, attachment_id)
    return serving.answer(row.file, name=row.title, to_keep="save" in request.GET)


@signed_in
@require_POST
def take_back(request: ActorRequest, attachment_id: UUID) -> HttpResponse:
    reason = request.POST.get("reason", "")
    row = attaching.take_back(request.actor, attachment_id, reason=reason)
    return _after(request, row.referral_id, [], Part(row.part), 200)


def _paper(file: Any, part: Part, kind: PaperKind, title: str) -> Paper:
    source: BinaryIO = file.file
    return Paper(part, kind, title, file.name or "", file.size or 0, source)


def _after(
    request: ActorRequest,
    referral_id: UUID,
    refused: list[Refused],
    part: Part,
    status: int,
) -> HttpResponse:
    is_fragment = request.headers.get("HX-Request") == "true"
    if is_fragment or refused:
        return _card(request, referral_id, refused, part, status)
    return redirect("referral:detail", referral_id)


def _card(
    request: ActorRequest,
    referral_id: UUID,
    refused: list[Refused] | None = None,
    part: Part | None = None,
    status: int = 200,
) -> HttpResponse:
    context: dict[str, Any] = {
        "papers": papers.papers_of(request.actor, referral_id),
        "allowed": papers.allowed(timezone.now()),
        "kinds": list(PAPER_KINDS.items()),
        "refused": refused or [],
        "refused_part": part,
        "longest_title": LONGEST_TITLE,
    }
    is_fragment = request.headers.get("HX-Request") == "true"
    page = "_attachments" if is_fragment else "attachments"
    return render(request, f"referral/{page}.html", context, status=status)


def _numbered(title: str, number: int) -> str:
    """One title for several pages of the same paper."""
    return f"{title} {number}" if title.strip() else ""


def _kind(code: str) -> PaperKind:
    return PaperKind(code) if code in set(PaperKind) else PaperKind.OTHER


def _key(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        return new_id()
