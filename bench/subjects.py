"""Whom the scenes are about: residents to find, to open, to refer, referrals to accept.

Run beside a region of `YILIAN_DATA`: `python -m bench.subjects 600`. Prints JSON. So
many referrals are written and sent, ready to be accepted, each of a person of its own.
"""

import json
import os
import sys
from importlib import import_module
from typing import Any, Final

from bench import people
from yilian.config.runtime.environment import entered

FOUND: Final = 400
COUNTY: Final = "640121-A1"


def main() -> None:
    with entered():
        os.environ |= {"YILIAN_DB_ROLE": "owner", "YILIAN_DEMO": "1"}
        os.environ["DJANGO_SETTINGS_MODULE"] = "yilian.config.settings"
        import_module("django").setup()
        print(json.dumps(told(int(sys.argv[1])), ensure_ascii=False))


def told(referrals: int) -> dict[str, Any]:
    """Names and numbers of anybody, pages of those whom the township's doctor sees."""
    number = import_module("yilian.registry.population.models").PersonIdentifier
    decrypt = import_module("yilian.foundation.vault.services").decrypt
    held = number.objects.filter(kind="id_card", retired_at=None, person__died_at=None)
    some = list(held.select_related("person").order_by("value_index")[:FOUND])
    fresh = people.load(referrals)
    return {
        "names": [one.person.name for one in some],
        "numbers": [decrypt(one.value_cipher) for one in some],
        "known": [str(person) for person in _known()],
        "county": str(_county().id),
        "to_refer": [str(person) for person in people.load(FOUND)],
        "to_accept": [str(referral) for referral in _sent(fresh)],
    }


def _county() -> Any:
    directory = import_module("yilian.registry.directory.models")
    return directory.Institution.objects.get(code=COUNTY)


def _known() -> list[Any]:
    """With a contract and a history."""
    grant = import_module("yilian.registry.population.models").Grant
    rows = grant.objects.filter(
        institution__code=people.TOWNSHIP,
        evidence_kind="contract",
        person__died_at=None,
    ).exclude(person__phone_index="")
    return list(rows.order_by("id").values_list("person_id", flat=True)[:FOUND])


def _sent(persons: list[Any]) -> list[Any]:
    drafting = import_module("yilian.care.referral.services.drafting")
    sending = import_module("yilian.care.referral.services.sending")
    reasons = import_module("yilian.care.referral.rules.reasons")
    actors = import_module("yilian.registry.directory.queries.actors")
    accounts = import_module("yilian.foundation.identity.models").Account
    new_id = import_module("yilian.kernel.ids").new_id
    actor = actors.actor_of_staff(accounts.objects.get(username="township_gp"), None)
    sheet = drafting.Sheet(
        urgency=reasons.Urgency.ROUTINE,
        specialty="cardiology",
        diagnosis_code="I10.x00",
        reason="血压两次随访未达标，请协助调整用药",
        to_institution_id=_county().id,
        content={
            "complaint": "头晕、胸闷 3 天",
            "exam": "血压 182/112 mmHg，心率 88 次/分",
            "treatment": "氨氯地平 5 mg 每日一次",
        },
    )
    sent = []
    for person in persons:
        hop = drafting.draft(actor, key=new_id(), person_id=person, sheet=sheet)
        sending.submit(actor, hop.id, consent_by="self")
        sent.append(hop.id)
    return sent


if __name__ == "__main__":
    main()
