"""Joining, signing, ending: who may, what follows, and what never changes."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from django.db import connection
from django.forms.models import model_to_dict
from pytest_django.fixtures import DjangoAssertNumQueries

from yilian.foundation.access.actor import Actor, Role, system_actor
from yilian.foundation.audit.models import AuditEntry
from yilian.kernel.errors import Conflict, DomainError, Invalid, NotPermitted
from yilian.kernel.ids import new_id
from yilian.registry.consortium import queries, services
from yilian.registry.consortium.models import (
    Agreement,
    AgreementParty,
    Consortium,
    Membership,
)
from yilian.registry.consortium.rules import (
    AgreementKind,
    Form,
    MemberRole,
    SignatureState,
    Tie,
    Tightness,
)
from yilian.registry.consortium.tests.cast import (
    a_day,
    make_agreement,
    make_consortium,
    make_member,
)
from yilian.registry.directory.models import Department, Institution
from yilian.registry.directory.rules import InstitutionKind, Level
from yilian.registry.directory.tests.cast import (
    SINCE,
    actor_at,
    make_authority,
    make_institution,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def region() -> Institution:
    return make_authority("宁夏卫健委", "64")


@pytest.fixture
def city(region: Institution) -> Institution:
    found = make_authority("银川市卫健委", "6401")
    found.administrative_parent = region
    found.save()
    return found


@pytest.fixture
def county() -> Institution:
    return make_institution("永宁县人民医院")


@pytest.fixture
def township() -> Institution:
    return make_institution(
        "望远镇卫生院",
        InstitutionKind.TOWNSHIP_CENTER,
        Level.PRIMARY,
        area_code="640121104",
    )


@pytest.fixture
def body(city: Institution, county: Institution) -> Consortium:
    made = make_consortium(authority=city)
    make_member(made, county, MemberRole.LEAD)
    return made


def join(actor: Actor, body: Consortium, who: Institution, **facts: Any) -> Membership:
    given = {
        "key": new_id(),
        "consortium_id": body.pk,
        "institution_id": who.pk,
        "department_id": None,
        "role": MemberRole.MEMBER,
        "tie": Tie.TRUSTEESHIP,
        "tightness": Tightness.TIGHT,
        "starts_on": a_day(),
        **facts,
    }
    return services.join(actor, **given)


# --- founding and joining -----------------------------------------------------


def found(actor: Actor, lead: Institution, form: Form, **facts: Any) -> Consortium:
    given = {
        "key": new_id(),
        "code": "CC-9",
        "alias": "银川市医共体",
        "form": form,
        "area_code": "6401",
        "founded_on": a_day(),
        "lead_id": lead.pk,
        **facts,
    }
    return services.found_consortium(actor, **given)


def test_the_city_founds_within_the_city_the_region_the_groups(
    city: Institution, region: Institution
) -> None:
    lead = make_institution("银川市第一人民医院", level=Level.TERTIARY)
    of_city, of_region = actor_at(city, Role.OFFICER), actor_at(region, Role.OFFICER)
    made = found(of_city, lead, Form.CITY_CONSORTIUM)
    assert made.governing_authority == city
    assert made.memberships.get().role == MemberRole.LEAD
    with pytest.raises(NotPermitted):
        found(of_city, lead, Form.HOSPITAL_GROUP, code="HG-9")
    assert found(of_region, lead, Form.HOSPITAL_GROUP, code="HG-9").pk
    with pytest.raises(Invalid) as refused:
        found(of_region, lead, Form.HOSPITAL_GROUP, code="HG-9")
    assert set(refused.value.fields) == {"code"}


def test_a_lead_that_may_not_lead_is_refused_with_its_clause(
    city: Institution, township: Institution
) -> None:
    with pytest.raises(Invalid) as refused:
        found(actor_at(city, Role.OFFICER), township, Form.CITY_CONSORTIUM)
    assert "NX-2.1.2-b" in str(refused.value.fields["institution_id"])
    assert not Consortium.objects.exists()


def test_joining_never_changes_the_institution(
    body: Consortium, county: Institution, township: Institution
) -> None:
    township.administrative_parent = make_authority("永宁县卫健局", "640121")
    township.funding_channel = "county"
    township.save()
    before = model_to_dict(township)
    member = join(actor_at(county, Role.CONSORTIUM_OFFICE), body, township)
    services.leave(
        actor_at(county, Role.CONSORTIUM_OFFICE), member.pk, ends_on=a_day(30)
    )
    township.refresh_from_db()
    assert model_to_dict(township) == before
    actions = AuditEntry.objects.values_list("action", flat=True)
    assert sorted(actions) == ["consortium.join", "consortium.leave"]


@pytest.mark.parametrize(
    ("role", "where", "may"),
    [
        (Role.CONSORTIUM_OFFICE, "county", True),
        (Role.OFFICER, "city", True),
        (Role.OFFICER, "region", False),
        (Role.CONSORTIUM_OFFICE, "township", False),
        (Role.PHYSICIAN, "county", False),
        (Role.SYSTEM_ADMIN, "city", False),
    ],
)
def test_who_may_let_members_in(
    role: Role,
    where: str,
    may: bool,
    body: Consortium,
    township: Institution,
    request: pytest.FixtureRequest,
) -> None:
    actor = actor_at(request.getfixturevalue(where), role)
    if may:
        assert join(actor, body, township).pk
        return
    with pytest.raises(NotPermitted):
        join(actor, body, township)


def test_a_member_joins_once_at_a_time(
    body: Consortium, county: Institution, township: Institution
) -> None:
    office = actor_at(county, Role.CONSORTIUM_OFFICE)
    key = new_id()
    first = join(office, body, township, key=key)
    assert join(office, body, township, key=key).pk == first.pk
    with pytest.raises(Conflict):
        join(office, body, township)
    with pytest.raises(Conflict):  # the only lead stays
        services.leave(office, body.memberships.get(role="lead").pk, ends_on=a_day(1))


def test_an_alliance_takes_departments_and_the_region_takes_over(
    city: Institution, region: Institution
) -> None:
    alliance = make_consortium(Form.SPECIALTY_ALLIANCE, authority=city)
    lead = make_institution("总医院", level=Level.TERTIARY, area_code="640104")
    make_member(alliance, lead, MemberRole.LEAD)
    far = make_institution("中宁县人民医院", area_code="640521")
    ward = Department.objects.create(
        institution=far, name="胸痛中心", specialty="chest_pain"
    )
    officer = actor_at(city, Role.OFFICER)
    with pytest.raises(Invalid) as refused:
        join(officer, alliance, far)
    assert "NX-2.1.4-b" in str(refused.value.fields["institution_id"])
    join(officer, alliance, far, department_id=ward.pk)
    alliance.refresh_from_db()
    assert alliance.governing_authority == region


# --- agreements ---------------------------------------------------------------


def draft(actor: Actor, *parties: Institution, **facts: Any) -> Agreement:
    given = {
        "key": new_id(),
        "number": "XY-2026-001",
        "kind": AgreementKind.REFERRAL,
        "title": "双向转诊协议书",
        "party_ids": [party.pk for party in parties],
        "starts_on": a_day(),
        "ends_on": a_day(365),
        **facts,
    }
    return services.draft_agreement(actor, **given)


def test_each_party_signs_for_itself_and_the_last_opens_the_lane(
    county: Institution, township: Institution
) -> None:
    above = actor_at(county, Role.CONSORTIUM_OFFICE, name="周海峰")
    below = actor_at(township, Role.CONSORTIUM_OFFICE)
    made = draft(above, county, township)
    assert made.state == SignatureState.DRAFT
    assert services.sign(above, made.pk).state == SignatureState.PARTLY_SIGNED
    assert queries.agreement_between(county.pk, township.pk, a_day()) is None
    with pytest.raises(Conflict):
        services.sign(above, made.pk)
    assert services.sign(below, made.pk).state == SignatureState.SIGNED
    assert queries.agreement_between(township.pk, county.pk, a_day()) == made
    assert queries.agreement_between(county.pk, township.pk, a_day(-1)) is None
    assert queries.agreement_between(county.pk, township.pk, a_day(365)) is None
    assert made.parties.get(institution=county).signed_by == "周海峰"


@pytest.mark.parametrize(
    "role", [Role.PHYSICIAN, Role.REFERRAL_DESK, Role.SYSTEM_ADMIN]
)
def test_only_the_consortium_office_of_a_party_signs(
    role: Role, county: Institution, township: Institution
) -> None:
    made = make_agreement(county, township, is_signed=False)
    stranger = make_institution("别家医院")
    for actor in (
        actor_at(county, role),
        actor_at(stranger, Role.CONSORTIUM_OFFICE),
    ):
        with pytest.raises(NotPermitted):
            services.sign(actor, made.pk)
        with pytest.raises(NotPermitted):
            draft(actor, county, township)


def test_what_a_draft_must_say(
    body: Consortium, county: Institution, township: Institution
) -> None:
    office = actor_at(county, Role.CONSORTIUM_OFFICE)
    closed = make_institution("停业医院", closed_on=a_day(-1))
    for wrong, field in (
        ({"ends_on": a_day()}, "ends_on"),
        ({"party_ids": [county.pk]}, "party_ids"),
        ({"party_ids": [county.pk, closed.pk]}, "party_ids"),
        ({"consortium_id": body.pk}, "party_ids"),
    ):
        with pytest.raises(Invalid) as refused:
            draft(office, county, township, **wrong)
        assert set(refused.value.fields) == {field}
    draft(office, county, township)
    with pytest.raises(Invalid) as refused:
        draft(office, county, township)
    assert set(refused.value.fields) == {"number"}


def test_an_end_counts_from_its_day_and_not_before(
    county: Institution, township: Institution
) -> None:
    made = make_agreement(county, township)
    office = actor_at(township, Role.CONSORTIUM_OFFICE)
    with pytest.raises(DomainError):
        services.end_agreement(office, made.pk, reason="  ")
    services.end_agreement(office, made.pk, reason="另行签订")
    assert queries.agreement_between(county.pk, township.pk, a_day()) is None
    assert queries.agreement_between(county.pk, township.pk, a_day(-1)) == made
    with pytest.raises(Conflict):
        services.sign(office, made.pk)
    with pytest.raises(Conflict):
        services.end_agreement(office, made.pk, reason="再次")


def test_an_expired_agreement_is_not_signed(
    county: Institution, township: Institution
) -> None:
    made = make_agreement(county, township, end=a_day(), is_signed=False)
    with pytest.raises(Conflict):
        services.sign(actor_at(county, Role.CONSORTIUM_OFFICE), made.pk)


# --- what referral asks -------------------------------------------------------


def test_agreements_with_many_in_one_statement(
    county: Institution,
    township: Institution,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    others = [make_institution(f"第{n}卫生院") for n in range(4)]
    signed = make_agreement(county, others[0])
    longer = make_agreement(county, others[0], end=a_day(900))
    make_agreement(county, others[1], is_signed=False)
    make_agreement(county, others[2], kind=AgreementKind.AID)
    make_agreement(county, others[3], end=a_day())
    with django_assert_num_queries(1):
        found = queries.agreements_for(county.pk, [o.pk for o in others], a_day())
    assert found == {others[0].pk: longer}
    assert queries.agreement_between(county.pk, others[0].pk, a_day()) == longer
    assert signed.pk != longer.pk


def test_consortia_that_two_share(
    body: Consortium, county: Institution, township: Institution
) -> None:
    make_member(body, township)
    other = make_consortium(Form.TELEMEDICINE_NETWORK, alias="远程网")
    make_member(other, township)
    gone = make_consortium(alias="旧医共体", ended_on=a_day(-1))
    for who in (county, township):
        make_member(gone, who)
    stranger = make_institution("别家医院")
    shared = queries.shared_consortia(county.pk, [township.pk, stranger.pk], a_day())
    assert [line.alias for line in shared.pop(township.pk)] == [body.alias]
    assert shared == {}
    own = queries.consortia_of(township.pk, a_day())
    assert {line.alias for line in own} == {body.alias, "远程网"}


def test_two_share_patients_in_one_consortium_and_not_in_the_network_of_all(
    body: Consortium, county: Institution, township: Institution
) -> None:
    network = make_consortium(Form.TELEMEDICINE_NETWORK, alias="远程网")
    gone = make_consortium(alias="旧医共体", ended_on=a_day(-1))
    for who in (county, township):
        make_member(network, who)
        make_member(gone, who)
    assert not queries.share_patients(county.pk, township.pk, a_day())
    make_member(body, township)
    assert queries.share_patients(county.pk, township.pk, a_day())
    assert queries.share_patients(township.pk, county.pk, a_day())
    assert not queries.share_patients(county.pk, county.pk, a_day())
    assert not queries.share_patients(county.pk, make_institution("别家").pk, a_day())


def test_a_missing_agreement_is_flagged_for_the_member(
    body: Consortium, county: Institution, township: Institution
) -> None:
    make_member(body, township)
    groups = queries.member_groups(body, a_day())
    assert [group.tier for group in groups] == ["secondary", "primary"]
    assert queries.missing_lanes(groups) == 1
    made = make_agreement(county, township)
    assert queries.missing_lanes(queries.member_groups(body, a_day())) == 0
    assert queries.missing_lanes(queries.member_groups(body, a_day(366))) == 1
    line = queries.agreement_line(made, a_day())
    assert (line.days_left, line.opens_lane) == (365, True)


# --- many at once -------------------------------------------------------------


def test_a_batch_names_the_authority_that_the_rule_names(
    city: Institution, county: Institution, township: Institution
) -> None:
    def batch(authority: Institution) -> None:
        made = Consortium(
            code="CO-1", alias="医共体", form=Form.COUNTY_CONSORTIUM,
            governing_authority=authority, area_code="640121", founded_on=SINCE,
        )  # fmt: skip
        member = Membership(
            consortium=made, institution=county, role=MemberRole.LEAD,
            tie=Tie.JOINT_RUN, tightness=Tightness.TIGHT, period=(SINCE, None),
        )  # fmt: skip
        agreement = Agreement(
            number="XY-1", consortium=made, kind=AgreementKind.REFERRAL,
            title="协议", validity=(SINCE, a_day(9)), state=SignatureState.SIGNED,
        )  # fmt: skip
        parties = [
            AgreementParty(agreement=agreement, institution=who, signed_on=SINCE)
            for who in (county, township)
        ]
        services.load_many(
            system_actor("demo"),
            consortia=[made],
            memberships=[member],
            agreements=[agreement],
            parties=parties,
        )

    with pytest.raises(Invalid):
        batch(make_authority("永宁县卫健局", "640121"))
    batch(city)
    assert queries.agreement_between(county.pk, township.pk, a_day()) is not None
    assert AuditEntry.objects.get().detail["agreementparty"] == 2


# --- races --------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_two_that_sign_at_once_both_count() -> None:
    places = [make_institution(f"第{n}医院") for n in range(2)]
    made = make_agreement(*places, start=a_day(), is_signed=False)
    offices = [actor_at(place, Role.CONSORTIUM_OFFICE) for place in places]
    line = Barrier(2)

    def sign(actor: Actor) -> str:
        try:
            line.wait(5)
            return str(services.sign(actor, made.pk).state)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        states = sorted(pool.map(sign, offices))
    assert states == ["partly_signed", "signed"]
    made.refresh_from_db()
    assert made.state == SignatureState.SIGNED
    assert made.validity.upper - a_day() == timedelta(days=365)
