"""Preparing a set: from a release, from a file, value by value."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from yilian.foundation.access.actor import Actor
from yilian.foundation.access.database import one_at_a_time
from yilian.foundation.access.scope import find, require
from yilian.foundation.audit import services as audit
from yilian.foundation.idempotency.services import once
from yilian.insurance.policy import policies
from yilian.insurance.policy.models import ParameterDraft, ParameterSetVersion
from yilian.insurance.policy.queries.drafts import visible_drafts
from yilian.insurance.policy.queries.parameters import version
from yilian.insurance.policy.rules import editing
from yilian.insurance.policy.rules.documents import as_document
from yilian.insurance.policy.rules.drafting import DRAFT_STATE_NAMES, DraftState
from yilian.insurance.policy.rules.editing import Head
from yilian.insurance.policy.rules.files import check, read_set
from yilian.insurance.policy.rules.reading import read_file
from yilian.insurance.policy.rules.sets import ParameterSet
from yilian.insurance.policy.services.telling import tell_ready
from yilian.kernel.errors import Conflict, Invalid
from yilian.kernel.safe_text import required_text
from yilian.kernel.text import Text, _

ONLY_BUREAU = _("医保参数由医保经办部门起草：本统筹区、其下属地区，或上级地区。")
ONLY_AUTHOR = _("草案只能由起草人修改；其他人可以退回并写明原因，或另起一份草案。")
NOT_OPEN = _("草案当前为“{state}”，不能再修改。如需调整，请另起一份草案。")
CHANGED = _("草案在您打开之后又被修改过。请刷新页面，看过现在的内容再操作。")


@transaction.atomic
def draft_from(
    actor: Actor,
    *,
    key: UUID,
    version_id: UUID,
    effective_from: date,
    title: str,
    source: str,
    area_code: str = "",
) -> UUID:
    """A draft with the values of a release, to be changed from a day on."""
    base = version(version_id)
    area = area_code or base.region
    wanted = _Wanted(base, area, effective_from, title, source)
    return _make(actor, key, wanted, based_on=version_id)


@transaction.atomic
def draft_again(actor: Actor, *, key: UUID, draft_id: UUID) -> UUID:
    """What was sent back, as a new draft of whoever takes it up."""
    old = find(visible_drafts(actor), draft_id)
    base = read_set(old.document)
    wanted = _Wanted(base, old.area_code, old.effective_from, old.title, old.source)
    return _make(actor, key, wanted, based_on=old.based_on_id)


@transaction.atomic
def upload(
    actor: Actor, *, key: UUID, content: bytes, effective_from: date | None = None
) -> UUID:
    """A whole set from a TOML or JSON file; raises `SetWrong` with all problems."""
    base = read_file(content)
    day = effective_from or base.first_day
    wanted = _Wanted(base, base.region, day, base.title, base.source)
    made = _make(actor, key, wanted, based_on=None)
    tell_ready(ParameterDraft.objects.get(pk=made))
    return made


@transaction.atomic
def change_values(
    actor: Actor,
    draft_id: UUID,
    *,
    revision: int,
    values: Mapping[str, Any],
    title: str | None = None,
    source: str | None = None,
) -> ParameterDraft:
    """These leaves, written as in a file, from the draft's day on; `source` is the
    ground on which they are changed."""
    draft = lock_own(actor, draft_id, revision)
    if title is not None:
        draft.title = required_text(title, max_length=80)
    if source is not None:
        draft.source = required_text(source, max_length=200)
    base = read_set(draft.document)
    found = editing.edited(base, draft.effective_from, values, source=draft.source)
    return _save(actor, draft, found, changed=sorted(values))


@transaction.atomic
def replace_document(
    actor: Actor, draft_id: UUID, *, revision: int, content: bytes
) -> ParameterDraft:
    """The whole document; its name and version stay those of the draft."""
    draft = lock_own(actor, draft_id, revision)
    found = read_file(content)
    if found.region != draft.area_code:
        raise Invalid(
            _("文件中的地区是 {found}，草案的地区是 {area}。"),
            found=found.region,
            area=draft.area_code,
        )
    draft.title, draft.source = found.title, found.source
    return _save(actor, draft, found, changed=["*"])


def lock_own(actor: Actor, draft_id: UUID, revision: int) -> ParameterDraft:
    draft = find(visible_drafts(actor).select_for_update(of=("self",)), draft_id)
    may = policies.can_edit(actor, drafted_by=draft.drafted_by_id)
    require(may, ONLY_AUTHOR)
    if draft.state != DraftState.DRAFT:
        raise Conflict(NOT_OPEN, state=DRAFT_STATE_NAMES[DraftState(draft.state)])
    require_revision(draft, revision)
    return draft


def require_revision(draft: ParameterDraft, revision: int) -> None:
    if draft.revision != revision:
        raise Conflict(CHANGED)


def note(actor: Actor, verb: str, row: ParameterDraft, **detail: Any) -> None:
    audit.record(
        actor,
        f"parameters.{verb}",
        object_kind="ParameterDraft",
        object_id=row.id,
        detail={"set": row.set_id, "version": row.version, **detail},
    )


@dataclass(frozen=True, slots=True)
class _Wanted:
    base: ParameterSet
    area_code: str
    effective_from: date
    title: str
    source: str


def _make(actor: Actor, key: UUID, wanted: _Wanted, *, based_on: UUID | None) -> UUID:
    require(policies.can_draft(actor, wanted.area_code), ONLY_BUREAU)
    _require_covered(wanted.base, wanted.effective_from)
    title = required_text(wanted.title, max_length=80)
    source = required_text(wanted.source, max_length=200)

    def make() -> UUID:
        one_at_a_time("policy:draft")
        number = _next_version(wanted.base.id, wanted.base.version)
        head = Head(wanted.base.id, number, title, wanted.area_code, source)
        row = ParameterDraft.objects.create(
            set_id=head.id,
            version=head.version,
            title=title,
            area_code=wanted.area_code,
            effective_from=wanted.effective_from,
            document=as_document(editing.named(wanted.base, head)),
            source=source,
            based_on_id=based_on,
            drafted_by_id=str(actor.account_id),
        )
        note(actor, "draft", row, effective_from=str(wanted.effective_from))
        return row.id

    return once(actor, key, "policy.draft", make)


def _require_covered(base: ParameterSet, effective_from: date) -> None:
    """All values must be there from the day on which the set takes effect."""
    problems = check(base, starts_on=effective_from)
    if not problems:
        return
    words = Text(
        _("参数集从 {first} 起才有值，生效日期不能更早。"), {"first": base.first_day}
    )
    raise Invalid(fields={"effective_from": words})


def _next_version(set_id: str, wanted: str) -> str:
    """The wanted one if it is free; else the number after the highest."""
    named = Q(set_id=set_id)
    taken = {
        *ParameterSetVersion.objects.filter(named).values_list("version", flat=True),
        *ParameterDraft.objects.filter(named).values_list("version", flat=True),
    }
    if wanted not in taken:
        return wanted
    return str(max((int(v) for v in taken if v.isdecimal()), default=0) + 1)


def _save(
    actor: Actor, draft: ParameterDraft, found: ParameterSet, *, changed: list[str]
) -> ParameterDraft:
    _require_covered(found, draft.effective_from)
    head = Head(draft.set_id, draft.version, draft.title, draft.area_code, draft.source)
    draft.document = as_document(editing.named(found, head))
    draft.revision += 1
    draft.save(update_fields=["title", "source", "document", "revision"])
    note(actor, "change", draft, revision=draft.revision, changed=changed[:50])
    tell_ready(draft)
    return draft
