"""Many events at once, half of them for a handler and half for open pages.

Run beside a region of `YILIAN_DATA`: `python -m bench.faults.events 10000 CODE`.
The deaths are of persons whom nobody knows, so that nothing comes of them.
"""

import os
import sys
from importlib import import_module

from yilian.config.runtime.environment import entered

AT_ONCE = 200  # in one transaction


def main() -> None:
    with entered():
        os.environ["DJANGO_SETTINGS_MODULE"] = "yilian.config.settings"
        import_module("django").setup()
        publish(int(sys.argv[1]), sys.argv[2])


def publish(count: int, code: str) -> None:
    directory = import_module("yilian.registry.directory.models")
    transaction = import_module("django.db.transaction")
    house = directory.Institution.objects.get(code=code).id
    for begin in range(0, count, AT_ONCE):
        with transaction.atomic():
            for number in range(begin, min(count, begin + AT_ONCE)):
                _one(number, house)


def _one(number: int, house: object) -> None:
    outbox = import_module("yilian.foundation.outbox.services")
    scheduling = import_module("yilian.resources.scheduling.events")
    population = import_module("yilian.registry.population.events")
    timezone = import_module("django.utils.timezone")
    person = import_module("yilian.kernel.ids").new_id()
    if number % 2:
        outbox.publish(scheduling.PlacesChanged(institution_id=house))
        return
    died = population.PersonDied(person_id=person, died_at=timezone.now())
    outbox.publish(died, person_id=person)


if __name__ == "__main__":
    main()
