"""What stands in the tables of a pool, and how it is called."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from yilian.kernel.text import _
from yilian.kernel.tier import Tier


class RevisionState(StrEnum):
    PROPOSED = "proposed"
    RELEASED = "released"
    REJECTED = "rejected"


REVISION_NAMES: Final[Mapping[RevisionState, str]] = {
    RevisionState.PROPOSED: _("待复核"),
    RevisionState.RELEASED: _("已发布"),
    RevisionState.REJECTED: _("已退回"),
}


class UseKind(StrEnum):
    INPATIENT = "inpatient"
    OUTPATIENT = "outpatient"


USE_NAMES: Final[Mapping[UseKind, str]] = {
    UseKind.INPATIENT: _("住院"),
    UseKind.OUTPATIENT: _("门诊"),
}


class Finding(StrEnum):
    """What an audit says of money that was spent."""

    REFUSED = "refused"  # not paid: lowers what was spent
    UNREASONABLE = "unreasonable"  # paid, but the consortium's own fault
    SIPHON = "siphon"
    AVOIDABLE_OUTFLOW = "avoidable_outflow"


FINDING_NAMES: Final[Mapping[Finding, str]] = {
    Finding.REFUSED: _("审核拒付"),
    Finding.UNREASONABLE: _("不合理费用"),
    Finding.SIPHON: _("虹吸病人"),
    Finding.AVOIDABLE_OUTFLOW: _("可避免的外流"),
}
AT_FAULT: Final = frozenset(Finding) - {Finding.REFUSED}


class ClearingKind(StrEnum):
    PRE = "pre"
    FINAL = "final"
    SUPPLEMENT = "supplement"  # of a year that was cleared and confirmed


CLEARING_NAMES: Final[Mapping[ClearingKind, str]] = {
    ClearingKind.PRE: _("预结算"),
    ClearingKind.FINAL: _("年度清算"),
    ClearingKind.SUPPLEMENT: _("补充清算"),
}


class Act(StrEnum):
    """What is said to a clearing, once each."""

    INSURER = "insurer"
    CONSORTIUM = "consortium"
    RETURNED = "returned"


ACT_NAMES: Final[Mapping[Act, str]] = {
    Act.INSURER: _("医保复核确认"),
    Act.CONSORTIUM: _("医联体确认"),
    Act.RETURNED: _("退回重算"),
}


class Standing(StrEnum):
    """How far the year of a pool has come."""

    PROPOSED = "proposed"
    RUNNING = "running"
    CLEARING = "clearing"
    CLEARED = "cleared"
    DISTRIBUTED = "distributed"


STANDING_NAMES: Final[Mapping[Standing, str]] = {
    Standing.PROPOSED: _("待发布"),
    Standing.RUNNING: _("运行中"),
    Standing.CLEARING: _("清算待确认"),
    Standing.CLEARED: _("已清算"),
    Standing.DISTRIBUTED: _("已分配"),
}


class Level(StrEnum):
    COUNTY = "county"
    TOWNSHIP = "township"
    VILLAGE = "village"


LEVEL_NAMES: Final[Mapping[Level, str]] = {
    Level.COUNTY: _("县级"),
    Level.TOWNSHIP: _("乡镇"),
    Level.VILLAGE: _("村级"),
}

LEVEL_OF: Final[Mapping[Tier, Level]] = {
    Tier.VILLAGE: Level.VILLAGE,
    Tier.PRIMARY: Level.TOWNSHIP,
    Tier.SECONDARY: Level.COUNTY,
    Tier.TERTIARY: Level.COUNTY,
}


class PointKind(StrEnum):
    """NX-3.3-b: duty of the post, results, real contribution."""

    DUTY = "duty"
    RESULT = "result"
    CONTRIBUTION = "contribution"


POINT_NAMES: Final[Mapping[PointKind, str]] = {
    PointKind.DUTY: _("岗位职责"),
    PointKind.RESULT: _("工作业绩"),
    PointKind.CONTRIBUTION: _("实际贡献"),
}
