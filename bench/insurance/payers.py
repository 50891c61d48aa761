"""More insured residents whom one county hospital has seen, all invented.

Run beside a region of `YILIAN_DATA`: `python -m bench.insurance.payers 640`. Prints
their ids.
"""

import os
import sys
from collections.abc import Sequence
from datetime import date
from importlib import import_module
from typing import Any, Final
from uuid import UUID

from bench import people
from yilian.config.runtime.environment import entered

COUNTY: Final = "640121-A1"
AREA: Final = "640121"
SINCE: Final = date(2024, 1, 1)


def main() -> None:
    with entered():
        os.environ |= {"YILIAN_DB_ROLE": "owner", "YILIAN_DEMO": "1"}
        os.environ["DJANGO_SETTINGS_MODULE"] = "yilian.config.settings"
        import_module("django").setup()
        print(*load(int(sys.argv[1])), sep="\n")


def load(count: int) -> list[UUID]:
    found = people.load(count)
    actors = import_module("yilian.foundation.access.actor")
    population = import_module("yilian.registry.population.services")
    loading = import_module("yilian.insurance.settlement.services.loading")
    actor = actors.system_actor("bench")
    population.load_many(actor, grants=_grants(found))
    loading.load_many(actor, (_account(loading, person) for person in found))
    return found


def _grants(persons: Sequence[UUID]) -> list[Any]:
    models = import_module("yilian.registry.population.models")
    rules = import_module("yilian.registry.population.rules")
    directory = import_module("yilian.registry.directory.models")
    start_of_day = import_module("yilian.kernel.calendar").start_of_day
    new_id = import_module("yilian.kernel.ids").new_id
    county = directory.Institution.objects.get(code=COUNTY)
    return [
        models.Grant(
            person_id=person,
            institution_id=county.id,
            ground=rules.Ground.PRESENCE.value,
            scope=int(rules.Scope.FULL),
            evidence_kind="presence",
            evidence_id=new_id(),
            period=(start_of_day(SINCE), None),
        )
        for person in persons
    ]


def _account(loading: Any, person: UUID) -> Any:
    models = import_module("yilian.insurance.settlement.models")
    ranges = import_module("django.db.backends.postgresql.psycopg_any")
    now = import_module("django.utils.timezone").now()
    cover = models.Coverage(
        person_id=person,
        insurance="resident",
        area_code=AREA,
        period=ranges.DateRange(SINCE, None),
        created_at=now,
    )
    return loading.Account(person, None, [cover], [], [])


if __name__ == "__main__":
    main()
