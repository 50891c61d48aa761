"""Writing down what was done and what was refused, and sealing it.

`record` belongs inside the transaction of the act: the act and its row commit
together or not at all. A mere look needs none: its row is committed at once, and
without it nothing is shown. Rows are plain INSERTs; writers never wait for each other,
nor for the sealer, which comes behind and stops before transactions still running.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any, Final
from uuid import UUID

from django.db import connection, transaction
from django.utils import timezone

from yilian.foundation.access.actor import Actor, Reach
from yilian.foundation.access.composed import Insertion
from yilian.foundation.access.scope import require
from yilian.foundation.access.services import write
from yilian.foundation.audit import policies, queries, verification
from yilian.foundation.audit.digests import START, chain_of, pack, root_of
from yilian.foundation.audit.models import AuditEntry, AuditSeal
from yilian.foundation.audit.queries import EntryLine, Wanted
from yilian.foundation.audit.rules import Outcome
from yilian.foundation.audit.verification import Verification
from yilian.kernel.page import Page
from yilian.kernel.text import _

BATCH: Final = 10_000
MOST_EXPORTED: Final = 50_000
ONLY_AUDITORS: Final = _("只有审计管理员可以查看和核对审计记录。")
_ROW: Final = Insertion(AuditEntry)  # every act writes one


def record(
    actor: Actor,
    action: str,
    *,
    object_kind: str = "",
    object_id: UUID | None = None,
    person_id: UUID | None = None,
    person_ids: Iterable[UUID] = (),
    ground: str = "",
    grant_id: UUID | None = None,
    is_break_glass: bool = False,
    detail: Mapping[str, Any] | None = None,
) -> None:
    """`action` is `module.verb`; `detail` holds codes and counts, never a name, a
    number of a person or clinical content."""
    facts = _who(actor) | {
        "action": action,
        "outcome": Outcome.DONE.value,
        "object_kind": object_kind,
        "object_id": object_id,
        "person_id": person_id,
        "person_ids": list(person_ids),
        "ground": ground,
        "grant_id": grant_id,
        "is_break_glass": is_break_glass,
        "detail": dict(detail or {}),
    }
    write(_ROW.told(facts))


def noted(
    actor: Actor, action: str, *, found: Mapping[str, str], **facts: Any
) -> tuple[str, list[Any]]:
    """As `record`, of a look, for `ask_and_write`: `found` says, as SQL, what the
    answer tells of it."""
    told = _who(actor) | {"action": action, "outcome": Outcome.DONE.value} | facts
    return _ROW.told(told, found)


def record_refusal(
    actor: Actor | None,
    action: str,
    *,
    outcome: str = Outcome.REFUSED,
    origin: str,
    object_kind: str = "",
    object_id: UUID | None = None,
    detail: Mapping[str, Any] | None = None,
) -> None:
    """After the rollback of what was refused, in a transaction of its own."""
    with transaction.atomic(durable=True):
        AuditEntry.objects.create(
            **{**_who(actor), "origin": origin[:64]},
            action=action[:64],
            outcome=outcome,
            object_kind=object_kind,
            object_id=object_id,
            detail=dict(detail or {}),
        )


def seal() -> int:
    """Close all batches that can be closed; how many rows they hold.

    One sealer at a time; another finds the lock taken and leaves.
    """
    sealed = 0
    while rows := _seal_batch():
        sealed += rows
    return sealed


def verify() -> Verification:
    return verification.verify()


@transaction.atomic
def verify_for(actor: Actor) -> Verification:
    require(policies.can_verify(actor), ONLY_AUDITORS)
    report = verification.verify()
    record(actor, "audit.verify", detail={"findings": len(report.findings)})
    return report


@transaction.atomic
def search(
    actor: Actor, wanted: Wanted, *, cursor: str | None = None
) -> Page[EntryLine]:
    """The auditor's own looking leaves a row as well."""
    require(policies.can_search(actor), ONLY_AUDITORS)
    found = queries.search(actor, wanted, cursor=cursor)
    record(actor, "audit.search", detail=_said(wanted))
    return found


@transaction.atomic
def export(actor: Actor, wanted: Wanted) -> list[EntryLine]:
    require(policies.can_export(actor), ONLY_AUDITORS)
    lines = list(queries.each(actor, wanted, most=MOST_EXPORTED))
    record(actor, "audit.export", detail={**_said(wanted), "rows": len(lines)})
    return lines


@transaction.atomic
def _seal_batch() -> int:
    if not _alone():
        return 0
    last = AuditSeal.objects.order_by("-number").first()
    first = last.up_to_xid if last else 0
    up_to = _up_to(first)
    leaves = list(verification.leaves_between(first, up_to))
    if not leaves:
        return 0
    sealed = AuditSeal(
        number=last.number + 1 if last else 1,
        first_xid=first,
        up_to_xid=up_to,
        rows=len(leaves),
        leaves=pack(leaves),
        root=root_of(leaves),
        previous=bytes(last.chain) if last else START,
        sealed_at=timezone.now(),
    )
    sealed.chain = chain_of(sealed)
    sealed.save(force_insert=True)
    return len(leaves)


def _said(wanted: Wanted) -> dict[str, str]:
    """Which fields narrowed; a name typed into one stays out."""
    facts = {k: str(v) for k, v in asdict(wanted).items() if v}
    return facts | ({"actor": "…"} if "actor" in facts else {})


def _alone() -> bool:
    """Until the end of the transaction."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 15))", ["audit.seal"]
        )
        return bool(cursor.fetchone()[0])


def _up_to(first: int) -> int:
    """Before any transaction still running (decisions 11), and not too much at once;
    a transaction's rows are never parted."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT yilian_transactions_ended()")
        finished = int(cursor.fetchone()[0])
    waiting = AuditEntry.objects.filter(xid__gte=first, xid__lt=finished)
    xids = waiting.order_by("xid", "id").values_list("xid", flat=True)
    last_of_batch = next(iter(xids[BATCH - 1 : BATCH]), None)
    return finished if last_of_batch is None else last_of_batch + 1


def _who(actor: Actor | None) -> dict[str, Any]:
    if actor is None:
        return {}
    return {
        "account_id": actor.account_id,
        "post_id": actor.post_id,
        "institution_id": actor.institution_id,
        "roles": ",".join(sorted(actor.roles)),
        # Staff answer by name for what they did; a resident is an account here.
        "actor_name": "" if actor.reach == Reach.SELF else actor.name[:60],
        "origin": actor.origin[:64],
    }
