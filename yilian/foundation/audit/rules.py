"""Words of the audit trail: outcomes, actions and grounds as people read them."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from yilian.kernel.text import _


class Outcome(StrEnum):
    DONE = "done"
    REFUSED = "refused"
    FAILED = "failed"


OUTCOME_NAMES: Final[Mapping[Outcome, str]] = {
    Outcome.DONE: _("已完成"),
    Outcome.REFUSED: _("被拒绝"),
    Outcome.FAILED: _("未成功"),
}
