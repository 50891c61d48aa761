"""Forms of consortium, ties between members, and when an agreement is in force."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Final

from yilian.kernel.areas import NINGXIA
from yilian.kernel.clause import Clause, clause
from yilian.kernel.text import _
from yilian.registry.directory.rules import InstitutionKind, Level, Sponsor


class Form(StrEnum):
    HOSPITAL_GROUP = "hospital_group"
    CITY_CONSORTIUM = "city_consortium"
    COUNTY_CONSORTIUM = "county_consortium"
    SPECIALTY_ALLIANCE = "specialty_alliance"
    TELEMEDICINE_NETWORK = "telemedicine_network"
    HIGH_LEVEL_COLLABORATIVE = "high_level_collaborative"


FORM_NAMES: Final[Mapping[Form, str]] = {
    Form.HOSPITAL_GROUP: _("医疗集团"),
    Form.CITY_CONSORTIUM: _("城市医共体"),
    Form.COUNTY_CONSORTIUM: _("县域医共体"),
    Form.SPECIALTY_ALLIANCE: _("专科联盟"),
    Form.TELEMEDICINE_NETWORK: _("远程医疗协作网"),
    Form.HIGH_LEVEL_COLLABORATIVE: _("高层医疗协同体"),
}

FORM_CLAUSES: Final[Mapping[Form, Clause]] = {
    Form.HOSPITAL_GROUP: clause("NX-2.1.1-a"),
    Form.CITY_CONSORTIUM: clause("NX-2.1.2-a"),
    Form.COUNTY_CONSORTIUM: clause("NX-2.1.3-a"),
    Form.SPECIALTY_ALLIANCE: clause("NX-2.1.4-a"),
    Form.TELEMEDICINE_NETWORK: clause("NX-2.1.5-a"),
    Form.HIGH_LEVEL_COLLABORATIVE: clause("NX-2.1.6-a"),
}


class MemberRole(StrEnum):
    LEAD = "lead"
    CO_LEAD = "co_lead"
    MEMBER = "member"


MEMBER_ROLE_NAMES: Final[Mapping[MemberRole, str]] = {
    MemberRole.LEAD: _("牵头单位"),
    MemberRole.CO_LEAD: _("共同牵头单位"),
    MemberRole.MEMBER: _("成员单位"),
}


class Tie(StrEnum):
    RUN_BY = "run_by"
    JOINT_RUN = "joint_run"
    COOPERATION = "cooperation"
    TRUSTEESHIP = "trusteeship"
    GROUP_OPERATION = "group_operation"
    TECHNICAL_COOPERATION = "technical_cooperation"
    COUNTERPART_AID = "counterpart_aid"


TIE_NAMES: Final[Mapping[Tie, str]] = {
    Tie.RUN_BY: _("举办"),
    Tie.JOINT_RUN: _("联办"),
    Tie.COOPERATION: _("协作"),
    Tie.TRUSTEESHIP: _("托管"),
    Tie.GROUP_OPERATION: _("集团化运营"),
    Tie.TECHNICAL_COOPERATION: _("技术协作"),
    Tie.COUNTERPART_AID: _("对口支援"),
}


class Tightness(StrEnum):
    TIGHT = "tight"
    SEMI_TIGHT = "semi_tight"
    LOOSE = "loose"


TIGHTNESS_NAMES: Final[Mapping[Tightness, str]] = {
    Tightness.TIGHT: _("紧密型"),
    Tightness.SEMI_TIGHT: _("半紧密型"),
    Tightness.LOOSE: _("松散型"),
}


class AgreementKind(StrEnum):
    REFERRAL = "referral_agreement"
    COOPERATION = "cooperation_agreement"
    AID = "aid_agreement"
    TRUSTEESHIP = "trusteeship_agreement"


AGREEMENT_NAMES: Final[Mapping[AgreementKind, str]] = {
    AgreementKind.REFERRAL: _("双向转诊协议书"),
    AgreementKind.COOPERATION: _("合作协议"),
    AgreementKind.AID: _("帮扶协议"),
    AgreementKind.TRUSTEESHIP: _("托管协议"),
}


class SignatureState(StrEnum):
    DRAFT = "draft"
    PARTLY_SIGNED = "partly_signed"
    SIGNED = "signed"
    ENDED = "ended"


SIGNATURE_NAMES: Final[Mapping[SignatureState, str]] = {
    SignatureState.DRAFT: _("草拟"),
    SignatureState.PARTLY_SIGNED: _("部分签署"),
    SignatureState.SIGNED: _("已签署"),
    SignatureState.ENDED: _("已终止"),
}


# --- who governs (NX-5.3-h) ---------------------------------------------------

GOVERNED_BY: Final = clause("NX-5.3-h")
_CITY: Final = len("6401")


def governing_area(form: Form, areas: Iterable[str]) -> str:
    """Whose commission governs: the city's within one city, otherwise the region's.

    `areas` are those of the members. The hospital groups are the region's wherever
    their members lie.
    """
    cities = {area[:_CITY] for area in areas}
    if form is Form.HOSPITAL_GROUP or len(cities) != 1:
        return NINGXIA
    city = next(iter(cities))
    return city if len(city) == _CITY else NINGXIA


# --- who leads and who joins (NX-2.1) -----------------------------------------

HOSPITALS: Final = frozenset(
    {
        InstitutionKind.GENERAL_HOSPITAL,
        InstitutionKind.TCM_HOSPITAL,
        InstitutionKind.SPECIALIST_HOSPITAL,
        InstitutionKind.MCH_INSTITUTION,
    }
)
_URBAN: Final = frozenset(
    {
        InstitutionKind.COMMUNITY_CENTER,
        InstitutionKind.COMMUNITY_STATION,
        InstitutionKind.NURSING_HOSPITAL,
        InstitutionKind.REHAB_INSTITUTION,
    }
)
_RURAL: Final = frozenset(
    {
        InstitutionKind.TOWNSHIP_CENTER,
        InstitutionKind.COMMUNITY_CENTER,
        InstitutionKind.COMMUNITY_STATION,
        InstitutionKind.VILLAGE_CLINIC,
    }
)


@dataclass(frozen=True, slots=True)
class Candidate:
    """What a rule must know of an institution that leads or joins."""

    kind: InstitutionKind
    level: Level
    sponsor: Sponsor
    has_strong_specialty: bool = False  # key specialty, quality or treatment centre
    brings_department: bool = False

    @property
    def is_public_hospital(self) -> bool:
        return self.kind in HOSPITALS and self.sponsor is not Sponsor.SOCIAL


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Why somebody cannot lead or join, and the clause that says so."""

    words: str
    because: Clause


def lead_obstacle(form: Form, candidate: Candidate) -> Obstacle | None:
    words, because = _LEADS[form]
    return None if _may_lead(form, candidate) else Obstacle(words, because)


def member_obstacle(form: Form, candidate: Candidate) -> Obstacle | None:
    if candidate.kind is InstitutionKind.AUTHORITY:
        return Obstacle(_("主管部门管理医联体，不作为成员加入。"), FORM_CLAUSES[form])
    if form is Form.SPECIALTY_ALLIANCE and not candidate.brings_department:
        return Obstacle(
            _("专科联盟由各机构的专科科室加入，请选择科室。"), clause("NX-2.1.4-b")
        )
    permitted = _MEMBERS.get(form)
    if permitted is None or candidate.kind in permitted.kinds:
        return None
    if candidate.kind in HOSPITALS and candidate.level in permitted.hospital_levels:
        return None
    return Obstacle(permitted.words, permitted.because)


def _may_lead(form: Form, candidate: Candidate) -> bool:
    if not candidate.is_public_hospital:
        return False
    if form is Form.SPECIALTY_ALLIANCE and candidate.has_strong_specialty:
        return True
    return candidate.level in _LEAD_LEVELS[form]


_TERTIARY: Final = frozenset({Level.TERTIARY})
_ABLE: Final = frozenset({Level.TERTIARY, Level.SECONDARY})
_LEAD_LEVELS: Final[Mapping[Form, frozenset[Level]]] = {
    Form.HOSPITAL_GROUP: _TERTIARY,
    Form.CITY_CONSORTIUM: _ABLE,
    Form.COUNTY_CONSORTIUM: frozenset(Level),
    Form.SPECIALTY_ALLIANCE: _TERTIARY,
    Form.TELEMEDICINE_NETWORK: _ABLE,
    Form.HIGH_LEVEL_COLLABORATIVE: _TERTIARY,
}
_LEADS: Final[Mapping[Form, tuple[str, Clause]]] = {
    Form.HOSPITAL_GROUP: (
        _("医疗集团由公立三级医院牵头。"),
        clause("NX-2.1.1-b"),
    ),
    Form.CITY_CONSORTIUM: (
        _("城市医共体由公立三级医院或有能力的公立二级医院牵头。"),
        clause("NX-2.1.2-b"),
    ),
    Form.COUNTY_CONSORTIUM: (
        _("县域医共体原则上由县级公立医院牵头，可由几家共同牵头。"),
        clause("NX-2.1.3-b"),
    ),
    Form.SPECIALTY_ALLIANCE: (
        _("专科联盟由大型公立医院以优势专科牵头。"),
        clause("NX-2.1.4-a"),
    ),
    Form.TELEMEDICINE_NETWORK: (
        _("远程医疗协作网由县级及以上公立医院牵头。"),
        clause("NX-2.1.5-c"),
    ),
    Form.HIGH_LEVEL_COLLABORATIVE: (
        _("高层医疗协同体由公立三级医院牵头。"),
        clause("NX-2.1.6-a"),
    ),
}


@dataclass(frozen=True, slots=True)
class _Permitted:
    kinds: frozenset[InstitutionKind]
    hospital_levels: frozenset[Level]
    words: str
    because: Clause


_MEMBERS: Final[Mapping[Form, _Permitted]] = {
    Form.CITY_CONSORTIUM: _Permitted(
        _URBAN,
        _ABLE - _TERTIARY,
        _("城市医共体联合其他二级医院、社区机构、护理院和康复机构。"),
        clause("NX-2.1.2-b"),
    ),
    Form.COUNTY_CONSORTIUM: _Permitted(
        _RURAL,
        frozenset(Level),
        _("县域医共体由县级医院、乡镇卫生院（社区机构）和村卫生室组成。"),
        clause("NX-2.1.3-c"),
    ),
    Form.HIGH_LEVEL_COLLABORATIVE: _Permitted(
        frozenset(),
        _ABLE,
        _("高层医疗协同体由有实力的医院组成。"),
        clause("NX-2.1.6-a"),
    ),
}


# --- agreements ---------------------------------------------------------------

SOON: Final = timedelta(days=60)


class Standing(StrEnum):
    """How an agreement stands on a day, as the page says it."""

    IN_FORCE = "in_force"
    ENDS_SOON = "ends_soon"
    NOT_YET = "not_yet"
    EXPIRED = "expired"
    UNSIGNED = "unsigned"
    ENDED = "ended"


STANDING_NAMES: Final[Mapping[Standing, str]] = {
    Standing.IN_FORCE: _("有效"),
    Standing.ENDS_SOON: _("即将到期"),
    Standing.NOT_YET: _("尚未生效"),
    Standing.EXPIRED: _("已过期"),
    Standing.UNSIGNED: _("待签署"),
    Standing.ENDED: _("已终止"),
}
# Members of these send patients to each other; a network or a body of hospitals
# rests on agreements of its own kind.
WITH_LANES: Final = frozenset(
    {Form.HOSPITAL_GROUP, Form.CITY_CONSORTIUM, Form.COUNTY_CONSORTIUM}
)
OPENS_LANE: Final = frozenset({Standing.IN_FORCE, Standing.ENDS_SOON})


def state_after_signing(signed: int, parties: int) -> SignatureState:
    if signed == 0:
        return SignatureState.DRAFT
    if signed < parties:
        return SignatureState.PARTLY_SIGNED
    return SignatureState.SIGNED


def standing(
    state: SignatureState, start: date, end: date | None, day: date
) -> Standing:
    """`end` is the first day on which it no longer holds."""
    if state is SignatureState.ENDED:
        return Standing.ENDED
    if end is not None and day >= end:
        return Standing.EXPIRED
    if state is not SignatureState.SIGNED:
        return Standing.UNSIGNED
    if day < start:
        return Standing.NOT_YET
    ends_soon = end is not None and end - day <= SOON
    return Standing.ENDS_SOON if ends_soon else Standing.IN_FORCE
