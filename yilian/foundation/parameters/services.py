"""Proposing a value, and a second person's release or refusal of it."""

from datetime import date
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.utils import timezone

from yilian.foundation.access.actor import Actor
from yilian.foundation.access.scope import find, require
from yilian.foundation.audit import services as audit
from yilian.foundation.parameters import policies, queries
from yilian.foundation.parameters.models import ParameterValue
from yilian.foundation.parameters.rules import KEYS, Key, example_of
from yilian.kernel.areas import LENGTHS, NINGXIA
from yilian.kernel.errors import Conflict, Invalid, NotFound
from yilian.kernel.text import _


@transaction.atomic
def propose(
    actor: Actor,
    key_name: str,
    *,
    value: Any,
    starts_on: date,
    source: str,
    area_code: str = NINGXIA,
) -> ParameterValue:
    require(
        policies.can_propose(actor), _("只有卫健管理人员和系统管理员可以提出参数值。")
    )
    if key_name not in KEYS or actor.account_id is None:
        raise NotFound
    _require_right(KEYS[key_name], value, source, area_code)
    proposed = ParameterValue.objects.create(
        key=key_name,
        area_code=area_code,
        starts_on=starts_on,
        value=value,
        source=source.strip(),
        proposed_by_id=actor.account_id,
    )
    _audit(actor, "propose", proposed)
    return proposed


@transaction.atomic
def release(actor: Actor, value_id: UUID) -> ParameterValue:
    proposed = _lock(actor, value_id)
    _require_free(proposed)
    _decide(actor, proposed, state="released")
    queries.forget()
    transaction.on_commit(queries.forget)
    _audit(actor, "release", proposed)
    return proposed


@transaction.atomic
def reject(actor: Actor, value_id: UUID, note: str) -> ParameterValue:
    proposed = _lock(actor, value_id)
    if not note.strip():
        raise Invalid(fields={"note": _("请写明不同意的原因。")})
    _decide(actor, proposed, state="rejected", note=note.strip()[:300])
    _audit(actor, "reject", proposed)
    return proposed


def _lock(actor: Actor, value_id: UUID) -> ParameterValue:
    """Hold the row within sight, for somebody who may decide on it now."""
    visible = ParameterValue.objects.select_for_update(of=("self",))
    if not policies.can_propose(actor):
        visible = visible.none()
    proposed = find(visible, value_id)
    require(
        policies.can_decide(actor, proposed_by=proposed.proposed_by_id),
        _("参数值须由提出人以外的另一位管理人员发布或退回。"),
    )
    if proposed.state != "proposed":
        raise Conflict(_("这个参数值已经处理过。请刷新页面查看结果。"))
    return proposed


def _require_free(proposed: ParameterValue) -> None:
    """One value per key, area and day; others deciding on this key wait here."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, 21))", [proposed.key]
        )
    if ParameterValue.objects.filter(
        key=proposed.key,
        area_code=proposed.area_code,
        starts_on=proposed.starts_on,
        state="released",
    ).exists():
        raise Conflict(
            _("该地区自 {day} 起已有发布的值，不能覆盖。请改用另一个生效日期。"),
            day=proposed.starts_on,
        )


def _decide(
    actor: Actor, proposed: ParameterValue, *, state: str, note: str = ""
) -> None:
    proposed.state = state
    proposed.note = note
    proposed.decided_by_id = actor.account_id
    proposed.decided_at = timezone.now()
    proposed.save(update_fields=["state", "note", "decided_by", "decided_at"])


def _require_right(key: Key[Any], value: Any, source: str, area_code: str) -> None:
    wrong = {
        "value": _what_is_wrong(key, value),
        "source": None if source.strip() else _("请写明依据（文件名称和文号）。"),
        "area_code": None
        if _is_within_region(area_code)
        else _("请填写本地区的区划代码。"),
    }
    fields = {name: words for name, words in wrong.items() if words}
    if fields:
        raise Invalid(fields=fields)


def _what_is_wrong(key: Key[Any], value: Any) -> str | None:
    try:
        read = key.read(value)
    except (ArithmeticError, TypeError, ValueError):
        return _("这个值的格式不对。")
    if type(read) is not type(example_of(key)):
        return _("这个值的格式不对。")
    return key.check(read) if key.check else None


def _is_within_region(area_code: str) -> bool:
    known = area_code.isascii() and area_code.isdigit()
    return (
        known and len(area_code) in LENGTHS.values() and area_code.startswith(NINGXIA)
    )


def _audit(actor: Actor, verb: str, row: ParameterValue) -> None:
    audit.record(
        actor,
        f"parameters.{verb}",
        object_kind="ParameterValue",
        object_id=row.id,
        detail={"key": row.key, "area": row.area_code, "from": str(row.starts_on)},
    )
