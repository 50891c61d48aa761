"""One patient from the township up to the tertiary hospital and home again."""

import pytest

from yilian.care.referral.models import Episode, FollowUp, Referral
from yilian.care.referral.rules.reasons import CareKind
from yilian.care.referral.rules.states import State
from yilian.care.referral.services import closing, receiving, sending
from yilian.care.referral.services.receiving import Place as Where
from yilian.care.referral.tests import world as region
from yilian.care.referral.tests.world import Place
from yilian.foundation.access.database import acting_as
from yilian.kernel.errors import Invalid
from yilian.record.models import Resource
from yilian.registry.population.models import Person
from yilian.registry.population.queries import sight_of
from yilian.registry.population.rules import Scope
from yilian.resources.reception.models import Encounter
from yilian.resources.reception.rules import EncounterState
from yilian.resources.scheduling.models import Hold
from yilian.resources.scheduling.rules import HoldState, Quota


def _state(referral: Referral) -> State:
    referral.refresh_from_db()
    return State(referral.state)


def _up_to_the_county(township: Place, county: Place, resident: Person) -> Referral:
    """Asked, answered, accepted with the only bed, brought by ambulance, admitted."""
    up = region.submitted(
        township, county, resident,
        diagnosis_code="I21.900", care_kind=CareKind.INPATIENT,
    )  # fmt: skip
    receiving.request_info(county.desk, up.id, question="心电图做了吗？")
    sending.answer_info(township.doctor, up.id, answer="做了，ST 段压低。")
    bed = Where(department_id=county.ward.id, wants_bed=True)
    receiving.accept(county.desk, up.id, place=bed)
    sending.depart(township.doctor, up.id, transport="救护车")
    receiving.arrive(county.nurse, up.id)
    return receiving.admit(county.doctor, up.id)


def _on_to_the_top(
    county: Place, tertiary: Place, resident: Person, up: Referral
) -> Referral:
    onward = region.submitted(
        county, tertiary, resident, parent=up.id, diagnosis_code="I21.900"
    )
    receiving.accept(tertiary.desk, onward.id)
    return receiving.arrive(tertiary.desk, onward.id)


def _down_again(
    tertiary: Place, township: Place, resident: Person, onward: Referral
) -> Referral:
    content = dict(region.DOWN_CONTENT)
    down = region.submitted(
        tertiary, township, resident, parent=onward.id, content=content
    )
    receiving.complete(tertiary.doctor, onward.id, feedback=dict(region.FEEDBACK))
    receiving.accept(township.desk, down.id)
    return receiving.arrive(township.doctor, down.id)


def test_the_receiver_sees_a_summary_first_and_all_on_acceptance(
    county: Place, waiting: Referral
) -> None:
    assert sight_of(county.doctor, waiting.person_id).scope is Scope.SUMMARY
    receiving.accept(county.desk, waiting.id)
    assert sight_of(county.doctor, waiting.person_id).scope is Scope.FULL


def test_going_up_takes_the_bed_and_opens_a_stay(
    township: Place, county: Place, resident: Person
) -> None:
    [bed] = region.beds(county, Quota.REFERRAL)
    up = _up_to_the_county(township, county, resident)
    assert _state(up) is State.IN_CARE
    assert up.is_green_lane
    hold = Hold.objects.get(purpose_id=up.id)
    assert (hold.bed, hold.state) == (bed, HoldState.USED)
    stay = Encounter.objects.get(referral_id=up.id)
    assert (stay.kind, stay.institution_id) == ("inpatient", county.id)
    assert up.verdict["verdict"] == "compliant_up"


def test_going_on_is_the_same_episode_and_ends_the_stay_here(
    township: Place, county: Place, tertiary: Place, resident: Person
) -> None:
    region.beds(county, Quota.REFERRAL)
    up = _up_to_the_county(township, county, resident)
    onward = _on_to_the_top(county, tertiary, resident, up)
    assert _state(up) is State.FEEDBACK_DUE
    assert onward.episode_id == up.episode_id
    stay = Encounter.objects.get(referral_id=up.id)
    assert stay.state == EncounterState.FINISHED
    assert stay.disposition == "transferred"
    assert Hold.objects.get(purpose_id=up.id).state == HoldState.RELEASED
    receiving.complete(county.doctor, up.id, feedback=dict(region.FEEDBACK))
    assert Episode.objects.get().closed_at is None


def test_coming_down_brings_a_first_visit_and_closes_the_episode(
    township: Place, county: Place, tertiary: Place, resident: Person
) -> None:
    region.beds(county, Quota.REFERRAL)
    up = _up_to_the_county(township, county, resident)
    onward = _on_to_the_top(county, tertiary, resident, up)
    receiving.complete(county.doctor, up.id, feedback=dict(region.FEEDBACK))
    down = _down_again(tertiary, township, resident, onward)
    assert down.direction == "down"

    visit = FollowUp.objects.get(referral=down, kind="first_visit")
    assert visit.institution_id == township.id
    closing.do_follow_up(township.doctor, visit.id, outcome="血压 128/78，无不适")
    receiving.complete(township.doctor, down.id, feedback=dict(region.FEEDBACK_DOWN))

    assert _state(down) is State.COMPLETED
    assert Episode.objects.get().closed_at is not None
    for place in (township, county, tertiary):
        assert sight_of(place.nurse, resident.id).scope is Scope.FULL


@pytest.mark.parametrize("kind", ["ServiceRequest", "Task"])
def test_every_hop_stands_in_the_record(kind: str, waiting: Referral) -> None:
    with acting_as(region.SYSTEM):
        row = Resource.objects.get(type=kind, id__startswith=str(waiting.id))
    assert row.person_id == waiting.person_id
    assert row.status in {"active", "requested"}


def test_outside_the_region_the_sender_writes_down_what_it_was_told(
    township: Place, resident: Person
) -> None:
    sent = region.submitted(
        township,
        None,
        resident,
        outside_name="西京医院",
        outside_place="西安市",
        outside_reason="no_capability",
    )
    assert not sent.is_green_lane
    for act in (receiving.accept, receiving.arrive):
        with pytest.raises(Invalid) as refused:
            act(township.doctor, sent.id)
        assert set(refused.value.fields) == {"note"}
        told = act(township.doctor, sent.id, note="10:05 心内科刘医生电话告知")
        assert told.steps.get(to_state=told.state).note
    receiving.complete(township.doctor, sent.id, feedback=dict(region.FEEDBACK))
    assert _state(sent) is State.COMPLETED
    assert not Encounter.objects.exists()


def test_a_redirected_patient_gets_a_new_hop_in_the_same_answer(
    county: Place, tertiary: Place, waiting: Referral
) -> None:
    hop = receiving.redirect(
        county.desk,
        waiting.id,
        to_institution_id=tertiary.id,
        to_department_id=tertiary.ward.id,
        reason_code="needs_higher",
    )
    assert _state(waiting) is State.REDIRECTED
    assert (hop.state, hop.parent_id) == (State.SUBMITTED, waiting.id)
    assert hop.from_institution_id == waiting.from_institution_id
    assert hop.episode_id == waiting.episode_id
    assert hop.content == waiting.content
    assert hop.consented_at == waiting.consented_at
    assert receiving.accept(tertiary.desk, hop.id).state == State.ACCEPTED
