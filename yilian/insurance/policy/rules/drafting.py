"""A draft of parameters on its way to release, and who may take the next step."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from yilian.kernel.text import _


class DraftState(StrEnum):
    DRAFT = "draft"
    REVIEWED = "reviewed"
    RELEASED = "released"
    REJECTED = "rejected"


DRAFT_STATE_NAMES: Final[Mapping[DraftState, str]] = {
    DraftState.DRAFT: _("草案"),
    DraftState.REVIEWED: _("已复核，待发布"),
    DraftState.RELEASED: _("已发布"),
    DraftState.REJECTED: _("已退回"),
}
OPEN: Final = frozenset({DraftState.DRAFT, DraftState.REVIEWED})
