"""Which event of a referral makes which letter, and when it is tried again."""

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from typing import Final

from yilian.care.referral import events
from yilian.interfaces.exchange.hl7v2.writing import Event
from yilian.kernel.text import _


class Protocol(StrEnum):
    HL7V2 = "hl7v2"  # MLLP
    FHIR = "fhir"  # a transaction bundle over HTTPS


PROTOCOL_NAMES: Final[Mapping[Protocol, str]] = {
    Protocol.HL7V2: _("HL7 v2（MLLP）"),
    Protocol.FHIR: _("FHIR R4（HTTPS）"),
}


class State(StrEnum):
    WAITING = "waiting"
    DONE = "done"
    DEAD = "dead"
    SET_ASIDE = "set_aside"


STATE_NAMES: Final[Mapping[State, str]] = {
    State.WAITING: _("待发送"),
    State.DONE: _("已送达"),
    State.DEAD: _("未能送达"),
    State.SET_ASIDE: _("不再发送"),
}
# Nothing of the same referral overtakes these.
AHEAD: Final = frozenset({State.WAITING, State.DEAD})

EVENT_NAMES: Final[Mapping[Event, str]] = {
    Event.REFER: _("转诊"),
    Event.CHANGE: _("更改"),
    Event.CANCEL: _("取消"),
    Event.ANSWER: _("答复"),
}

# To the receiver's system: the referral, its changes and its end.
TO_RECEIVER: Final[Mapping[type[events.ReferralEvent], Event]] = {
    events.ReferralSubmitted: Event.REFER,
    events.InformationSupplied: Event.CHANGE,
    # Only from here on may the receiver read the patient's numbers.
    events.ReferralAccepted: Event.CHANGE,
    events.ReferralWithdrawn: Event.CANCEL,
    events.CancellationRequested: Event.CANCEL,
    events.ReferralEnteredInError: Event.CANCEL,
    events.ReferralExpired: Event.CANCEL,
    events.ReferralClosedByDeath: Event.CANCEL,
}
# To the sender's system: how it stands. The first letter of table 0283.
TO_SENDER: Final[Mapping[type[events.ReferralEvent], str]] = {
    events.ReferralAccepted: "A",
    events.ReferralScheduled: "A",
    events.PatientArrived: "A",
    events.ReferralCompleted: "A",
    events.CancellationRefused: "A",
    events.ReferralDeclined: "R",
    events.ReferralRedirected: "R",
    events.ReferralCancelled: "E",
    events.ReferralExpired: "E",
    events.ReferralClosedByDeath: "E",
    events.InformationRequested: "P",
    events.PatientDidNotShow: "P",
}
STATUS_WORDS: Final = {"A": "Accepted", "R": "Rejected", "E": "Expired", "P": "Pending"}

# Between the first failure and the last try about a day and a half.
_PAUSES: Final = (
    timedelta(seconds=30), timedelta(minutes=2), timedelta(minutes=5),
    timedelta(minutes=15), timedelta(minutes=30), timedelta(hours=1),
    timedelta(hours=2), timedelta(hours=4), timedelta(hours=8), timedelta(hours=20),
)  # fmt: skip
MOST_TRIES: Final = len(_PAUSES) + 1


def pause_after(tries: int) -> timedelta | None:
    """None when it is given up."""
    return _PAUSES[tries - 1] if 0 < tries <= len(_PAUSES) else None


class Fault(StrEnum):
    """Why a letter did not arrive; never the other side's own words about somebody."""

    NOT_REACHED = "not_reached"
    REFUSED = "refused"  # AR, or an answer that no second try changes
    ERROR = "error"  # AE, or an answer that may change
    NO_SENSE = "no_sense"  # an answer we cannot read
    OURS = "ours"


FAULT_NAMES: Final[Mapping[Fault, str]] = {
    Fault.NOT_REACHED: _("连不上对方系统，或没有答复"),
    Fault.REFUSED: _("对方系统拒收"),
    Fault.ERROR: _("对方系统处理出错"),
    Fault.NO_SENSE: _("对方系统的答复不能识别"),
    Fault.OURS: _("组成消息时出错"),
}
# Sending the same again would be refused again.
FINAL: Final = frozenset({Fault.REFUSED})
