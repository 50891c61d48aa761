"""The 1+1+1 contract as the register keeps it; who makes contracts writes it down."""

from collections.abc import Mapping
from datetime import date, datetime
from uuid import UUID

from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from django.db.models import Q

from yilian.foundation.access.actor import Actor
from yilian.foundation.access.scope import find
from yilian.foundation.audit.services import record
from yilian.kernel.calendar import start_of_day
from yilian.kernel.errors import Conflict, Invalid
from yilian.kernel.text import _
from yilian.kernel.tier import ORDER, Tier
from yilian.registry.population.models import ChosenInstitution, Person
from yilian.registry.population.queries.facts import has_died
from yilian.registry.population.rules import Ground, Scope
from yilian.registry.population.services.grants import end_grants, give_grant


@transaction.atomic
def note_contract(
    actor: Actor,
    *,
    person_id: UUID,
    chosen: Mapping[Tier, UUID],
    doctor_post_id: UUID | None,
    period: tuple[date, date | None],
    contract_id: UUID,
    is_witnessed: bool,
) -> None:
    """Chosen institutions, and sight for the one that signs (the lowest tier).

    `is_witnessed`: it rests on more than its writer's word, as by the resident's
    code, card or own account.
    """
    start, end = period
    _require_possible(person_id, chosen, start, end)
    find(Person.objects.select_for_update(of=("self",)), person_id)
    _require_none_in_force(person_id, chosen, start, end)
    signing = min(chosen, key=ORDER.__getitem__)
    ChosenInstitution.objects.bulk_create(
        ChosenInstitution(
            person_id=person_id,
            tier=tier.value,
            institution_id=institution_id,
            doctor_id=doctor_post_id if tier is signing else None,
            period=DateRange(start, end),
            contract_id=contract_id,
        )
        for tier, institution_id in chosen.items()
    )
    give_grant(
        actor,
        person_id=person_id,
        institution_id=chosen[signing],
        ground=Ground.CONTRACT,
        scope=Scope.FULL,
        evidence_kind="contract",
        evidence_id=contract_id,
        until=_midnight(end),
        is_sole=not is_witnessed,
    )
    record(
        actor,
        "person.note_contract",
        object_kind="contract",
        object_id=contract_id,
        person_id=person_id,
        detail={"tiers": sorted(chosen)},
    )


@transaction.atomic
def end_contract(actor: Actor, *, contract_id: UUID, on: date) -> int:
    """Chosen institutions end that day, the sight that came with them at once."""
    rows = ChosenInstitution.objects.select_for_update().filter(contract_id=contract_id)
    for row in rows:
        row.period = DateRange(row.period.lower, max(row.period.lower, on))
        row.save(update_fields=["period"])
    end_grants(evidence_kind="contract", evidence_id=contract_id)
    record(actor, "person.end_contract", object_kind="contract", object_id=contract_id)
    return len(rows)


def _require_possible(
    person_id: UUID, chosen: Mapping[Tier, UUID], start: date, end: date | None
) -> None:
    if not chosen:
        raise Invalid(fields={"chosen": _("请至少选择一家签约机构。")})
    if end is not None and end <= start:
        raise Invalid(fields={"period": _("签约期的结束日期应晚于开始日期。")})
    if has_died(person_id):
        raise Conflict(_("该居民已登记死亡，不能签约。"))


def _require_none_in_force(
    person_id: UUID, chosen: Mapping[Tier, UUID], start: date, end: date | None
) -> None:
    overlapping = ChosenInstitution.objects.filter(
        Q(person=person_id),
        tier__in=[tier.value for tier in chosen],
        period__overlap=DateRange(start, end),
    )
    if overlapping.exists():
        raise Conflict(_("该居民在此期间已与其他机构签约，请先办理解约。"))


def _midnight(day: date | None) -> datetime | None:
    return start_of_day(day) if day else None
