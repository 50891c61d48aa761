"""A feed of the township, and messages as its system writes them."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from django.db.backends.postgresql.psycopg_any import DateRange

from yilian.care.referral.tests.world import Place, World
from yilian.foundation.vault.services import keyed_index
from yilian.interfaces.exchange.hl7v2 import message as hl7
from yilian.interfaces.exchange.hl7v2.message import Message, escaped
from yilian.interfaces.exchange.intake.models import Feed, Received
from yilian.interfaces.exchange.intake.rules import Kind
from yilian.interfaces.exchange.intake.services.feeds import PURPOSE
from yilian.interfaces.exchange.intake.services.receiving import (
    Answered,
    Arrival,
    receive,
)
from yilian.kernel.identity_number import IdentityKind
from yilian.registry.population.models import Person
from yilian.registry.population.services.numbers import new_identifier
from yilian.registry.population.tests import world as people

HERE = Arrival("10.1.2.3")
NUMBER = "640121196003080020"  # of nobody: check digit right, holder invented
CONTENT = (
    "主诉：胸闷 3 天",
    "体格检查：血压 182/112 mmHg",
    "已做处理：氨氯地平 5 mg 每日一次",
)


def make_feed(place: Place, **facts: Any) -> Feed:
    told: dict[str, Any] = {
        "name": "township-his",
        "application": "HIS",
        "facility": "WANGYUAN",
        "kinds": [kind.value for kind in Kind],
        "addresses": ["10.1.2.0/24"],
        "consent_evidence": "院发〔2026〕3 号",
        "period": DateRange(date(2020, 1, 1), None),
    } | facts
    secret = told.pop("secret", "")
    if secret:
        told["secret_index"] = keyed_index(PURPOSE, secret)
    return Feed.objects.create(
        institution=place.institution, account=people.account(), **told
    )


def with_number(person: Person, number: str = NUMBER) -> Person:
    new_identifier(person.id, IdentityKind.ID_CARD, number).save(force_insert=True)
    return person


def letter(
    world: World,
    *,
    kind: str = "REF^I12",
    control_id: str = "M1",
    number: str = "ZY-7",
    name: str = "马秀英",
    born: str = "19600308",
    sex: str = "F",
    ids: str = f"{NUMBER}^^^MPI^NI",
    to: str = "",
    priority: str = "R",
    status: str = "P",
    reason: str = "血压两次随访未达标",
    diagnosis: str = "I10.x00^高血压病^I10",
    notes: Sequence[str] = CONTENT,
    more: Sequence[str] = (),
    **header: str,
) -> str:
    """One message; what is not said here is complete and right."""
    msh = {
        "application": "HIS", "facility": "WANGYUAN", "security": "", "version": "2.5",
        "charset": "UNICODE UTF-8", "sent_at": "20260301080000+0800", "mode": "P",
    } | header  # fmt: skip
    house = to or world.county.institution.code
    lines = [
        f"MSH|^~\\&|{msh['application']}|{msh['facility']}|YILIAN|NX|{msh['sent_at']}|"
        f"{msh['security']}|{kind}|{control_id}|{msh['mode']}|{msh['version']}"
        f"||||||{msh['charset']}",
        f"RF1|{status}|{priority}|MED||O|{number}^HIS|20260301|||^{escaped(reason)}|",
        "PRD|RP|周^医生|||||D001^LOCAL",
        f"PRD|RT|||^^^{house}",
        f"PID|1||{ids}||{name}||{born}|{sex}|||望远镇一村||13800000000",
        f"DG1|1||{diagnosis}||20260301|W",
        *more,
        *(f"NTE|{at}||{escaped(note)}" for at, note in enumerate(notes, start=1)),
    ]
    return "\r".join(lines) + "\r"


def send(text: str, arrival: Arrival = HERE, codec: str = "utf-8") -> Answered:
    return receive(text.encode(codec), arrival)


def read_answer(answered: Answered, codec: str = "utf-8") -> Message:
    return hl7.parse(answered.text.decode(codec))


def kept(control_id: str = "M1") -> Received:
    return Received.objects.select_related("referral", "feed__institution").get(
        control_id=control_id
    )
