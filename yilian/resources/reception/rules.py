"""Kinds of encounter and how a person's presence was shown."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from yilian.kernel.text import _


class EncounterKind(StrEnum):
    OUTPATIENT = "outpatient"
    INPATIENT = "inpatient"
    EMERGENCY = "emergency"
    HOME = "home"


KIND_NAMES: Final[Mapping[EncounterKind, str]] = {
    EncounterKind.OUTPATIENT: _("门诊"),
    EncounterKind.INPATIENT: _("住院"),
    EncounterKind.EMERGENCY: _("急诊"),
    EncounterKind.HOME: _("上门"),
}

# HL7 v3 ActCode for FHIR Encounter.class.
FHIR_CLASS: Final[Mapping[EncounterKind, str]] = {
    EncounterKind.OUTPATIENT: "AMB",
    EncounterKind.INPATIENT: "IMP",
    EncounterKind.EMERGENCY: "EMER",
    EncounterKind.HOME: "HH",
}


class EncounterState(StrEnum):
    IN_PROGRESS = "in-progress"
    FINISHED = "finished"
    ENTERED_IN_ERROR = "entered-in-error"


STATE_NAMES: Final[Mapping[EncounterState, str]] = {
    EncounterState.IN_PROGRESS: _("在诊"),
    EncounterState.FINISHED: _("已离开"),
    EncounterState.ENTERED_IN_ERROR: _("登记有误"),
}


class Presence(StrEnum):
    """How the person's presence was shown (decisions 4)."""

    NONE = "none"  # the desk's word alone: does not open for the one who wrote it
    CARD = "card"  # health card or insurance token through the port
    CODE = "code"  # the resident's one-time code
    REFERRAL = "referral"  # arrival on a referral somebody else submitted


PRESENCE_NAMES: Final[Mapping[Presence, str]] = {
    Presence.NONE: _("未核验"),
    Presence.CARD: _("刷卡核验"),
    Presence.CODE: _("验证码核验"),
    Presence.REFERRAL: _("转诊到诊"),
}


# What shows by itself that the person is there.
PROVEN: Final = (Presence.CARD, Presence.CODE)


class Disposition(StrEnum):
    """How somebody left, 离院方式."""

    HOME = "home"
    TRANSFERRED = "transferred"
    AGAINST_ADVICE = "against_advice"
    DIED = "died"
    OTHER = "other"


DISPOSITION_NAMES: Final[Mapping[Disposition, str]] = {
    Disposition.HOME: _("医嘱离院"),
    Disposition.TRANSFERRED: _("转往其他机构"),
    Disposition.AGAINST_ADVICE: _("非医嘱离院"),
    Disposition.DIED: _("死亡"),
    Disposition.OTHER: _("其他"),
}
