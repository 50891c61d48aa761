"""A bill comes in by the county hospital's system, for somebody of the cast.

Run beside a region of `YILIAN_DATA`: `python -m journeys.billing resident_child`.
Prints the bill's number. Nobody sent the patient: the stay counts half.
"""

import os
import sys
from datetime import timedelta
from importlib import import_module
from typing import Final

from yilian.config.runtime.environment import entered

HOUSE: Final = "640121-A1"


def main() -> None:
    with entered():
        os.environ |= {"YILIAN_DB_ROLE": "owner", "YILIAN_DEMO": "1"}
        os.environ["DJANGO_SETTINGS_MODULE"] = "yilian.config.settings"
        import_module("django").setup()
        print(post(sys.argv[1]))


def post(username: str) -> str:
    population = import_module("yilian.registry.population.models")
    directory = import_module("yilian.registry.directory.models")
    actors = import_module("yilian.foundation.access.actor")
    posting = import_module("yilian.insurance.settlement.services.posting")
    rules = import_module("yilian.insurance.settlement.rules.posting")
    ids = import_module("yilian.kernel.ids")
    calendar = import_module("yilian.kernel.calendar")
    today = calendar.local_day(import_module("django.utils.timezone").now())
    person = population.Person.objects.get(account__username=username)
    house = directory.Institution.objects.get(code=HOUSE)
    key = ids.new_id()
    facts = rules.BillFacts(
        person_id=person.id,
        institution_id=house.id,
        number=f"XC{key.hex[-10:].upper()}",
        kind="inpatient",
        admitted_on=today - timedelta(days=4),
        discharged_on=today,
        lines=[
            {"catalog_class": "A", "name": "治疗和手术", "amount": "6000.00"},
            {"catalog_class": "C", "name": "目录外项目", "amount": "500.00"},
        ],
        catalogue="宁夏 2025 版",
        diagnosis_code="K35.800",
        diagnosis_name="急性阑尾炎",
    )
    bill = posting.post_bill(actors.system_actor("journey"), key=key, facts=facts)
    return str(bill.number)


if __name__ == "__main__":
    main()
