"""More residents of one township, all invented, so that every client has its own.

Run beside a region of `YILIAN_DATA`: `python -m bench.people 640`. Prints their ids.
"""

import os
import sys
from collections.abc import Iterator
from datetime import date, timedelta
from importlib import import_module
from typing import Any, Final
from uuid import UUID

from yilian.config.runtime.environment import entered

TOWNSHIP: Final = "640121104-C1"
SURNAMES: Final = "马杨王李张赵周吴纳哈"
GIVEN: Final = ("建国", "秀英", "志强", "小燕", "学军", "玉兰", "文静", "海峰")
SINCE: Final = date(2024, 1, 1)


def main() -> None:
    with entered():
        os.environ |= {"YILIAN_DB_ROLE": "owner", "YILIAN_DEMO": "1"}
        os.environ["DJANGO_SETTINGS_MODULE"] = "yilian.config.settings"
        import_module("django").setup()
        print(*load(int(sys.argv[1])), sep="\n")


def load(count: int) -> list[UUID]:
    """With a contract at the township: that is the ground on which it may refer."""
    directory = import_module("yilian.registry.directory.models")
    population = import_module("yilian.registry.population.services")
    actors = import_module("yilian.foundation.access.actor")
    home = directory.Institution.objects.get(code=TOWNSHIP)
    persons = list(_persons(count, home))
    contracts = [_contract(person.id, home.id) for person in persons]
    population.load_many(
        actors.system_actor("bench"),
        persons=persons,
        chosen=[chosen for chosen, _ in contracts],
        grants=[grant for _, grant in contracts],
    )
    return [person.id for person in persons]


def _persons(count: int, home: Any) -> Iterator[Any]:
    models = import_module("yilian.registry.population.models")
    for number in range(count):
        yield models.Person(
            name=SURNAMES[number % 10] + GIVEN[number % 8],
            sex="12"[number % 2],
            born_on=date(1950, 1, 1) + timedelta(days=31 * number),
            area_code=home.area_code,
            insured_type="resident",
            registered_by=home,
        )


def _contract(person: UUID, home: UUID) -> tuple[Any, Any]:
    models = import_module("yilian.registry.population.models")
    rules = import_module("yilian.registry.population.rules")
    start_of_day = import_module("yilian.kernel.calendar").start_of_day
    evidence = import_module("yilian.kernel.ids").new_id()
    chosen = models.ChosenInstitution(
        person_id=person,
        tier="primary",
        institution_id=home,
        period=(SINCE, None),
        contract_id=evidence,
    )
    grant = models.Grant(
        person_id=person,
        institution_id=home,
        ground=rules.Ground.CONTRACT.value,
        scope=int(rules.Scope.FULL),
        evidence_kind="contract",
        evidence_id=evidence,
        period=(start_of_day(SINCE), None),
    )
    return chosen, grant


if __name__ == "__main__":
    main()
