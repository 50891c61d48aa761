"""Parameters in force since 2018, drafts on their way, and the price catalogue."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from importlib import resources
from typing import Final
from uuid import UUID

from django.utils import timezone

from yilian.demo.world.build import Region
from yilian.demo.world.chance import fixed_id
from yilian.demo.world.insurance.parameters import next_limits, released_sets
from yilian.foundation.access.actor import Actor
from yilian.foundation.identity.models import Account
from yilian.foundation.parameters import services as parameters
from yilian.insurance.policy.models import ParameterDraft, ParameterSetVersion
from yilian.insurance.policy.services import drafting, prices, releasing
from yilian.insurance.policy.services.loading import load_released
from yilian.insurance.settlement.parameters import AUTO_SETTLE
from yilian.insurance.settlement.rules.automatic import Scope
from yilian.kernel.calendar import start_of_day
from yilian.registry.directory.queries import actor_of_staff

_BEFORE: Final = timedelta(days=12)
_SETTLING_SINCE: Final = date(2024, 1, 1)
_RATIO: Final = "inpatient.ratio.resident"


def load_policy(actor: Actor, region: Region, accounts: Mapping[UUID, Account]) -> None:
    """The city drafts, the region's bureau reviews and releases, and once round."""
    people = {
        member.username: accounts[member.practitioner]
        for member in region.cast
        if member.practitioner
    }
    clerk, supervisor = people["insurance_clerk"], people["insurance_supervisor"]
    last = [
        load_released(
            actor,
            found,
            effective_from=day,
            drafted_by=clerk.pk,
            reviewed_by=supervisor.pk,
            released_by=supervisor.pk,
            at=_released_at(day),
        )
        for day, found in released_sets()
    ][-1]
    _load_drafts(_acting(clerk), _acting(supervisor), last, timezone.localdate())
    _load_prices(_acting(people["price_officer"]))
    _let_bills_settle_themselves(
        _acting(people["regional_officer"]), _acting(people["city_officer"])
    )


def _let_bills_settle_themselves(officer: Actor, second: Actor) -> None:
    """Visits and stays alike, as long as nobody has to look at them first."""
    row = parameters.propose(
        officer,
        AUTO_SETTLE.name,
        value=Scope.ALL.value,
        starts_on=_SETTLING_SINCE,
        source="演示文号",
    )
    parameters.release(second, row.pk)


def _load_drafts(
    clerk: Actor, supervisor: Actor, last: ParameterSetVersion, today: date
) -> None:
    limits = next_limits(today)
    coming = _draft(clerk, last, limits.starts_on, f"{limits.year} 年基层门诊限额")
    _change(clerk, coming, limits.changes())
    ratio = _draft(clerk, last, limits.starts_on, f"{limits.year} 年住院比例调整")
    _change(clerk, ratio, {f"{_RATIO}.any.tertiary": "0.70"})
    releasing.reject(
        supervisor, ratio, because="三级医院提高过多，与分级诊疗的方向相反"
    )
    city = _draft(
        supervisor, last, limits.starts_on, "银川市急诊补登期限延长", area_code="6401"
    )
    _change(supervisor, city, {"emergency_filing_days": 7})


def _draft(
    actor: Actor,
    base: ParameterSetVersion,
    day: date,
    title: str,
    area_code: str = "64",
) -> UUID:
    return drafting.draft_from(
        actor,
        key=fixed_id("parameter draft", title),
        version_id=base.pk,
        effective_from=day,
        title=title,
        source="演示文号",
        area_code=area_code,
    )


def _change(actor: Actor, draft_id: UUID, values: Mapping[str, object]) -> None:
    row = ParameterDraft.objects.get(pk=draft_id)
    drafting.change_values(actor, draft_id, revision=row.revision, values=values)


def _load_prices(keeper: Actor) -> None:
    source = resources.files("yilian.demo").joinpath("data/prices.csv")
    done = prices.import_prices(keeper, source.read_bytes())
    if done.bad:
        raise LookupError(str(done))


def _released_at(day: date) -> datetime:
    return start_of_day(day) - _BEFORE + timedelta(hours=10)


def _acting(account: Account) -> Actor:
    found = actor_of_staff(account, None)
    if found is None:
        raise LookupError(f"{account.username} has no post")
    return found
