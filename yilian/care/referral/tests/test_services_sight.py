"""Access follows the episode: who sees the person after which step."""

import pytest
from django.utils import timezone

from yilian.care.referral.models import Referral
from yilian.care.referral.services import closing, receiving, sending
from yilian.care.referral.tests import world as region
from yilian.care.referral.tests.world import Place
from yilian.foundation.access.actor import Actor, Role
from yilian.kernel.errors import NotPermitted
from yilian.kernel.ids import new_id
from yilian.registry.population.models import Grant, Person
from yilian.registry.population.queries import sight_of
from yilian.registry.population.rules import Ground, Scope
from yilian.registry.population.services.grants import end_grants, give_grant
from yilian.registry.population.tests import world as people


def _sees(actor: Actor, person: Person) -> Scope:
    return sight_of(actor, person.id).scope


def _only_by_encounter(place: Place, person: Person, *, written_by: Actor) -> Grant:
    """A walk-in on one desk's word: it does not open for whoever wrote it."""
    evidence = new_id()
    grant_id = give_grant(
        written_by,
        person_id=person.id,
        institution_id=place.id,
        ground=Ground.ENCOUNTER,
        scope=Scope.FULL,
        evidence_kind="encounter",
        evidence_id=evidence,
        is_sole=True,
    )
    return Grant.objects.get(pk=grant_id)


def test_a_declined_receiver_keeps_the_row_and_loses_the_person(
    county: Place, waiting: Referral, resident: Person
) -> None:
    assert _sees(county.desk, resident) is Scope.SUMMARY
    receiving.decline(county.desk, waiting.id, reason_code="no_bed")
    assert _sees(county.desk, resident) is Scope.NONE
    assert Referral.objects.visible_to(county.desk).get() == waiting


def test_withdrawing_takes_everything_back(
    township: Place, county: Place, waiting: Referral, resident: Person
) -> None:
    sending.withdraw(township.desk, waiting.id, reason_code="improved")
    assert _sees(county.desk, resident) is Scope.NONE
    assert not Grant.objects.filter(
        evidence_id=waiting.id, period__contains=timezone.now()
    ).exists()


def test_the_senders_own_word_does_not_open_for_who_said_it(
    township: Place, county: Place
) -> None:
    """The desk saw the walk-in; once that ends, its referral alone is no ground."""
    person = people.person("王建国")
    walk_in = _only_by_encounter(township, person, written_by=township.desk)
    sent = region.submitted(township, county, person)  # by the doctor, who sees
    end_grants(evidence_kind="encounter", evidence_id=walk_in.evidence_id)
    assert _sees(township.doctor, person) is Scope.NONE
    assert _sees(township.desk, person) is Scope.FULL
    receiving.accept(county.desk, sent.id)
    assert _sees(township.doctor, person) is Scope.FULL


def test_the_sender_goes_on_seeing_no_more_than_before(
    township: Place, county: Place, tertiary: Place, waiting: Referral
) -> None:
    """The county saw a summary; sending on makes it no more."""
    person = waiting.person
    assert _sees(county.doctor, person) is Scope.SUMMARY
    onward = region.drafted(county, tertiary, person, specialty="orthopaedics")
    sending.submit(county.doctor, onward.id, consent_by="self")
    assert _sees(county.nurse, person) is Scope.SUMMARY


def test_an_outside_answer_written_by_the_submitter_is_not_a_second_word(
    township: Place,
) -> None:
    person = people.person("王建国")
    walk_in = _only_by_encounter(township, person, written_by=township.desk)
    sent = region.submitted(
        township, None, person, outside_name="西京医院", outside_reason="patient_choice"
    )
    receiving.accept(township.doctor, sent.id, note="电话，心内科刘医生 10 时答复")
    end_grants(evidence_kind="encounter", evidence_id=walk_in.evidence_id)
    assert _sees(township.doctor, person) is Scope.NONE


def test_redirecting_moves_the_sight_to_the_new_place(
    county: Place, tertiary: Place, waiting: Referral, resident: Person
) -> None:
    hop = receiving.redirect(
        county.desk,
        waiting.id,
        to_institution_id=tertiary.id,
        reason_code="needs_higher",
    )
    assert _sees(county.desk, resident) is Scope.NONE
    assert _sees(tertiary.desk, resident) is Scope.SUMMARY
    assert Referral.objects.visible_to(county.desk).get() == waiting
    assert hop.skip_reason == "no_capability"


def test_after_completion_both_keep_it_for_a_year(
    township: Place, county: Place, resident: Person
) -> None:
    here = region.arrived(township, county, resident)
    receiving.complete(county.doctor, here.id, feedback=dict(region.FEEDBACK))
    kept = Grant.objects.filter(evidence_kind="referral", evidence_id=here.id)
    assert kept.count() == 2
    for grant in kept:
        assert grant.scope == Scope.FULL
        assert (grant.period.upper - timezone.now()).days == 364


def test_death_while_waiting_leaves_the_receiver_nothing(
    township: Place, county: Place, waiting: Referral, resident: Person
) -> None:
    closing.record_death(
        township.doctor, waiting.id, died_at=timezone.now(), note="家属电话告知"
    )
    assert _sees(county.desk, resident) is Scope.NONE


def test_arriving_opens_the_stay_as_a_ground_of_its_own(
    township: Place, county: Place, resident: Person
) -> None:
    region.arrived(township, county, resident)
    assert sight_of(county.desk, resident.id).ground is Ground.ENCOUNTER


@pytest.mark.parametrize("role", [Role.INSURER, Role.AUDIT_ADMIN, Role.SYSTEM_ADMIN])
def test_other_roles_of_the_same_house_take_no_step(
    role: Role, county: Place, waiting: Referral
) -> None:
    actor = people.staff(county.institution, role)
    with pytest.raises(NotPermitted):
        receiving.accept(actor, waiting.id)
