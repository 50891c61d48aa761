"""A small region for tests: a village, a township, a county, a city, a stranger."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.backends.postgresql.psycopg_any import DateRange
from django.utils import timezone

from yilian.care.referral.models import Referral
from yilian.care.referral.rules.reasons import CareKind, Urgency
from yilian.care.referral.services import drafting, receiving, sending
from yilian.care.referral.services.drafting import Sheet
from yilian.foundation.access.actor import Actor, Role, system_actor
from yilian.foundation.terminology.models import Concept
from yilian.kernel.ids import new_id
from yilian.kernel.tier import Tier
from yilian.registry.consortium.models import Consortium
from yilian.registry.consortium.tests.cast import (
    a_day,
    make_agreement,
    make_consortium,
    make_member,
)
from yilian.registry.directory.models import Department, Institution
from yilian.registry.directory.tests.cast import SINCE, make_authority
from yilian.registry.population.models import ChosenInstitution, Person
from yilian.registry.population.rules import Ground, Scope
from yilian.registry.population.services.grants import give_grant
from yilian.registry.population.tests import world as people
from yilian.resources.scheduling.models import Bed, Slot
from yilian.resources.scheduling.rules import Quota

UP_CONTENT: Mapping[str, str] = {
    "complaint": "胸闷 3 天",
    "exam": "血压 182/112 mmHg",
    "treatment": "氨氯地平 5 mg 每日一次",
}
DOWN_CONTENT: Mapping[str, str] = {
    "discharge_summary": "支架术后恢复良好",
    "drugs": "阿司匹林 100 mg 每日一次 长期",
    "targets": "血压 <130/80 mmHg",
    "warning_signs": "胸痛超过 15 分钟",
    "upper_contact": "心内科 0951-5550100",
}
FEEDBACK: Mapping[str, str] = {
    "diagnosis": "高血压 3 级",
    "course": "调整用药后血压平稳",
    "advice": "两周后复查血压",
}
FEEDBACK_DOWN: Mapping[str, str] = {"course": "首次随访血压 128/78 mmHg"}
SYSTEM = system_actor("test")


@dataclass(frozen=True)
class Place:
    """An institution with those who work there."""

    institution: Institution
    doctor: Actor
    desk: Actor
    nurse: Actor
    ward: Department

    @property
    def id(self) -> UUID:
        return self.institution.id


@dataclass(frozen=True)
class World:
    village: Place
    township: Place
    county: Place
    tertiary: Place
    stranger: Place  # another county's hospital, in no consortium with these
    consortium: Consortium
    resident: Person


def make_world() -> World:
    for code, name in (("I10.x00", "高血压病"), ("I21.900", "心肌梗死")):
        known = {"edition": "t", "name": name}
        Concept.objects.get_or_create(system="icd10", code=code, defaults=known)
    village = make_place("红星村卫生室", Tier.VILLAGE)
    township = make_place("望远镇卫生院", Tier.PRIMARY)
    county = make_place("永宁县人民医院", Tier.SECONDARY)
    tertiary = make_place("自治区总医院", Tier.TERTIARY)
    stranger = make_place("平罗县人民医院", Tier.SECONDARY)
    consortium = make_consortium(authority=make_authority())
    for place in (village, township, county, tertiary):
        make_member(consortium, place.institution)
    make_agreement(village.institution, township.institution)
    make_agreement(township.institution, county.institution)
    make_agreement(county.institution, tertiary.institution)
    make_agreement(
        township.institution, tertiary.institution, start=SINCE, end=a_day(-30)
    )
    return World(
        village, township, county, tertiary, stranger, consortium, contracted(township)
    )


def make_place(name: str, tier: Tier) -> Place:
    house = people.institution(name, tier)
    ward = people.department(house)
    return Place(
        institution=house,
        doctor=people.staff(house, Role.PHYSICIAN, name="周医生"),
        desk=people.staff(house, Role.REFERRAL_DESK, name="李主任"),
        nurse=people.staff(house, Role.NURSE, name="丁护士"),
        ward=ward,
    )


def contracted(place: Place, name: str = "马秀英", **facts: Any) -> Person:
    """A resident with a family-doctor contract there."""
    person = people.person(name, **facts)
    contract = new_id()
    ChosenInstitution.objects.create(
        person=person,
        tier=str(place.institution.tier),
        institution=place.institution,
        period=DateRange(SINCE, None),
        contract_id=contract,
    )
    give_grant(
        SYSTEM,
        person_id=person.id,
        institution_id=place.id,
        ground=Ground.CONTRACT,
        scope=Scope.FULL,
        evidence_kind="contract",
        evidence_id=contract,
    )
    return person


def seen_by(place: Place, person: Person) -> Person:
    """Somebody the house has seen with their card."""
    give_grant(
        SYSTEM,
        person_id=person.id,
        institution_id=place.id,
        ground=Ground.PRESENCE,
        scope=Scope.FULL,
        evidence_kind="presence",
        evidence_id=new_id(),
    )
    return person


def sheet(to: Place | None = None, **facts: Any) -> Sheet:
    told: dict[str, Any] = {
        "urgency": Urgency.ROUTINE,
        "specialty": "cardiology",
        "diagnosis_code": "I10.x00",
        "reason": "血压两次随访未达标",
        "care_kind": CareKind.OUTPATIENT,
        "to_institution_id": to.id if to else None,
        "content": dict(UP_CONTENT),
    }
    return Sheet(**(told | facts))


def drafted(
    source: Place, to: Place | None, person: Person, *, parent: Any = None, **facts: Any
) -> Referral:
    return drafting.draft(
        source.doctor,
        key=new_id(),
        person_id=person.id,
        sheet=sheet(to, **facts),
        parent_id=parent,
    )


def submitted(
    source: Place, to: Place | None, person: Person, *, parent: Any = None, **facts: Any
) -> Referral:
    draft = drafted(source, to, person, parent=parent, **facts)
    return sending.submit(source.doctor, draft.id, consent_by="self")


def accepted(source: Place, to: Place, person: Person, **facts: Any) -> Referral:
    waiting = submitted(source, to, person, **facts)
    return receiving.accept(to.desk, waiting.id)


def arrived(source: Place, to: Place, person: Person, **facts: Any) -> Referral:
    coming = accepted(source, to, person, **facts)
    return receiving.arrive(to.desk, coming.id)


def beds(place: Place, *quotas: Quota) -> list[Bed]:
    return [
        Bed.objects.create(
            institution=place.institution,
            department=place.ward,
            label=f"{number}",
            quota=quota.value,
        )
        for number, quota in enumerate(quotas, start=1)
    ]


def slot(place: Place, starts_at: datetime, quota: Quota = Quota.REFERRAL) -> Slot:
    return Slot.objects.create(
        institution=place.institution,
        department=place.ward,
        quota=quota.value,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(minutes=15),
    )


def in_days(days: float) -> datetime:
    return timezone.now() + timedelta(days=days)


def push_back(referral: Referral, by: timedelta) -> Referral:
    """As if everything that is written on the row had happened so much earlier."""
    moments = [
        "submitted_at", "answer_due_at", "paused_at", "answered_at", "valid_until",
        "visit_at", "arrived_at", "care_ended_at", "feedback_due_at", "consented_at",
    ]  # fmt: skip
    for name in moments:
        at = getattr(referral, name)
        if at is not None:
            setattr(referral, name, at - by)
    referral.save()
    return referral
