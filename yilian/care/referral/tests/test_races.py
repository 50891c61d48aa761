"""Only one may: two hands on the same row, on committed data."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connection

from yilian.care.referral.models import Episode, Referral, ReferralStep
from yilian.care.referral.rules.states import State
from yilian.care.referral.services import drafting, receiving, sending
from yilian.care.referral.services.receiving import Place as Where
from yilian.care.referral.services.sending import OpenEpisode
from yilian.care.referral.tests import world as region
from yilian.care.referral.tests.world import Place
from yilian.kernel.errors import Conflict
from yilian.kernel.ids import new_id
from yilian.registry.population.models import Person
from yilian.resources.scheduling.models import Hold
from yilian.resources.scheduling.rules import Quota

pytestmark = pytest.mark.django_db(transaction=True)


def _both(*acts: Callable[[], Any]) -> list[Any]:
    """Run at the same moment, each with its own connection; results or refusals."""
    start = Barrier(len(acts))

    def run(act: Callable[[], Any]) -> Any:
        start.wait(timeout=10)
        try:
            return act()
        except Conflict as refused:
            return refused
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def _one_refused(results: list[Any]) -> Conflict:
    refused = [result for result in results if isinstance(result, Conflict)]
    assert len(refused) == 1, results
    return refused[0]


def test_two_desks_accept_at_once(county: Place, waiting: Referral) -> None:
    _one_refused(
        _both(
            lambda: receiving.accept(county.desk, waiting.id),
            lambda: receiving.accept(county.doctor, waiting.id),
        )
    )
    assert ReferralStep.objects.filter(step="accept").count() == 1


def test_accepting_and_declining_at_once(county: Place, waiting: Referral) -> None:
    _one_refused(
        _both(
            lambda: receiving.accept(county.desk, waiting.id),
            lambda: receiving.decline(county.doctor, waiting.id, reason_code="no_bed"),
        )
    )
    waiting.refresh_from_db()
    assert waiting.state in (State.ACCEPTED, State.DECLINED)


def test_accepting_and_withdrawing_at_once(
    township: Place, county: Place, waiting: Referral
) -> None:
    _one_refused(
        _both(
            lambda: receiving.accept(county.desk, waiting.id),
            lambda: sending.withdraw(
                township.doctor, waiting.id, reason_code="improved"
            ),
        )
    )
    assert ReferralStep.objects.filter(referral=waiting).count() == 2


def test_two_doctors_send_the_same_person_to_the_same_specialty(
    township: Place, county: Place, resident: Person
) -> None:
    one = region.drafted(township, county, resident)
    two = region.drafted(township, county, resident)
    results = _both(
        lambda: sending.submit(township.doctor, one.id, consent_by="self"),
        lambda: sending.submit(township.desk, two.id, consent_by="self"),
    )
    refused = _one_refused(results)
    assert isinstance(refused, OpenEpisode)
    sent = Referral.objects.get(state=State.SUBMITTED)
    assert refused.referral_id == sent.id
    assert Episode.objects.count() == 1


def test_two_patients_and_the_last_bed(
    township: Place, county: Place, resident: Person
) -> None:
    region.beds(county, Quota.REFERRAL)
    other = region.contracted(township, "马文")
    hops = [region.submitted(township, county, who) for who in (resident, other)]
    bed = Where(department_id=county.ward.id, wants_bed=True)
    _one_refused(
        _both(
            lambda: receiving.accept(county.desk, hops[0].id, place=bed),
            lambda: receiving.accept(county.doctor, hops[1].id, place=bed),
        )
    )
    assert Hold.objects.count() == 1
    states = sorted(Referral.objects.values_list("state", flat=True))
    assert states == [State.SCHEDULED, State.SUBMITTED]


def test_the_same_form_twice_at_once(
    township: Place, county: Place, resident: Person
) -> None:
    key, told = new_id(), region.sheet(county)

    def write() -> Referral:
        return drafting.draft(
            township.doctor, key=key, person_id=resident.id, sheet=told
        )

    one, two = _both(write, write)
    assert one == two
    assert Referral.objects.count() == 1


def test_a_patient_who_arrives_twice_has_one_stay(
    county: Place, waiting: Referral
) -> None:
    receiving.accept(county.desk, waiting.id)
    _one_refused(
        _both(
            lambda: receiving.arrive(county.desk, waiting.id),
            lambda: receiving.arrive(county.nurse, waiting.id),
        )
    )
    assert ReferralStep.objects.filter(step="arrive").count() == 1
