"""Two scenarios tried on last year: what the workshop's pages show."""

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Final

from django.utils.module_loading import import_string

from yilian.demo.world.build import Region
from yilian.foundation.access.actor import Role
from yilian.insurance.policy.models import ParameterSetVersion
from yilian.insurance.policy.queries import version
from yilian.insurance.policy.rules.editing import split
from yilian.insurance.policy.rules.sets import ParameterSet
from yilian.insurance.whatif.models import Scenario
from yilian.kernel.areas import short
from yilian.registry.directory.models import PractitionerRole

# "{}": each group of residents that the set names.
_TERTIARY: Final = {"inpatient.ratio.resident.{}.tertiary": "0.55"}
_PRIMARY: Final = {
    "inpatient.ratio.resident.{}.primary": "0.90",
    "outpatient.annual_limit.resident.{}": "1200",
}
_PLANS: Final = (
    ("三级医院住院比例降到 55%", _TERTIARY, Decimal("0.50")),
    ("基层住院比例 90%，门诊限额 1,200 元", _PRIMARY, Decimal(0)),
)


def load_scenarios(region: Region) -> None:
    """By those who may; worked out by the same hand as in the worker."""
    run = import_string("yilian.insurance.whatif.working.run")
    base = ParameterSetVersion.objects.order_by("number").first()
    clerk = _clerk()
    if base is None or clerk is None or clerk.account_id is None:
        return
    for number, (name, changes, elasticity) in enumerate(_PLANS):
        row = Scenario.objects.create(
            name=name,
            area_code=short(clerk.institution.area_code),
            year=region.now.year - 1,
            base=base,
            changes=_for_each_group(version(base.id), changes),
            elasticity=elasticity,
            made_by_id=clerk.account_id,
            made_at=region.now - timedelta(days=9 - number),
        )
        run(row.id)


def _for_each_group(base: ParameterSet, changes: Mapping[str, str]) -> dict[str, str]:
    found = {}
    for path, value in changes.items():
        key, _below = split(path)
        held = next(row for row in base.rows if key and row.key == key.name)
        for group in held.value["resident"]:
            found[path.format(group)] = value
    return found


def _clerk() -> PractitionerRole | None:
    posts = PractitionerRole.objects.filter(
        roles__contains=[Role.INSURER.value], account__isnull=False
    )
    return posts.select_related("institution").order_by("id").first()
