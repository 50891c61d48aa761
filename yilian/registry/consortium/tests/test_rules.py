"""Who governs, who leads, who joins, and how an agreement stands on a day."""

from datetime import date

import pytest

from yilian.registry.consortium.rules import (
    Candidate,
    Form,
    SignatureState,
    Standing,
    governing_area,
    lead_obstacle,
    member_obstacle,
    standing,
    state_after_signing,
)
from yilian.registry.directory.rules import InstitutionKind, Level, Sponsor

K, L, S = InstitutionKind, Level, Sponsor


@pytest.mark.parametrize(
    ("form", "areas", "governed_by"),
    [
        pytest.param(
            Form.COUNTY_CONSORTIUM, ["640121", "640121104"], "6401", id="县域"
        ),
        pytest.param(Form.CITY_CONSORTIUM, ["640104", "640106"], "6401", id="市内跨区"),
        pytest.param(
            Form.SPECIALTY_ALLIANCE, ["640104", "640106"], "6401", id="市内专科"
        ),
        pytest.param(
            Form.SPECIALTY_ALLIANCE, ["640104", "640521"], "64", id="跨市专科"
        ),
        pytest.param(
            Form.TELEMEDICINE_NETWORK, ["640104", "640402"], "64", id="跨市网络"
        ),
        pytest.param(Form.HOSPITAL_GROUP, ["640104"], "64", id="集团一律归自治区"),
        pytest.param(Form.TELEMEDICINE_NETWORK, [], "64", id="尚无成员"),
        pytest.param(Form.CITY_CONSORTIUM, ["64"], "64", id="只写到自治区"),
    ],
)
def test_who_governs(form: Form, areas: list[str], governed_by: str) -> None:
    assert governing_area(form, areas) == governed_by


@pytest.mark.parametrize(
    ("form", "kind", "level", "sponsor", "may"),
    [
        (Form.CITY_CONSORTIUM, K.GENERAL_HOSPITAL, L.TERTIARY, S.GOVERNMENT, True),
        (Form.CITY_CONSORTIUM, K.GENERAL_HOSPITAL, L.SECONDARY, S.GOVERNMENT, True),
        (Form.CITY_CONSORTIUM, K.GENERAL_HOSPITAL, L.TERTIARY, S.OTHER_PUBLIC, True),
        (Form.CITY_CONSORTIUM, K.GENERAL_HOSPITAL, L.TERTIARY, S.SOCIAL, False),
        (Form.CITY_CONSORTIUM, K.GENERAL_HOSPITAL, L.PRIMARY, S.GOVERNMENT, False),
        (Form.CITY_CONSORTIUM, K.COMMUNITY_CENTER, L.SECONDARY, S.GOVERNMENT, False),
        (Form.COUNTY_CONSORTIUM, K.TCM_HOSPITAL, L.SECONDARY, S.GOVERNMENT, True),
        (Form.COUNTY_CONSORTIUM, K.GENERAL_HOSPITAL, L.UNRATED, S.GOVERNMENT, True),
        (Form.COUNTY_CONSORTIUM, K.TOWNSHIP_CENTER, L.PRIMARY, S.GOVERNMENT, False),
        (Form.HOSPITAL_GROUP, K.GENERAL_HOSPITAL, L.SECONDARY, S.GOVERNMENT, False),
        (Form.TELEMEDICINE_NETWORK, K.TCM_HOSPITAL, L.SECONDARY, S.GOVERNMENT, True),
    ],
)  # fmt: skip
def test_who_may_lead(
    form: Form, kind: InstitutionKind, level: Level, sponsor: Sponsor, may: bool
) -> None:
    assert (lead_obstacle(form, Candidate(kind, level, sponsor)) is None) is may


def test_a_strong_specialty_leads_an_alliance_at_any_level() -> None:
    weak = Candidate(K.SPECIALIST_HOSPITAL, L.SECONDARY, S.GOVERNMENT)
    strong = Candidate(K.SPECIALIST_HOSPITAL, L.SECONDARY, S.GOVERNMENT, True)
    obstacle = lead_obstacle(Form.SPECIALTY_ALLIANCE, weak)
    assert obstacle is not None
    assert obstacle.because.id == "NX-2.1.4-a"
    assert lead_obstacle(Form.SPECIALTY_ALLIANCE, strong) is None


@pytest.mark.parametrize(
    ("form", "kind", "level", "may"),
    [
        (Form.CITY_CONSORTIUM, K.COMMUNITY_CENTER, L.UNRATED, True),
        (Form.CITY_CONSORTIUM, K.COMMUNITY_STATION, L.UNRATED, True),
        (Form.CITY_CONSORTIUM, K.NURSING_HOSPITAL, L.UNRATED, True),
        (Form.CITY_CONSORTIUM, K.REHAB_INSTITUTION, L.UNRATED, True),
        (Form.CITY_CONSORTIUM, K.GENERAL_HOSPITAL, L.SECONDARY, True),
        (Form.CITY_CONSORTIUM, K.GENERAL_HOSPITAL, L.TERTIARY, False),
        (Form.CITY_CONSORTIUM, K.VILLAGE_CLINIC, L.UNRATED, False),
        (Form.COUNTY_CONSORTIUM, K.TOWNSHIP_CENTER, L.PRIMARY, True),
        (Form.COUNTY_CONSORTIUM, K.VILLAGE_CLINIC, L.UNRATED, True),
        (Form.COUNTY_CONSORTIUM, K.ELDERLY_HOME, L.UNRATED, False),
        (Form.TELEMEDICINE_NETWORK, K.VILLAGE_CLINIC, L.UNRATED, True),
        (Form.TELEMEDICINE_NETWORK, K.AUTHORITY, L.UNRATED, False),
        (Form.HIGH_LEVEL_COLLABORATIVE, K.VILLAGE_CLINIC, L.UNRATED, False),
        (Form.SPECIALTY_ALLIANCE, K.GENERAL_HOSPITAL, L.SECONDARY, False),
    ],
)
def test_who_may_join(
    form: Form, kind: InstitutionKind, level: Level, may: bool
) -> None:
    candidate = Candidate(kind, level, S.GOVERNMENT)
    assert (member_obstacle(form, candidate) is None) is may


def test_an_alliance_is_joined_by_a_department() -> None:
    candidate = Candidate(
        K.GENERAL_HOSPITAL, L.SECONDARY, S.SOCIAL, brings_department=True
    )
    assert member_obstacle(Form.SPECIALTY_ALLIANCE, candidate) is None


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (date(2025, 12, 31), Standing.NOT_YET),
        (date(2026, 1, 1), Standing.IN_FORCE),
        (date(2026, 11, 1), Standing.IN_FORCE),
        (date(2026, 11, 2), Standing.ENDS_SOON),
        (date(2026, 12, 31), Standing.ENDS_SOON),
        (date(2027, 1, 1), Standing.EXPIRED),
    ],
)
def test_how_a_signed_agreement_stands(day: date, expected: Standing) -> None:
    assert (
        standing(SignatureState.SIGNED, date(2026, 1, 1), date(2027, 1, 1), day)
        is expected
    )


def test_unsigned_ended_and_open_ended() -> None:
    start, day = date(2026, 1, 1), date(2026, 6, 1)
    assert standing(SignatureState.PARTLY_SIGNED, start, None, day) is Standing.UNSIGNED
    assert standing(SignatureState.ENDED, start, None, day) is Standing.ENDED
    assert standing(SignatureState.SIGNED, start, None, day) is Standing.IN_FORCE


@pytest.mark.parametrize(
    ("signed", "state"), [(0, "draft"), (1, "partly_signed"), (2, "signed")]
)
def test_the_state_follows_the_signatures(signed: int, state: str) -> None:
    assert state_after_signing(signed, 2) == state
