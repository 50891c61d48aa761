"""Papers with a hand-over or a feedback: added, opened, taken back, sent along."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import BinaryIO, Final
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext

from yilian.care.referral import policies_attachment as policies
from yilian.care.referral.fhir_attachment import document_reference
from yilian.care.referral.models import Attachment, Referral
from yilian.care.referral.rules.attachments import (
    LONGEST_TITLE,
    MOST_PAPERS,
    MOST_TOGETHER,
    PAPER_KINDS,
    PaperKind,
    Part,
    Standing,
)
from yilian.care.referral.services.drafting import require_sight
from yilian.care.referral.services.steps import locked
from yilian.foundation.access.actor import Actor
from yilian.foundation.access.scope import find, require
from yilian.foundation.audit.services import record as record_audit
from yilian.foundation.files import services as files
from yilian.foundation.files.models import StoredFile
from yilian.foundation.files.rules.checking import MEGABYTE, NotAccepted
from yilian.foundation.files.rules.kinds import stem_of
from yilian.foundation.idempotency.services import once
from yilian.foundation.parameters.queries import value_of
from yilian.kernel import calendar
from yilian.kernel.errors import Conflict, Invalid, NotFound
from yilian.kernel.safe_text import clean_line
from yilian.kernel.text import _
from yilian.record.services.writing import put
from yilian.registry.population.queries.sight import Seen, sight_of
from yilian.registry.population.rules import Ground, Scope

PURPOSE: Final = "referral.attachment"
_WHO: Final = _("只有交出这份资料的机构的医护人员可以添加附件。")
_WHEN: Final = _("转诊单当前的状态不能再添加附件。")
_TWICE: Final = _("这份文件已经添加过了。")
_WITH_THE_HOP: Final = _("转诊单登记有误")
_REASON: Final = 300


@dataclass(frozen=True, slots=True)
class Paper:
    """One file as it was sent. `name` is what the sender's machine calls it: it
    becomes the title where none is given, and nothing else."""

    part: Part
    kind: PaperKind
    title: str
    name: str
    size: int
    source: BinaryIO


def attach(actor: Actor, referral_id: UUID, paper: Paper, *, key: UUID) -> Attachment:
    """Refused before it is read where it may not be added. Sent twice, added once."""
    paper = replace(paper, title=_title(paper))
    stored: list[UUID] = []

    def make() -> UUID:
        file = files.store(
            actor, paper.source, size=paper.size, name=paper.name, purpose=PURPOSE
        )
        stored.append(file.id)
        return _add(actor, locked(actor, referral_id), paper, file).id

    try:
        with transaction.atomic():
            _require_place(actor, referral_id, paper.part)
            made = once(actor, key, "referral.attach", make)
    except BaseException:
        for file_id in stored:
            files.discard(file_id)
        raise
    return Attachment.objects.get(pk=made)


@transaction.atomic
def open_attachment(actor: Actor, attachment_id: UUID) -> Attachment:
    """Written down with its ground; then the bytes may go."""
    row, seen = _within_sight(actor, attachment_id)
    require(
        policies.may_open(actor, row.referral, row, seen.scope),
        _("附件在接收转诊后，随全部档案一起打开；现在只能看到标题。"),
    )
    _write_down(actor, row, "open_attachment", seen)
    return row


@transaction.atomic
def take_back(actor: Actor, attachment_id: UUID, *, reason: str = "") -> Attachment:
    """Before it went out it is removed; after, it is marked as an error and why."""
    known = _known(actor, attachment_id)
    referral = locked(actor, known.referral_id)
    row = _rows().select_for_update(of=("self",)).get(pk=attachment_id)
    require(
        policies.can_take_back(actor, referral, row) or not _is_current(row),
        _("只有添加这份附件的机构可以移除它。"),
    )
    if not _is_current(row):
        raise Conflict(_("这份附件已经移除或标记有误，请刷新页面。"))
    is_out = policies.is_out(referral, Part(row.part))
    _end(actor, row, _reason(reason, is_asked=is_out), is_out=is_out)
    verb = "attachment_error" if is_out else "detach"
    _write_down(actor, row, verb, sight_of(actor, referral.person_id))
    row.refresh_from_db()
    return row


def send_papers(actor: Actor, referral: Referral, part: Part) -> None:
    """In the transaction that sends them: the record holds them from now on."""
    rows = _rows().filter(
        referral=referral,
        part=part.value,
        standing=Standing.CURRENT.value,
        first=None,
    )
    for row in rows.order_by("added_at", "pk"):
        _to_record(actor, row)


def end_papers(actor: Actor, referral: Referral) -> None:
    """The hop itself was an error: so are its papers, in the record too."""
    rows = _rows().filter(referral=referral, standing=Standing.CURRENT.value)
    for row in rows.order_by("added_at", "pk"):
        is_out = policies.is_out(referral, Part(row.part))
        _end(actor, row, gettext(_WITH_THE_HOP), is_out=is_out)


def carry_papers(source: Referral, hop: Referral) -> None:
    """Sent on to another place: the same papers go with the patient."""
    rows = _rows().filter(
        referral=source, part=Part.HANDOVER.value, standing=Standing.CURRENT.value
    )
    for row in rows.order_by("added_at", "pk"):
        Attachment.objects.create(
            referral=hop,
            part=row.part,
            kind=row.kind,
            title=row.title,
            file=row.file,
            digest=row.digest,
            first_id=row.first_id or row.id,
            added_at=row.added_at,
            added_by_id=row.added_by_id,
            institution_id=row.institution_id,
        )


def _require_place(actor: Actor, referral_id: UUID, part: Part) -> None:
    """Asked before the file is read, without holding the row."""
    referral = find(Referral.objects.visible_to(actor), referral_id)
    _require_state(actor, referral, part)
    require_sight(actor, referral.person_id)


def _require_state(actor: Actor, referral: Referral, part: Part) -> None:
    require(policies.writes(actor, referral, part), _WHO)
    if not policies.can_attach(actor, referral, part):
        raise Conflict(_WHEN)


def _add(
    actor: Actor, referral: Referral, paper: Paper, file: StoredFile
) -> Attachment:
    now = timezone.now()
    _require_state(actor, referral, paper.part)
    _require_room(referral, file, now)
    assert actor.institution_id is not None, "policies.can_attach"  # noqa: S101
    row = Attachment(
        referral=referral,
        part=paper.part.value,
        kind=paper.kind.value,
        title=paper.title,
        file=file,
        digest=file.digest,
        added_at=now,
        added_by_id=actor.account_id,
        institution_id=actor.institution_id,
    )
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError as error:
        if "attachment_comes_once" not in str(error):
            raise
        raise NotAccepted(_TWICE) from None
    if policies.is_out(referral, paper.part):
        _to_record(actor, row)
    _write_down(actor, row, "attach", sight_of(actor, referral.person_id))
    return row


def _require_room(referral: Referral, file: StoredFile, now: datetime) -> None:
    day = calendar.local_day(now)
    sizes = list(
        Attachment.objects.filter(
            referral=referral, standing=Standing.CURRENT.value
        ).values_list("file__size", flat=True)
    )
    most = value_of(MOST_PAPERS, day)
    if len(sizes) >= most:
        raise NotAccepted(_("每张转诊单最多 {most} 份附件，已经满了。"), most=most)
    together = value_of(MOST_TOGETHER, day)
    if sum(sizes) + file.size > together * MEGABYTE:
        raise NotAccepted(_("附件合计最多 {most} MB，放不下这一份了。"), most=together)


def _title(paper: Paper) -> str:
    """What was typed; else the file's name without its ending; else its kind."""
    try:
        typed = clean_line(paper.title, max_length=LONGEST_TITLE)
    except Invalid as wrong:
        raise Invalid(fields={"title": wrong.text}) from None
    return typed or _named(paper.name) or PAPER_KINDS[paper.kind]


def _named(name: str) -> str:
    try:
        return clean_line(stem_of(name), max_length=10_000)[:LONGEST_TITLE]
    except Invalid:
        return ""


def _reason(reason: str, *, is_asked: bool) -> str:
    try:
        words = clean_line(reason, max_length=_REASON)
    except Invalid as wrong:
        raise Invalid(fields={"reason": wrong.text}) from None
    if is_asked and not words:
        raise Invalid(fields={"reason": _("请写明哪里有误。")})
    return words


def _end(actor: Actor, row: Attachment, reason: str, *, is_out: bool) -> None:
    """With every copy that was sent on; the record says so once."""
    first = row.first_id or row.id
    same = Attachment.objects.filter(Q(pk=first) | Q(first=first))
    same.filter(standing=Standing.CURRENT.value).update(
        standing=(Standing.IN_ERROR if is_out else Standing.REMOVED).value,
        end_reason=reason,
        ended_at=timezone.now(),
        ended_by_id=actor.account_id,
    )
    if is_out:
        _to_record(actor, _rows().get(pk=first))


def _known(actor: Actor, attachment_id: UUID) -> Attachment:
    """Among the hops that the actor may know of."""
    visible = Referral.objects.visible_to(actor)
    return find(_rows().filter(referral__in=visible), attachment_id)


def _within_sight(actor: Actor, attachment_id: UUID) -> tuple[Attachment, Seen]:
    """By the hop, or by the person whose record lists it once it went out."""
    row = find(_rows(), attachment_id)
    seen = sight_of(actor, row.referral.person_id)
    visible = Referral.objects.visible_to(actor).filter(pk=row.referral_id)
    if visible.exists() and policies.may_know_of(actor, row.referral, row):
        return row, seen
    is_in_record = policies.is_out(row.referral, Part(row.part))
    is_seen = policies.is_reader(actor) and seen.scope >= Scope.FULL
    if row.standing == Standing.REMOVED or not (is_in_record and is_seen):
        raise NotFound
    return row, seen


def _rows() -> QuerySet[Attachment]:
    return Attachment.objects.select_related("referral", "file")


def _is_current(row: Attachment) -> bool:
    return row.standing == Standing.CURRENT


def _to_record(actor: Actor, row: Attachment) -> None:
    url = reverse("referral:attachment", args=[row.id])
    put(
        actor,
        document_reference(row, url=url),
        person_id=row.referral.person_id,
        institution_id=row.institution_id,
    )


def _write_down(actor: Actor, row: Attachment, verb: str, seen: Seen) -> None:
    record_audit(
        actor,
        f"referral.{verb}",
        object_kind="attachment",
        object_id=row.id,
        person_id=row.referral.person_id,
        ground=(seen.ground or Ground.REFERRAL).value,
        grant_id=seen.grant_id,
        is_break_glass=seen.ground is Ground.EMERGENCY,
        detail={"referral": str(row.referral_id), "kind": row.kind, "part": row.part},
    )
