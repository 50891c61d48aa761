"""Forms of consortium, ties between members, and when an agreement is in force."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from yilian.kernel.clause import Clause, clause
from yilian.kernel.text import _


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
