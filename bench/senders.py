"""A system of the township that may send messages, and residents it knows by number.

Run beside a region of `YILIAN_DATA`: `python -m bench.senders 24`. Prints JSON: how it
names itself, to whom it writes, and whom its messages can be about.
"""

import json
import os
import sys
from datetime import date
from importlib import import_module
from secrets import randbelow, token_hex
from typing import Any, Final
from uuid import UUID

from bench import people
from yilian.config.runtime.environment import entered

COUNTY: Final = "640121-A1"
_AREA: Final = "640121"


def main() -> None:
    with entered():
        os.environ |= {"YILIAN_DB_ROLE": "owner", "YILIAN_DEMO": "1"}
        os.environ["DJANGO_SETTINGS_MODULE"] = "yilian.config.settings"
        import_module("django").setup()
        print(json.dumps(told(int(sys.argv[1])), ensure_ascii=False))


def told(count: int) -> dict[str, Any]:
    facility = f"BENCH{token_hex(4).upper()}"
    models = import_module("yilian.registry.population.models")
    persons = models.Person.objects.filter(pk__in=people.load(count)).order_by("pk")
    return {
        "feed": str(_feed(facility)),
        "facility": facility,
        "house": COUNTY,
        "patients": [_with_number(person) for person in persons],
    }


def _feed(facility: str) -> UUID:
    directory = import_module("yilian.registry.directory.models")
    exchange = import_module("yilian.interfaces.exchange.intake.models")
    rules = import_module("yilian.interfaces.exchange.intake.rules")
    accounts = import_module("yilian.foundation.identity.models").Account
    account = accounts(username=f"feed-{facility.lower()}", kind="staff")
    account.set_unusable_password()
    account.save()
    home = directory.Institution.objects.get(code=people.TOWNSHIP)
    made = exchange.Feed.objects.create(
        name=facility.lower(),
        institution=home,
        account=account,
        application="BENCH",
        facility=facility,
        kinds=[kind.value for kind in rules.Kind],
        addresses=["127.0.0.1/32"],
        consent_evidence="bench",
        period=(date(2020, 1, 1), None),
    )
    return UUID(str(made.id))


def _with_number(person: Any) -> dict[str, str]:
    numbers = import_module("yilian.registry.population.services.numbers")
    kinds = import_module("yilian.kernel.identity_number").IdentityKind
    check = import_module("yilian.kernel.resident_id").check_character
    order = 2 * randbelow(450) + (person.sex == "1")
    first = f"{_AREA}{person.born_on:%Y%m%d}{order:03}"
    number = first + check(first)
    numbers.new_identifier(person.id, kinds.ID_CARD, number).save(force_insert=True)
    return {
        "name": person.name,
        "number": number,
        "born": f"{person.born_on:%Y%m%d}",
        "sex": "M" if person.sex == "1" else "F",
    }


if __name__ == "__main__":
    main()
