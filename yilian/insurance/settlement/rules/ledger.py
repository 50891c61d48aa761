"""What stands in the books: entries, decisions, filings, and their names.

Nothing that was booked is edited. A settlement that is taken back gets a red entry
(红冲) with its signs turned; a new settlement of the same bill is an adjustment.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from yilian.kernel.text import _


class Entry(StrEnum):
    """The kind of a settlement row."""

    ORIGINAL = "original"
    REVERSAL = "reversal"
    ADJUSTMENT = "adjustment"


class Cause(StrEnum):
    """Why a row was booked."""

    SETTLED = "settled"  # the bill's own first settlement
    VOIDED = "voided"  # this bill was taken back
    DECIDED = "decided"  # this bill's referral state was decided anew
    FOLLOWED = "followed"  # another bill of the person changed what is owed here


class Source(StrEnum):
    """What a decision of the referral state rests on."""

    VERDICT = "verdict"  # the referral's own compliance verdict
    RULE = "rule"  # no referral: the default test of RI-4
    LATE_FILING = "late_filing"
    APPEAL = "appeal"


# Decided by a person on evidence, so confirmed by a second one.
BY_PEOPLE: Final = frozenset({Source.LATE_FILING, Source.APPEAL})


class Standing(StrEnum):
    PROPOSED = "proposed"
    IN_FORCE = "in_force"
    REJECTED = "rejected"


class FilingKind(StrEnum):
    LATE_EMERGENCY = "late_emergency"
    APPEAL = "appeal"


class FilingState(StrEnum):
    OPEN = "open"
    PROPOSED = "proposed"  # decided by one, to be confirmed by another
    ACCEPTED = "accepted"
    REFUSED = "refused"


UNDECIDED: Final = frozenset({FilingState.OPEN, FilingState.PROPOSED})


class Suspicion(StrEnum):
    """What supervision looks for (NX-5.2-e)."""

    SPLIT_ADMISSION = "split_admission"
    FAKE_DOWN = "fake_down"
    REPEATED_TEST = "repeated_test"
    NO_ARRIVAL = "no_arrival"


class SuspicionState(StrEnum):
    OPEN = "open"
    EXPLAINED = "explained"
    CONFIRMED = "confirmed"


ENTRY_NAMES: Final[Mapping[Entry, str]] = {
    Entry.ORIGINAL: _("结算"),
    Entry.REVERSAL: _("红冲"),
    Entry.ADJUSTMENT: _("重新结算"),
}
CAUSE_NAMES: Final[Mapping[Cause, str]] = {
    Cause.SETTLED: _("首次结算"),
    Cause.VOIDED: _("结算作废"),
    Cause.DECIDED: _("转诊情形重新认定"),
    Cause.FOLLOWED: _("因同一参保人的另一张单据重新计算"),
}
SOURCE_NAMES: Final[Mapping[Source, str]] = {
    Source.VERDICT: _("转诊单的合规判定"),
    Source.RULE: _("无转诊单，按默认规则"),
    Source.LATE_FILING: _("急诊补登"),
    Source.APPEAL: _("申诉"),
}
STANDING_NAMES: Final[Mapping[Standing, str]] = {
    Standing.PROPOSED: _("待复核"),
    Standing.IN_FORCE: _("有效"),
    Standing.REJECTED: _("复核未通过"),
}
FILING_NAMES: Final[Mapping[FilingKind, str]] = {
    FilingKind.LATE_EMERGENCY: _("急诊补登"),
    FilingKind.APPEAL: _("申诉"),
}
FILING_STATE_NAMES: Final[Mapping[FilingState, str]] = {
    FilingState.OPEN: _("待审核"),
    FilingState.PROPOSED: _("待复核"),
    FilingState.ACCEPTED: _("已通过"),
    FilingState.REFUSED: _("未通过"),
}
SUSPICION_NAMES: Final[Mapping[Suspicion, str]] = {
    Suspicion.SPLIT_ADMISSION: _("分解住院"),
    Suspicion.FAKE_DOWN: _("虚假下转"),
    Suspicion.REPEATED_TEST: _("重复检查"),
    Suspicion.NO_ARRIVAL: _("转诊未到诊"),
}
SUSPICION_STATE_NAMES: Final[Mapping[SuspicionState, str]] = {
    SuspicionState.OPEN: _("待核查"),
    SuspicionState.EXPLAINED: _("已说明"),
    SuspicionState.CONFIRMED: _("已查实"),
}
