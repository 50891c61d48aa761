"""A small region, built once as the command builds it, and looked at as pages do."""

import logging
import os
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection, connections
from django.db.models import Q
from django.test import override_settings

from yilian.care.referral.models import (
    Attachment,
    Breach,
    FollowUp,
    Referral,
    ReferralStep,
)
from yilian.care.referral.queries import candidates
from yilian.care.referral.rules.clocks import is_overdue
from yilian.care.referral.rules.states import State
from yilian.config.runtime import testdb
from yilian.config.settings import database_of
from yilian.demo.build import NotADemo, Report, build
from yilian.demo.cast import CAST
from yilian.demo.loading import papers as papers_of_the_demo
from yilian.demo.loading.corridor import arranged
from yilian.demo.tests.conftest import NOW
from yilian.demo.world.build import Region, region
from yilian.demo.world.people.cast import COUNTY
from yilian.foundation.access.actor import Actor
from yilian.foundation.audit.models import AuditEntry
from yilian.foundation.audit.services import verify
from yilian.foundation.files.queries import open_plain
from yilian.foundation.identity.models import Account
from yilian.foundation.outbox.models import OutboxMessage
from yilian.foundation.parameters import queries as parameters
from yilian.insurance.budget.models import Clearing
from yilian.insurance.budget.queries.clearings import clearing_page
from yilian.insurance.budget.rules.states import ClearingKind
from yilian.insurance.budget.services.clearing import digest_of
from yilian.record.models import Locator
from yilian.registry.consortium.models import Agreement
from yilian.registry.directory.models import DutyShift, Institution, PractitionerRole
from yilian.registry.population.actors import actor_for
from yilian.registry.population.models import (
    BreakGlass,
    ChosenInstitution,
    Grant,
    Person,
)
from yilian.registry.population.queries import sight_of
from yilian.registry.population.rules import Scope
from yilian.resources.reception.models import Encounter
from yilian.resources.scheduling.models import Bed, Slot
from yilian.resources.scheduling.queries import free_places, ward_load

RESIDENTS = 150
SEED = 1


@dataclass
class Built:
    planned: Region
    report: Report = field(init=False)
    said: list[tuple[float, str]] = field(default_factory=list)
    logged: list[str] = field(default_factory=list)


class _Ear(logging.Handler):
    def __init__(self, heard: list[str]) -> None:
        super().__init__(logging.DEBUG)
        self.heard = heard

    def emit(self, record: logging.LogRecord) -> None:
        if not record.name.startswith("django.db"):
            self.heard.append(self.format(record))


@contextmanager
def _in_a_database_of_its_own(name: str) -> Iterator[Mapping[str, Any]]:
    """Built by the owner, as the command does; then the pages' role looks at it."""
    settings = connections.settings["default"]
    before = dict(settings)
    urls = testdb.clone(testdb.migrated_template(), name)
    connections.close_all()
    settings.update(database_of(urls.owner))
    try:
        yield database_of(urls.app)
    finally:
        connections.close_all()
        settings.update(before)
        testdb.drop(name)


@pytest.fixture(scope="module")
def built(
    django_db_setup: None,
    django_db_blocker: Any,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Built]:
    name = f"yilian_test_{os.getpid()}_region"
    made = Built(region(RESIDENTS, SEED, NOW))
    ear = _Ear(made.logged)
    with (
        override_settings(
            YILIAN_DEMO=True, YILIAN_DATA=tmp_path_factory.mktemp("region")
        ),
        django_db_blocker.unblock(),
        _in_a_database_of_its_own(name) as pages,
    ):
        logging.getLogger().addHandler(ear)
        try:
            made.report = build(
                RESIDENTS,
                SEED,
                lambda percent, text: made.said.append((percent, text)),
                NOW,
            )
        finally:
            logging.getLogger().removeHandler(ear)
        connections.close_all()
        connections.settings["default"].update(pages)
        yield made


def test_only_a_demo_is_built(settings: Any) -> None:
    settings.YILIAN_DEMO = False
    with pytest.raises(NotADemo):
        build(RESIDENTS)


def test_some_referrals_carry_papers_that_open(built: Built) -> None:
    papers = Attachment.objects.select_related("file", "referral")
    given = papers.filter(first_id=None)  # the others went on with their patient
    assert 6 <= given.count() <= papers_of_the_demo.MOST
    kinds = Counter(paper.file.kind for paper in papers)
    assert set(kinds) == {"image/png", "application/pdf"}
    for paper in papers:
        assert paper.institution_id == paper.referral.from_institution_id
        assert open_plain(paper.file).read(4) in {b"\x89PNG", b"%PDF"}
    county = Institution.objects.get(code=COUNTY)
    assert papers.filter(referral__to_institution=county).exists()


def of_cast(username: str) -> Actor:
    actor = actor_for(Account.objects.get(username=username), None)
    assert actor is not None
    return actor


def test_every_story_ends_where_it_was_planned_to(built: Built) -> None:
    planned = Counter(plan.ends_in.value for plan in arranged(built.planned))
    assert built.report.refused == ()
    assert Counter(Referral.objects.values_list("state", flat=True)) == planned
    assert set(planned) == {state.value for state in State}


def test_the_whole_region_stands(built: Built) -> None:
    planned = built.planned
    assert Institution.objects.count() == len(planned.institutions)
    assert PractitionerRole.objects.count() == len(planned.staff.posts)
    assert DutyShift.objects.count() == len(planned.shifts)
    assert Agreement.objects.count() == len(planned.agreements)
    assert Bed.objects.count() == sum(1 for _ in planned.beds())
    assert Slot.objects.count() == sum(1 for _ in planned.slots())
    assert Person.objects.count() == RESIDENTS
    kept = set(Locator.objects.values_list("type", flat=True))
    assert kept >= {"Observation", "Condition", "MedicationRequest", "ServiceRequest"}


def test_progress_goes_from_nothing_to_all(built: Built) -> None:
    percents = [percent for percent, _text in built.said]
    assert percents == sorted(percents)
    assert percents[0] == 0
    assert percents[-1] == 100


def test_the_whole_cast_can_enter(built: Built) -> None:
    actors = {member.username: of_cast(member.username) for member in CAST}
    assert not any(
        account.has_usable_password() for account in Account.objects.iterator()
    )
    assert actors["tertiary_specialist"].has_other_posts
    assert len(actors["resident_child"].person_ids) > 1


def test_steps_lie_in_the_past_in_their_order(built: Built) -> None:
    for referral in Referral.objects.prefetch_related("steps"):
        times = [step.taken_at for step in referral.steps.order_by("id")]
        assert times == sorted(times)
        assert all(referral.created_at <= at <= NOW for at in times)
    assert not AuditEntry.objects.filter(at__gt=NOW).exists()
    oldest = ReferralStep.objects.order_by("taken_at").values_list(
        "taken_at", flat=True
    )
    assert oldest[0] >= NOW - timedelta(days=100)


def test_the_people_who_took_the_steps_stand_in_the_audit_trail(built: Built) -> None:
    for step in ReferralStep.objects.filter(account__isnull=False)[:200]:
        assert AuditEntry.objects.filter(
            object_id=step.referral_id,
            account_id=step.account_id,
            at=step.taken_at,
            origin="demo",
        ).exists()


def test_no_sight_without_its_evidence(built: Built) -> None:
    contracts = set(ChosenInstitution.objects.values_list("contract_id", flat=True))
    encounters = set(Encounter.objects.values_list("pk", flat=True)) | {
        UUID(key)
        for key in Locator.objects.filter(type="Encounter").values_list("id", flat=True)
    }
    known = {
        "contract": contracts,
        "encounter": encounters,
        "referral": set(Referral.objects.values_list("pk", flat=True)),
        "registration": set(Person.objects.values_list("pk", flat=True)),
        "break_glass": set(BreakGlass.objects.values_list("pk", flat=True)),
    }
    grants = list(Grant.objects.values_list("evidence_kind", "evidence_id"))
    assert grants
    assert all(evidence in known[kind] for kind, evidence in grants)


def test_nobody_sees_the_family_of_the_cast_without_a_ground(built: Built) -> None:
    resident = Person.objects.get(account__username="resident")
    assert sight_of(of_cast("township_gp"), resident.pk).scope is Scope.FULL
    assert sight_of(of_cast("outside_doctor"), resident.pk).scope is Scope.NONE


def test_the_audit_trail_is_whole(built: Built) -> None:
    assert built.report.sealed > 0
    assert verify().is_clean


def test_only_the_last_hours_are_news(built: Built) -> None:
    news = OutboxMessage.objects.filter(dispatched_at=None)
    assert news.exists()
    assert not news.filter(created_at__lt=NOW - timedelta(hours=12)).exists()
    old = OutboxMessage.objects.filter(created_at__lt=NOW - timedelta(hours=12))
    assert not old.filter(dispatched_at=None).exists()


def test_the_county_desk_has_a_morning_before_it(built: Built) -> None:
    here = Referral.objects.filter(to_institution__code=COUNTY)
    waiting = here.filter(state=State.SUBMITTED.value)
    assert waiting.exists()
    minutes_left = [
        (row.answer_due_at - NOW) / timedelta(minutes=1)
        for row in waiting.filter(urgency="stat")
        if row.answer_due_at
    ]
    assert any(0 < left <= 10 for left in minutes_left)
    assert here.filter(state__in=["scheduled", "departed"]).exists()
    assert Breach.objects.filter(reason_code="").exists()
    assert Breach.objects.exclude(reason_code="").exists()
    assert FollowUp.objects.filter(done_at=None).exists()
    assert FollowUp.objects.filter(done_at__isnull=False).exists()


def test_no_clock_ran_out_unnoticed(built: Built) -> None:
    for row in Referral.objects.filter(state=State.SUBMITTED.value):
        is_late = is_overdue(row.answer_due_at, row.paused_at, NOW)
        assert row.breaches.filter(clock="answer").exists() == is_late


def test_wards_are_neither_empty_nor_full(built: Built) -> None:
    county = of_cast("county_desk")
    assert county.institution_id is not None
    loads = ward_load(county.institution_id)
    assert sum(load.taken for load in loads) > 0
    assert all(load.free > 0 for load in loads)
    clinic = of_cast("county_clinician").department_id
    assert clinic is not None
    assert free_places([clinic], NOW)[clinic].next_slot_at is not None


def test_somebody_can_go_down_today(built: Built) -> None:
    ward = candidates.ward(of_cast("county_clinician"), NOW)
    assert ward.ready or ward.ask


def test_who_is_in_hospital_is_nowhere_else(built: Built) -> None:
    open_stays = Encounter.objects.filter(state="in-progress", kind="inpatient")
    assert open_stays.exists()
    persons = Counter(open_stays.values_list("person", flat=True))
    assert max(persons.values()) == 1
    dead = Encounter.objects.filter(
        Q(person__died_at__isnull=False), state="in-progress"
    )
    assert not dead.exists()


def test_some_emergency_openings_wait_for_their_review(built: Built) -> None:
    assert BreakGlass.objects.filter(reviewed_at=None).count() == 2
    assert BreakGlass.objects.filter(is_justified=True).exists()
    assert BreakGlass.objects.filter(is_justified=False).exists()


def test_a_confirmed_year_was_looked_at_again(built: Built) -> None:
    """What was kept goes back in part, and its own members see it."""
    made = Clearing.objects.get(kind=ClearingKind.SUPPLEMENT)
    assert made.supplements is not None
    assert made.supplements.retained > made.retained
    assert digest_of(made) == made.digest
    page = clearing_page(of_cast("consortium_office"), made.pk)
    assert page.is_confirmed
    assert page.is_whole
    assert page.shared == page.to_share < 0
    own = clearing_page(of_cast("township_finance"), made.pk).shares
    assert [one.row.amount < 0 for one in own] == [True]


def test_nothing_tells_a_name_or_a_number(built: Built) -> None:
    said = " ".join([*(text for _percent, text in built.said), *built.logged])
    with connection.cursor() as cursor:
        cursor.execute("SELECT string_agg(detail::text, ' ') FROM audit_auditentry")
        said += cursor.fetchone()[0]
        cursor.execute("SELECT string_agg(body::text, ' ') FROM outbox_outboxmessage")
        said += cursor.fetchone()[0]
    for one in built.planned.population.residents:
        assert one.name not in said
        assert not one.phone or one.phone not in said
        assert all(known.value not in said for known in one.identifiers)


def test_the_same_seed_tells_the_same_region(
    built: Built, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where a process sees at once which parameters the other has released."""
    asked = (
        "SELECT id, number, state, person_id, revision FROM referral_referral",
        "SELECT id, referral_id, step, taken_at FROM referral_referralstep",
        "SELECT id, started_at, ended_at FROM reception_encounter",
        "SELECT id, bed_id, slot_id, state FROM scheduling_hold",
        "SELECT id, username FROM identity_account",
        "SELECT type, id, person_id FROM record_locator",
        "SELECT id, action, at FROM audit_auditentry",
        "SELECT id, bill_id, entry, total, patient_pay FROM settlement_settlement",
        "SELECT id, period, state FROM clearing_statement",
    )

    def answers() -> dict[str, frozenset[Any]]:
        rows = {}
        with connection.cursor() as cursor:
            for question in asked:
                cursor.execute(question)
                rows[question] = frozenset(cursor.fetchall())
        return rows

    first = answers()
    monkeypatch.setattr(parameters, "SECONDS", 0.0)
    parameters.forget()
    with _in_a_database_of_its_own(f"yilian_test_{os.getpid()}_again"):
        again = build(RESIDENTS, SEED, now=NOW)
        second = answers()
    parameters.forget()
    assert replace(again, sealed=0) == replace(built.report, sealed=0)
    assert [question for question in asked if first[question] != second[question]] == []
