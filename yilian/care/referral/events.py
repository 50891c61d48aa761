"""What the referral module announces. Plain values only; no names, no diagnoses."""

from dataclasses import dataclass
from uuid import UUID

from yilian.kernel.event import Event


@dataclass(frozen=True)
class ReferralEvent(Event):
    """Common to all: which hop, whose, between whom."""

    referral_id: UUID
    person_id: UUID
    from_institution_id: UUID
    to_institution_id: UUID | None
    urgency: str
    number: str
    step_id: UUID


@dataclass(frozen=True)
class ReferralSubmitted(ReferralEvent):
    """Also after information was supplied or when it was redirected here."""


@dataclass(frozen=True)
class InformationRequested(ReferralEvent):
    pass


@dataclass(frozen=True)
class InformationSupplied(ReferralEvent):
    pass


@dataclass(frozen=True)
class ReferralAccepted(ReferralEvent):
    pass


@dataclass(frozen=True)
class ReferralDeclined(ReferralEvent):
    pass


@dataclass(frozen=True)
class ReferralRedirected(ReferralEvent):
    pass


@dataclass(frozen=True)
class ReferralScheduled(ReferralEvent):
    pass


@dataclass(frozen=True)
class PatientDeparted(ReferralEvent):
    pass


@dataclass(frozen=True)
class PatientArrived(ReferralEvent):
    pass


@dataclass(frozen=True)
class PatientDidNotShow(ReferralEvent):
    pass


@dataclass(frozen=True)
class CareBegan(ReferralEvent):
    pass


@dataclass(frozen=True)
class CareEnded(ReferralEvent):
    pass


@dataclass(frozen=True)
class ReferralCompleted(ReferralEvent):
    pass


@dataclass(frozen=True)
class ReferralWithdrawn(ReferralEvent):
    pass


@dataclass(frozen=True)
class CancellationRequested(ReferralEvent):
    pass


@dataclass(frozen=True)
class CancellationRefused(ReferralEvent):
    pass


@dataclass(frozen=True)
class ReferralCancelled(ReferralEvent):
    pass


@dataclass(frozen=True)
class ReferralExpired(ReferralEvent):
    pass


@dataclass(frozen=True)
class ReferralClosedByDeath(ReferralEvent):
    pass


@dataclass(frozen=True)
class ReferralEnteredInError(ReferralEvent):
    pass


@dataclass(frozen=True)
class AnswerOverdue(ReferralEvent):
    """The receiver's answer clock ran out."""


@dataclass(frozen=True)
class ReferralChased(ReferralEvent):
    """Somebody was reminded; `step_id` is the reminder's. The words are on their way
    already: open pages look again."""
