"""Sight before right before state before facts; each refusal with its own words."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from yilian.care.referral.models import Referral, ReferralStep
from yilian.care.referral.rules.reasons import Urgency
from yilian.care.referral.rules.states import State
from yilian.care.referral.services import closing, drafting, receiving, sending
from yilian.care.referral.services.sending import OpenEpisode
from yilian.care.referral.tests import world as region
from yilian.care.referral.tests.world import Place, World
from yilian.kernel.errors import Conflict, Invalid, NotFound, NotPermitted
from yilian.kernel.ids import new_id
from yilian.registry.population.models import Person
from yilian.registry.population.queries import sight_of
from yilian.registry.population.rules import Scope
from yilian.registry.population.services import record_death
from yilian.registry.population.tests import world as people


def test_first_sight_then_right_then_state_then_facts(
    world: World, waiting: Referral
) -> None:
    wrong = "no such"
    with pytest.raises(NotFound):
        receiving.decline(world.stranger.desk, waiting.id, reason_code=wrong)
    with pytest.raises(NotPermitted):
        receiving.decline(world.county.nurse, waiting.id, reason_code=wrong)
    with pytest.raises(NotPermitted, match="接收方"):
        receiving.decline(world.township.desk, waiting.id, reason_code=wrong)
    with pytest.raises(Invalid):
        receiving.decline(world.county.desk, waiting.id, reason_code=wrong)
    receiving.accept(world.county.desk, waiting.id)
    with pytest.raises(Conflict, match="已接收"):
        receiving.decline(world.county.desk, waiting.id, reason_code=wrong)


def test_a_third_institution_does_not_learn_that_it_exists(
    waiting: Referral, stranger: Place, tertiary: Place
) -> None:
    for place in (stranger, tertiary):
        with pytest.raises(NotFound):
            receiving.accept(place.desk, waiting.id)
        assert sight_of(place.desk, waiting.person_id).scope is Scope.NONE


def test_a_draft_is_nobody_elses_business(
    township: Place, county: Place, resident: Person
) -> None:
    draft = region.drafted(township, county, resident)
    assert not Referral.objects.visible_to(county.desk).exists()
    with pytest.raises(NotFound):
        receiving.accept(county.desk, draft.id)


def test_nobody_refers_somebody_they_do_not_see(
    township: Place, county: Place, stranger: Place, resident: Person
) -> None:
    with pytest.raises(NotFound):
        region.drafted(stranger, county, resident)
    assert not Referral.objects.exists()


def test_content_is_asked_for_when_it_is_sent(
    township: Place, county: Place, resident: Person
) -> None:
    draft = region.drafted(township, county, resident, content={"complaint": "胸闷"})
    with pytest.raises(Invalid) as refused:
        sending.submit(township.doctor, draft.id, consent_by="self")
    assert set(refused.value.fields) == {"exam", "treatment"}


def test_an_emergency_needs_its_complaint_only(
    township: Place, county: Place, resident: Person
) -> None:
    sent = region.submitted(
        township,
        county,
        resident,
        urgency=Urgency.STAT,
        content={"complaint": "胸痛 20 分钟"},
    )
    assert sent.state == State.SUBMITTED
    assert sent.answer_due_at is not None
    assert sent.submitted_at is not None
    assert sent.answer_due_at - sent.submitted_at == timedelta(minutes=10)


def test_somebody_must_have_agreed(
    township: Place, county: Place, resident: Person
) -> None:
    draft = region.drafted(township, county, resident)
    with pytest.raises(Invalid) as refused:
        sending.submit(township.doctor, draft.id, consent_by="")
    assert set(refused.value.fields) == {"consent_by"}


def test_skipping_a_tier_asks_why(
    township: Place, tertiary: Place, resident: Person
) -> None:
    draft = region.drafted(township, tertiary, resident)
    with pytest.raises(Invalid) as refused:
        sending.submit(township.doctor, draft.id, consent_by="self")
    assert set(refused.value.fields) == {"skip_reason"}


def test_leaving_the_consortium_asks_why(
    township: Place, stranger: Place, resident: Person
) -> None:
    draft = region.drafted(township, stranger, resident)
    with pytest.raises(Invalid) as refused:
        sending.submit(township.doctor, draft.id, consent_by="self")
    assert set(refused.value.fields) == {"outside_reason"}


def test_an_expired_agreement_closes_the_green_lane_and_nothing_else(
    township: Place, tertiary: Place, resident: Person
) -> None:
    sent = region.submitted(township, tertiary, resident, skip_reason="no_bed")
    assert sent.state == State.SUBMITTED
    assert sent.agreement_id is None
    assert not sent.is_green_lane


def test_an_emergency_has_the_green_lane_without_any_agreement(
    township: Place, stranger: Place, resident: Person
) -> None:
    sent = region.submitted(
        township, stranger, resident, urgency=Urgency.STAT, outside_reason="emergency"
    )
    assert sent.is_green_lane


def test_nobody_refers_to_themselves(township: Place, resident: Person) -> None:
    with pytest.raises(Invalid) as refused:
        region.drafted(township, township, resident)
    assert set(refused.value.fields) == {"to_institution_id"}


def test_a_closed_institution_takes_nobody(
    township: Place, county: Place, resident: Person
) -> None:
    before = region.drafted(township, county, resident)
    county.institution.closed_on = timezone.localdate()
    county.institution.save()
    with pytest.raises(Invalid) as refused:
        sending.submit(township.doctor, before.id, consent_by="self")
    assert "停业" in str(refused.value.fields["to_institution_id"])
    with pytest.raises(Invalid) as refused:
        region.drafted(township, county, resident)
    assert "停业" in str(refused.value.fields["to_institution_id"])


def test_a_house_that_closes_next_month_still_receives(
    township: Place, county: Place, resident: Person
) -> None:
    county.institution.closed_on = timezone.localdate() + timedelta(days=30)
    county.institution.save()
    assert region.submitted(township, county, resident).state == State.SUBMITTED


def test_the_dead_are_not_referred(
    township: Place, county: Place, resident: Person
) -> None:
    draft = region.drafted(township, county, resident)
    record_death(township.doctor, resident.id, died_at=timezone.now())
    with pytest.raises(Invalid, match="死亡"):
        sending.submit(township.doctor, draft.id, consent_by="self")


def test_a_stale_page_changes_nothing(county: Place, waiting: Referral) -> None:
    shown = waiting.revision
    receiving.assign(county.desk, waiting.id, department_id=county.ward.id)
    with pytest.raises(Conflict, match="刷新"):
        receiving.accept(county.desk, waiting.id, revision=shown)
    assert receiving.accept(county.desk, waiting.id, revision=shown + 1)


def test_the_second_try_is_shown_the_first(
    township: Place, county: Place, waiting: Referral, resident: Person
) -> None:
    second = region.drafted(township, county, resident)
    with pytest.raises(OpenEpisode) as refused:
        sending.submit(township.doctor, second.id, consent_by="self")
    assert refused.value.referral_id == waiting.id


def test_another_specialty_is_another_illness(
    township: Place, county: Place, waiting: Referral, resident: Person
) -> None:
    other = region.submitted(township, county, resident, specialty="orthopaedics")
    assert other.episode_id != waiting.episode_id


def test_the_same_form_twice_is_one_draft(
    township: Place, county: Place, resident: Person
) -> None:
    key, told = new_id(), region.sheet(county)
    first, second = (
        drafting.draft(township.doctor, key=key, person_id=resident.id, sheet=told)
        for _time in range(2)
    )
    assert first == second
    assert Referral.objects.count() == 1


def test_every_wrong_field_is_named_at_once(
    township: Place, county: Place, resident: Person
) -> None:
    with pytest.raises(Invalid) as refused:
        region.drafted(
            township,
            None,
            resident,
            diagnosis_code="X99",
            reason="  ",
            specialty="magic",
            skip_reason="whim",
            content={"complaint": "\x00"},
        )
    assert set(refused.value.fields) == {
        "diagnosis_code", "reason", "specialty", "skip_reason", "complaint",
        "to_institution_id",
    }  # fmt: skip


@pytest.mark.parametrize("reason", ["长" * 513, "原因\x00", "\ud800"])
def test_a_reason_that_cannot_be_kept_is_refused_at_its_field(
    reason: str, township: Place, county: Place, resident: Person
) -> None:
    with pytest.raises(Invalid) as refused:
        region.drafted(township, county, resident, reason=reason)
    assert set(refused.value.fields) == {"reason"}


@pytest.mark.parametrize(
    "text", ["<script>alert(1)</script>", "'; DROP TABLE", "😀 %_"]
)
def test_odd_but_harmless_text_is_kept_as_it_is(
    text: str, township: Place, county: Place, resident: Person
) -> None:
    assert region.drafted(township, county, resident, reason=text).reason == text


Answer = Callable[[World, Referral], object]


@pytest.mark.parametrize(
    ("field", "act"),
    [
        ("question", lambda w, r: receiving.request_info(
            w.county.desk, r.id, question=" ")),
        ("reason_code", lambda w, r: receiving.decline(
            w.county.desk, r.id, reason_code="")),
        ("note", lambda w, r: receiving.decline(
            w.county.desk, r.id, reason_code="other")),
        ("note", lambda w, r: receiving.decline(
            w.county.desk, r.id, reason_code="no_bed", note="长" * 1001)),
        ("reason_code", lambda w, r: sending.withdraw(
            w.township.desk, r.id, reason_code="no_bed")),
        ("to_institution_id", lambda w, r: receiving.redirect(
            w.county.desk, r.id, reason_code="no_bed",
            to_institution_id=w.township.id)),
        ("to_institution_id", lambda w, r: receiving.redirect(
            w.county.desk, r.id, reason_code="no_bed", to_institution_id=new_id())),
        ("note", lambda w, r: closing.record_death(
            w.county.doctor, r.id, died_at=timezone.now(), note="")),
        ("department_id", lambda w, r: receiving.assign(
            w.county.desk, r.id, department_id=w.tertiary.ward.id)),
        ("post_id", lambda w, r: receiving.assign(
            w.county.desk, r.id, department_id=w.county.ward.id,
            post_id=w.tertiary.doctor.post_id)),
    ],
)  # fmt: skip
def test_what_is_missing_is_said_at_its_field(
    field: str, act: Answer, world: World, waiting: Referral
) -> None:
    with pytest.raises(Invalid) as refused:
        act(world, waiting)
    assert field in refused.value.fields
    waiting.refresh_from_db()
    assert waiting.state == State.SUBMITTED
    assert ReferralStep.objects.filter(referral=waiting).count() == 1


def test_completing_without_feedback_is_refused(
    township: Place, county: Place, resident: Person
) -> None:
    here = region.arrived(township, county, resident)
    with pytest.raises(Invalid) as refused:
        receiving.complete(county.doctor, here.id, feedback={"diagnosis": "高血压"})
    assert set(refused.value.fields) == {"course", "advice"}


def test_only_what_was_asked_for_can_be_changed_after_sending(
    township: Place, county: Place, stranger: Place, waiting: Referral
) -> None:
    with pytest.raises(Conflict):
        drafting.save_draft(township.doctor, waiting.id, sheet=region.sheet(county))
    receiving.request_info(county.desk, waiting.id, question="心电图？")
    with pytest.raises(Invalid) as refused:
        drafting.save_draft(township.doctor, waiting.id, sheet=region.sheet(stranger))
    assert set(refused.value.fields) == {"to_institution_id"}
    more = region.sheet(
        county,
        content={**region.UP_CONTENT, "results": "心电图：ST 段压低"},
        urgency=Urgency.STAT,
    )
    changed = drafting.save_draft(township.doctor, waiting.id, sheet=more)
    assert "ST 段" in changed.content["results"]
    assert changed.urgency == Urgency.ROUTINE


def test_going_on_needs_a_hop_that_came_here(
    township: Place, county: Place, tertiary: Place, waiting: Referral
) -> None:
    # The county has not accepted; the township is not where this hop led.
    other = region.contracted(township, "马文")
    with pytest.raises(Invalid, match="上一程"):
        region.drafted(township, county, other, parent=waiting.id)


def test_a_village_nurse_writes_nothing(world: World) -> None:
    with pytest.raises(NotPermitted):
        drafting.draft(
            world.township.nurse,
            key=new_id(),
            person_id=world.resident.id,
            sheet=region.sheet(world.county),
        )


def test_who_is_only_known_by_name_cannot_be_referred(world: World) -> None:
    person = people.person("王建国")
    with pytest.raises(NotFound):
        region.drafted(world.township, world.county, person)
