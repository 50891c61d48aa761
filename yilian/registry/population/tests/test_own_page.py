"""What residents read of themselves, and decide: their own, nobody else's."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from yilian.foundation.access.actor import Actor, Role
from yilian.foundation.audit.models import AuditEntry
from yilian.kernel.identity_number import IdentityKind
from yilian.kernel.ids import new_id
from yilian.registry.directory.models import Institution
from yilian.registry.population import queries, services
from yilian.registry.population.models import Person, Proxy
from yilian.registry.population.rules import Scope
from yilian.registry.population.tests import world
from yilian.registry.population.tests.test_pages import open_to, signed_in
from yilian.registry.population.tests.test_registering import NUMBER

MINE = "population:mine"


@pytest.fixture
def me(resident: Person) -> Person:
    services.new_identifier(resident.id, IdentityKind.ID_CARD, NUMBER).save()
    resident.account = world.account("resident")
    resident.save()
    return resident


def entered(person: Person) -> Client:
    if person.account is None:
        person.account = world.account("resident")
        person.save()
    client = Client()
    client.force_login(person.account, "django.contrib.auth.backends.ModelBackend")
    return client


def stands_for(proxy: Person, person: Person) -> Proxy:
    return Proxy.objects.create(
        person=person, proxy=proxy, relation="child", period=(date(2025, 1, 1), None)
    )


def read(client: Client) -> str:
    answer = client.get(reverse(MINE))
    assert answer.status_code == 200
    return answer.content.decode()


def allow(client: Client, person_id: UUID, house: Institution, **facts: Any) -> Any:
    until = (timezone.localdate() + timedelta(days=60)).isoformat()
    typed = {
        "idempotency_key": str(new_id()), "institution": house.code, "scope": "3",
        "until": until,
    } | facts  # fmt: skip
    named = {f"{person_id}-{name}": value for name, value in typed.items()}
    return client.post(reverse("population:allow", args=[person_id]), named)


@pytest.mark.parametrize("role", list(Role))
def test_the_page_is_for_residents(role: Role, township: Institution) -> None:
    client = signed_in(world.staff(township, role))
    answer = client.get(reverse(MINE))
    assert answer.status_code == 403
    assert "居民本人" in answer.content.decode()
    for name in ("own_withdraw", "own_end_proxy", "allow"):
        address = reverse(f"population:{name}", args=[new_id()])
        assert client.post(address).status_code == 404


def test_my_data_is_masked_until_i_ask_and_reading_it_is_written_down(
    me: Person,
) -> None:
    client = entered(me)
    said = read(client)
    assert "马秀英" in said
    assert NUMBER not in said
    assert reverse("audit:who_looked") in said
    shown = client.post(reverse("population:reveal", args=[me.id]))
    assert NUMBER in shown.content.decode()
    row = AuditEntry.objects.get(action="person.open")
    assert row.ground == "self"
    assert row.person_ids == [me.id]


def test_a_son_sees_his_mothers_entry_and_a_stranger_sees_neither(me: Person) -> None:
    son = world.person("马小军", sex="1")
    stands_for(son, me)
    assert "马秀英（由您代办）" in read(entered(son))
    assert "马*军" in read(entered(me))
    other = read(entered(world.person("丁桂兰")))
    assert "马秀英" not in other
    assert "马小军" not in other


def test_i_end_who_stands_for_me_and_they_may_resign(me: Person) -> None:
    son, niece = world.person("马小军"), world.person("马兰")
    by_son, by_niece = stands_for(son, me), stands_for(niece, me)
    client = entered(son)
    end = "population:own_end_proxy"
    assert reverse(end, args=[by_niece.id]) not in read(client)
    refused = client.post(reverse(end, args=[by_niece.id]))
    assert refused.status_code == 403
    assert client.post(reverse(end, args=[by_son.id])).status_code == 302
    assert "马秀英" not in read(client)
    mine = entered(me)
    assert mine.post(reverse(end, args=[by_niece.id])).status_code == 302
    assert "没有代办人" in read(mine)
    assert mine.post(reverse(end, args=[by_niece.id])).status_code == 409
    stranger = entered(world.person("丁桂兰"))
    assert stranger.post(reverse(end, args=[by_son.id])).status_code == 404


def test_my_consent_opens_and_taking_it_back_closes(
    me: Person, township: Institution, doctor: Actor, desk: Actor
) -> None:
    client = entered(me)
    assert allow(client, me.id, township).status_code == 302
    assert township.legal_name in read(client)
    assert queries.sight_of(doctor, me.id).scope is Scope.FULL
    consent_id = me.grants.get().evidence_id
    address = reverse("population:own_withdraw", args=[consent_id])
    stranger = entered(world.person("丁桂兰"))
    assert stranger.post(address).status_code == 404
    assert client.post(address).status_code == 302
    assert queries.sight_of(doctor, me.id).scope is Scope.NONE
    assert "没有授权其他机构" in read(client)


def test_nobody_consents_for_a_stranger(me: Person, township: Institution) -> None:
    stranger = entered(world.person("丁桂兰"))
    assert allow(stranger, me.id, township).status_code == 404
    assert not me.grants.exists()


@pytest.mark.parametrize(
    "wrong",
    [{"institution": "nowhere"}, {"institution": ""}, {"institution": "<b>"},
     {"until": "2020-01-01"}, {"until": "2999-01-01"}, {"scope": "1"},
     {"idempotency_key": ""}],
)  # fmt: skip
def test_a_wrong_consent_of_my_own_opens_nothing(
    wrong: dict[str, str], me: Person, township: Institution
) -> None:
    answer = allow(entered(me), me.id, township, **wrong)
    assert answer.status_code == 422
    assert not me.grants.exists()


def test_a_closed_house_is_not_let_in(me: Person, township: Institution) -> None:
    yesterday = timezone.localdate() - timedelta(days=1)
    Institution.objects.filter(pk=township.pk).update(closed_on=yesterday)
    assert allow(entered(me), me.id, township).status_code in {404, 422}
    assert not me.grants.exists()


def test_somebody_in_care_reads_my_entry_but_not_this_page(
    me: Person, township: Institution, doctor: Actor
) -> None:
    open_to(me, township)
    assert signed_in(doctor).get(reverse(MINE)).status_code == 403
