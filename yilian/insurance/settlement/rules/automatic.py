"""Which bills settle themselves, and why one waits for a person instead.

A region says so by dated parameters; a bill within their scope still goes to the
desk where somebody has to look: a stay that would be paid at a reduced rate, a
referral not decided yet, papers typed in by hand, an unusual amount.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from yilian.insurance.settlement.rules.case import PENALISED, Kind, Place, Referral
from yilian.kernel.money import Fen, from_fen
from yilian.kernel.text import Text, _

PENDING: Final = "pending"  # a referral whose compliance is not decided yet


class Scope(StrEnum):
    """How far a region lets bills settle themselves."""

    OFF = "off"
    VISITS = "visits"
    ALL = "all"


class Ground(StrEnum):
    """Why a bill waits for a person."""

    STAY = "stay"
    OUTSIDE = "outside"
    DEAR = "dear"
    REDUCED = "reduced"
    UNDECIDED = "undecided"
    REFUSED = "refused"  # by the rules, when it was to be settled
    FAILED = "failed"  # for a reason that is no rule's


# What the rules refused or what went wrong; the rest only asks for a look.
EXCEPTIONS: Final = frozenset({Ground.REFUSED, Ground.FAILED, Ground.UNDECIDED})
GROUND_NAMES: Final[Mapping[Ground, str]] = {
    Ground.STAY: _("住院按规定由人结算"),
    Ground.OUTSIDE: _("区外手工录入"),
    Ground.DEAR: _("金额较大"),
    Ground.REDUCED: _("将减付"),
    Ground.UNDECIDED: _("转诊未判定"),
    Ground.REFUSED: _("未能结算"),
    Ground.FAILED: _("自动结算出错"),
}
GROUND_CLAUSES: Final[Mapping[Ground, str]] = {
    Ground.STAY: "NX-2.3.4-c",
    Ground.OUTSIDE: "RI-5",
    Ground.DEAR: "NX-2.3.4-c",
    Ground.REDUCED: "NX-3.2-d",
    Ground.UNDECIDED: "RI-4",
    Ground.REFUSED: "RI-2",
    Ground.FAILED: "NX-2.3.4-c",
}
FAILED: Final = _("自动结算没有完成，请经办人员核对后结算；系统已记录原因。")


@dataclass(frozen=True, slots=True)
class Asked:
    """A bill as the rule sees it. `state` is how its stay would be taken."""

    kind: Kind
    place: Place
    total: Fen
    scope: Scope
    most: Fen
    state: Referral | None = None
    verdict: str = ""  # of the referral it came on, if it led here


@dataclass(frozen=True, slots=True)
class Hold:
    """A bill waits for a person; the words say what to look at."""

    ground: Ground
    template: str
    values: Mapping[str, Any] = field(default_factory=dict)

    @property
    def words(self) -> Text:
        return Text(self.template, self.values)


def held(asked: Asked) -> Hold | None:
    """The first reason that holds; None: it may settle itself."""
    if asked.place is Place.OUTSIDE:
        return Hold(
            Ground.OUTSIDE, _("区外就医的单据是手工录入的，请对照原件核对后结算。")
        )
    if asked.kind is Kind.INPATIENT and asked.scope is not Scope.ALL:
        return Hold(
            Ground.STAY, _("本地参数只让门诊单据自动结算，住院由经办人员结算。")
        )
    if asked.total > asked.most:
        return Hold(
            Ground.DEAR,
            _("总费用 {total} 元，超过自动结算的上限 {most} 元，请核对清单后结算。"),
            {"total": f"{from_fen(asked.total):,.2f}",
             "most": f"{from_fen(asked.most):,.2f}"},
        )  # fmt: skip
    return _held_for_its_way(asked)


def _held_for_its_way(asked: Asked) -> Hold | None:
    if asked.state not in PENALISED:
        return None
    if asked.verdict == PENDING:
        return Hold(
            Ground.UNDECIDED,
            _("带来的转诊单还没有合规判定，现在结算会按未按规定转诊减付，请先核实。"),
        )
    return Hold(
        Ground.REDUCED,
        _("没有合规的转诊，按规定减付；请核对是否急诊、豁免或已备案，再结算。"),
    )
