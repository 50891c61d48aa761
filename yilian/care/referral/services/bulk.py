"""Many at once: each row its own transaction, its own right, its own audit row.

What a preview says comes from the very services that will act: they are run and
taken back. A form sent twice does each row once.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID, uuid5

from django.db import transaction

from yilian.care.referral.models import FollowUp, Referral
from yilian.care.referral.queries.ladders import CALL
from yilian.care.referral.queries.reminding import readers_of
from yilian.care.referral.rules.bulk import DONE, MOST, WILL, Act
from yilian.care.referral.services import chasing, closing, receiving
from yilian.care.referral.services.looking import note_look
from yilian.foundation.access.actor import Actor
from yilian.foundation.access.scope import find
from yilian.foundation.audit.services import record_refusal
from yilian.foundation.idempotency.services import once
from yilian.kernel.errors import Conflict, DomainError, Invalid
from yilian.kernel.text import Text, _


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be done, with what was typed for it."""

    act: Act
    department_id: UUID | None = None
    post_id: UUID | None = None
    words: str = ""  # the question, or what the call gave


@dataclass(frozen=True, slots=True)
class Chosen:
    """A row as it stood on the page it was chosen on."""

    referral_id: UUID
    revision: int | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    referral_id: UUID
    is_good: bool
    words: Text | str


def foresee(actor: Actor, rows: Sequence[Chosen], wanted: Wanted) -> list[Outcome]:
    """What would happen to each, or why not; nothing is written."""
    _require_few(rows)
    return [_foreseen(actor, row, wanted) for row in rows]


def carry_out(
    actor: Actor, rows: Sequence[Chosen], wanted: Wanted, *, key: UUID
) -> list[Outcome]:
    """One transaction a row; a refusal stops that row alone and is audited."""
    _require_few(rows)
    return [_done(actor, row, wanted, key) for row in rows]


def note_print(actor: Actor, person_ids: Iterable[UUID]) -> None:
    """A list on paper: whom it shows."""
    printed = list(person_ids)
    note_look(actor, "print_list", printed, rows=len(printed))


def _foreseen(actor: Actor, row: Chosen, wanted: Wanted) -> Outcome:
    try:
        with transaction.atomic():
            will = _TAKE[wanted.act](actor, row, wanted)
            transaction.set_rollback(True)
    except DomainError as refused:
        return Outcome(row.referral_id, False, _why(refused))
    return Outcome(row.referral_id, True, will)


def _done(actor: Actor, row: Chosen, wanted: Wanted, key: UUID) -> Outcome:
    def make() -> UUID:
        _TAKE[wanted.act](actor, row, wanted)
        return row.referral_id

    kind = f"referral.bulk.{wanted.act.value}"
    try:
        with transaction.atomic():
            once(actor, uuid5(key, str(row.referral_id)), kind, make)
    except DomainError as refused:
        record_refusal(
            actor, f"referral.{wanted.act.value}", origin=actor.origin,
            object_kind="referral", object_id=row.referral_id,
            detail={"code": refused.code, "bulk": True},
        )  # fmt: skip
        return Outcome(row.referral_id, False, _why(refused))
    return Outcome(row.referral_id, True, DONE[wanted.act])


def _assign(actor: Actor, row: Chosen, wanted: Wanted) -> Text:
    if wanted.department_id is None:
        raise Invalid(fields={"department_id": _("请选择科室。")})
    receiving.assign(
        actor, row.referral_id, revision=row.revision,
        department_id=wanted.department_id, post_id=wanted.post_id,
    )  # fmt: skip
    return Text(WILL[Act.ASSIGN])


def _nudge(actor: Actor, row: Chosen, wanted: Wanted) -> Text:
    reminder = chasing.nudge(actor, row.referral_id, revision=row.revision)
    return Text(WILL[Act.NUDGE], {"readers": readers_of(reminder)})


def _ask(actor: Actor, row: Chosen, wanted: Wanted) -> Text:
    referral = receiving.request_info(
        actor, row.referral_id, question=wanted.words, revision=row.revision
    )
    other = referral.from_institution.short_name
    return Text(WILL[Act.ASK], {"other": other})


def _call(actor: Actor, row: Chosen, wanted: Wanted) -> Text:
    """The open call of a patient who has not come, where it is this house's."""
    referral = find(Referral.objects.visible_to(actor), row.referral_id)
    waiting = FollowUp.objects.filter(
        referral=referral, institution=actor.institution_id, kind=CALL, done_at=None
    ).first()
    if waiting is None:
        raise Conflict(_("没有待办的电话联系。"))
    closing.do_follow_up(actor, waiting.id, outcome=wanted.words)
    return Text(WILL[Act.CALL])


def _print(actor: Actor, row: Chosen, wanted: Wanted) -> Text:
    find(Referral.objects.visible_to(actor), row.referral_id)
    return Text(WILL[Act.PRINT])


_TAKE: Final[dict[Act, Callable[[Actor, Chosen, Wanted], Text]]] = {
    Act.ASSIGN: _assign,
    Act.NUDGE: _nudge,
    Act.ASK: _ask,
    Act.CALL: _call,
    Act.PRINT: _print,
}


def _why(refused: DomainError) -> Text | str:
    """At a field, what the field says."""
    if isinstance(refused, Invalid) and refused.fields:
        return next(iter(refused.fields.values()))
    return refused.text


def _require_few(rows: Sequence[Chosen]) -> None:
    if not rows:
        raise Invalid(_("请至少选择一张转诊单。"))
    if len(rows) > MOST:
        raise Invalid(_("一次最多处理 {most} 张，请分批选择。"), most=MOST)
