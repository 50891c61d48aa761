"""Looking for suspicions every night, and judging them one by one."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import islice
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from yilian.foundation.access.actor import Actor
from yilian.foundation.access.scope import find, require
from yilian.foundation.audit.services import record
from yilian.foundation.outbox.services import publish
from yilian.insurance.settlement import policies
from yilian.insurance.settlement.events import AmountRefused
from yilian.insurance.settlement.models import Anomaly, AnomalyRefusal, Bill
from yilian.insurance.settlement.queries.anomalies import (
    AnomalyLine,
    anomalies,
    charged_of,
    limits_on,
)
from yilian.insurance.settlement.rules.anomalies import (
    Charged,
    Limits,
    Suspected,
    suspicions,
)
from yilian.insurance.settlement.rules.ledger import Suspicion, SuspicionState
from yilian.insurance.settlement.services.reading import ground_of, note_list
from yilian.kernel.calendar import CHINA, local_day
from yilian.kernel.errors import Conflict, Invalid
from yilian.kernel.ids import new_id
from yilian.kernel.money import from_fen
from yilian.kernel.page import Page
from yilian.kernel.safe_text import clean_line
from yilian.kernel.text import _

_AT: Final = 2  # o'clock, when nobody settles
_NEW: Final = timedelta(days=2)  # bills that came since the last night, and one more
_BACK: Final = timedelta(days=365)
_CHUNK: Final = 500
_LONGEST: Final = 500
_WHO: Final = _("疑点由参保地医保经办人员核查。")


def find_at_night(now: datetime | None = None) -> int:
    """Asked every hour, does its work at two in the morning."""
    moment = now or timezone.now()
    if moment.astimezone(CHINA).hour != _AT:
        return 0
    return find_since(moment - _NEW, moment)


def find_since(since: datetime, now: datetime | None = None) -> int:
    """Of everybody with a bill that came or was settled since then: how many new."""
    moment = now or timezone.now()
    new = Bill.objects.filter(Q(posted_at__gte=since) | Q(settled_at__gte=since))
    ids = new.values_list("person_id", flat=True).distinct().order_by("person_id")
    limits = limits_on(local_day(moment))
    return sum(
        _find_of(chunk, limits, moment) for chunk in _chunks(ids.iterator(), _CHUNK)
    )


@transaction.atomic
def _find_of(person_ids: Sequence[UUID], limits: Limits, now: datetime) -> int:
    """Found before is found once: its mark is unique."""
    charged = charged_of(person_ids, local_day(now) - _BACK)
    areas = _areas(charged)
    found = [
        _row(person_id, one, areas, now)
        for person_id, bills in charged.items()
        for one in suspicions(bills, limits)
    ]
    known = set(
        Anomaly.objects.filter(mark__in=[row.mark for row in found]).values_list(
            "mark", flat=True
        )
    )
    new = [row for row in found if row.mark not in known]
    Anomaly.objects.bulk_create(new, ignore_conflicts=True)
    return len(new)


@transaction.atomic
def judge(
    actor: Actor,
    anomaly_id: UUID,
    *,
    is_confirmed: bool,
    note: str,
    amount: Decimal = Decimal(0),
) -> Anomaly:
    """Explained, or confirmed with what the fund refuses of it; once."""
    seen = find(Anomaly.objects.visible_to(actor), anomaly_id)
    require(policies.can_judge(actor, seen), _WHO)
    row = Anomaly.objects.select_for_update(of=("self",)).get(pk=seen.pk)
    if row.state != SuspicionState.OPEN:
        raise Conflict(_("这条疑点已经处理，请刷新页面查看。"))
    words = clean_line(note, max_length=_LONGEST)
    _require_told(row, words, amount, is_confirmed=is_confirmed)
    state = SuspicionState.CONFIRMED if is_confirmed else SuspicionState.EXPLAINED
    row.state, row.note = state.value, words
    row.decided_at, row.decided_by_id = timezone.now(), actor.account_id
    row.save(update_fields=["state", "note", "decided_at", "decided_by"])
    if is_confirmed and amount and actor.account_id is not None:
        _refuse(row, amount, actor.account_id)
    record(
        actor,
        "settlement.judge",
        object_kind="anomaly",
        object_id=row.id,
        person_id=row.person_id,
        ground=ground_of(actor),
        detail={"confirmed": is_confirmed, "kind": row.kind},
    )
    return row


@transaction.atomic
def open_anomalies(
    actor: Actor,
    state: SuspicionState,
    kind: Suspicion | None = None,
    cursor: str | None = None,
) -> Page[AnomalyLine]:
    require(policies.is_insurer(actor), _WHO)
    page = anomalies(actor, state, kind, cursor)
    note_list(actor, "settlement.anomalies", [line.person_id for line in page.lines])
    return page


def _refuse(row: Anomaly, amount: Decimal, account_id: UUID) -> None:
    refused = AnomalyRefusal.objects.create(
        anomaly=row,
        institution_id=row.institution_id,
        insured_area=row.insured_area,
        amount=amount,
        refused_on=local_day(row.decided_at or timezone.now()),
        refused_by_id=account_id,
        created_at=row.decided_at or timezone.now(),
    )
    publish(
        AmountRefused(
            row.id, row.institution_id, row.insured_area, amount, refused.refused_on
        )
    )


def _require_told(
    row: Anomaly, words: str, amount: Decimal, *, is_confirmed: bool
) -> None:
    wrong = {}
    if not words:
        wrong["note"] = _("请写明理由。")
    if amount < 0:
        wrong["amount"] = _("金额不能为负数。")
    elif is_confirmed and amount > row.amount:
        wrong["amount"] = _("拒付金额不能超过涉及金额。")
    if wrong:
        raise Invalid(fields=wrong)


def _row(
    person_id: UUID, one: Suspected, areas: dict[UUID, str], now: datetime
) -> Anomaly:
    return Anomaly(
        id=new_id(),
        kind=one.kind.value,
        person_id=person_id,
        institution_id=one.house,
        insured_area=areas[one.bills[0]],
        bills=list(one.bills),
        referral_id=one.referral_id,
        facts=one.facts,
        mark=one.mark[:80],
        amount=from_fen(one.amount),
        found_at=now,
    )


def _areas(charged: Mapping[UUID, Sequence[Charged]]) -> dict[UUID, str]:
    ids = [bill.bill_id for bills in charged.values() for bill in bills]
    return dict(Bill.objects.filter(id__in=ids).values_list("id", "insured_area"))


def _chunks(ids: Iterable[UUID], size: int) -> Iterator[list[UUID]]:
    rest = iter(ids)
    while chunk := list(islice(rest, size)):
        yield chunk
