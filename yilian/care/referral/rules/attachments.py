"""Papers that go with a hand-over or a feedback, 附件: what they are, until when."""

from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from typing import Final

from yilian.care.referral.rules.states import State
from yilian.foundation.parameters.rules import Key, register
from yilian.kernel.clause import clause
from yilian.kernel.dated import Dated
from yilian.kernel.text import _

LONGEST_TITLE: Final = 120


class Part(StrEnum):
    """Which way a paper goes: with the patient, or back with the report."""

    HANDOVER = "handover"
    FEEDBACK = "feedback"


class PaperKind(StrEnum):
    REPORT = "report"
    IMAGE = "image"
    DISCHARGE = "discharge"
    CONSENT = "consent"
    OTHER = "other"


class Standing(StrEnum):
    CURRENT = "current"
    REMOVED = "removed"  # before anybody else could see it
    IN_ERROR = "in_error"  # after: it stays in the list, crossed out


PAPER_KINDS: Final[Mapping[PaperKind, str]] = {
    PaperKind.REPORT: _("检查报告"),
    PaperKind.IMAGE: _("影像"),
    PaperKind.DISCHARGE: _("出院小结"),
    PaperKind.CONSENT: _("同意书"),
    PaperKind.OTHER: _("其他"),
}
# Results often come when the patient is already under way, or after the report.
ADDED_IN: Final[Mapping[Part, frozenset[State]]] = {
    Part.HANDOVER: frozenset(
        {
            State.DRAFT,
            State.SUBMITTED,
            State.INFO_REQUESTED,
            State.ACCEPTED,
            State.SCHEDULED,
            State.DEPARTED,
            State.NO_SHOW,
            State.ARRIVED,
            State.IN_CARE,
        }
    ),
    Part.FEEDBACK: frozenset(
        {State.ARRIVED, State.IN_CARE, State.FEEDBACK_DUE, State.COMPLETED}
    ),
}

_START: Final = date(2017, 1, 1)
_MOST_PAPERS: Final = 100
_MOST_MEGABYTES: Final = 1000


def _number(value: int) -> str | None:
    return None if 0 < value <= _MOST_PAPERS else _("请填 1 至 100 之间的整数。")


def _megabytes(value: int) -> str | None:
    return None if 0 < value <= _MOST_MEGABYTES else _("请填 1 至 1000 之间的整数。")


MOST_PAPERS: Final[Key[int]] = register(
    Key(
        name="referral.attachments_most",
        title=_("每张转诊单附件最多"),
        default=Dated({_START: 20}),
        clause=clause("RC-14"),
        unit=_("份"),
        read=int,
        check=_number,
    )
)
MOST_TOGETHER: Final[Key[int]] = register(
    Key(
        name="referral.attachments_megabytes",
        title=_("每张转诊单附件合计最大"),
        default=Dated({_START: 100}),
        clause=clause("RC-14"),
        unit=_("MB"),
        read=int,
        check=_megabytes,
    )
)
