"""A scenario is made, queued, worked on elsewhere, and frozen here."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from yilian.foundation.access.actor import Actor
from yilian.foundation.access.scope import find
from yilian.foundation.audit.services import record
from yilian.foundation.idempotency.services import once
from yilian.foundation.jobs.services import defer
from yilian.foundation.vault.services import digest
from yilian.insurance.policy.models import ParameterSetVersion
from yilian.insurance.policy.queries import version
from yilian.insurance.policy.rules.overrides import overridden
from yilian.insurance.settlement.models import Settlement
from yilian.insurance.whatif import policies
from yilian.insurance.whatif.models import Scenario
from yilian.kernel.canonical import canonical_json
from yilian.kernel.errors import Invalid, NotPermitted
from yilian.kernel.ids import new_id
from yilian.kernel.safe_text import required_text
from yilian.kernel.text import _

RUN: Final = "whatif.run"
WHO: Final = _("政策试算给医保经办和卫健管理人员使用。")
MOST_ELASTIC: Final = 5


@transaction.atomic
def make(
    actor: Actor,
    *,
    key: UUID,
    name: str,
    base_id: UUID,
    year: int,
    changes: Mapping[str, Any],
    elasticity: Decimal,
) -> Scenario:
    """Raises `SetWrong` with each value that is not right."""
    account_id = actor.account_id
    if not policies.can_try(actor) or account_id is None:
        raise NotPermitted(WHO)
    base = find(ParameterSetVersion.objects.all(), base_id)
    _require_right(actor, base, name, year, elasticity)
    overridden(version(base.id), changes)

    def save() -> UUID:
        row = Scenario(
            id=new_id(),
            name=required_text(name, max_length=80),
            area_code=actor.area_code,
            year=year,
            base=base,
            changes=dict(changes),
            elasticity=elasticity,
            made_by_id=account_id,
            made_at=timezone.now(),
        )
        row.save(force_insert=True)
        record(actor, "whatif.make", object_kind="scenario", object_id=row.id)
        defer(RUN, lock="whatif", scenario_id=str(row.id))
        return row.id

    return Scenario.objects.get(pk=once(actor, key, "whatif.scenario", save))


def begin(scenario_id: UUID) -> Scenario | None:
    """None when it is over already. A worker that died left it running: begun anew."""
    rows = Scenario.objects.filter(pk=scenario_id, state__in=["queued", "running"])
    rows.update(state="running", started_at=timezone.now(), progress=0)
    return rows.select_related("base").first()


def advance(scenario_id: UUID, percent: int) -> None:
    rows = Scenario.objects.filter(pk=scenario_id, state="running")
    rows.update(progress=min(max(percent, 0), 99))


def finish(scenario_id: UUID, result: Mapping[str, Any]) -> None:
    Scenario.objects.filter(pk=scenario_id, state="running").update(
        state="done",
        progress=100,
        finished_at=timezone.now(),
        result=result,
        digest=digest_of(result),
    )


def fail(scenario_id: UUID, words: str) -> None:
    Scenario.objects.filter(pk=scenario_id, state="running").update(
        state="failed", finished_at=timezone.now(), fault=words[:300]
    )


def digest_of(result: Any) -> str:
    return digest(canonical_json(result).encode()).hex()


def _require_right(
    actor: Actor,
    base: ParameterSetVersion,
    name: str,
    year: int,
    elasticity: Decimal,
) -> None:
    wrong: dict[str, str] = {}
    if not name.strip():
        wrong["name"] = _("请填写名称。")
    if not 0 <= elasticity <= MOST_ELASTIC:
        wrong["elasticity"] = _("弹性系数应在 0 到 5 之间。")
    if version(base.id).first_day > date(year, 1, 1):
        wrong["year"] = _("这套参数在该年年初还没有值。")
    elif not Settlement.objects.filter(
        insured_area__startswith=actor.area_code,
        discharged_on__gte=date(year, 1, 1),
        discharged_on__lt=date(year + 1, 1, 1),
    ).exists():
        wrong["year"] = _("本地区这一年没有结算。")
    if wrong:
        raise Invalid(fields=wrong)
