"""Who in a ward could go down, 可下转, beyond the diseases that have rules.

NX-2.2.4-d names four kinds: the plan is settled, the acute phase is over, after an
operation, stable after a critical illness. A diagnosis and the days in hospital
only point at somebody: whether it is so remains the doctor's word.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from yilian.care.referral.rules.clocks import Limits
from yilian.kernel.clause import Clause, clause
from yilian.kernel.text import _

GROUND: Final[Clause] = clause("NX-2.2.4-d")


@dataclass(frozen=True, slots=True)
class Phase:
    """Diagnoses (ICD-10 beginnings, dots left out) that point here after some days.

    After how many the question is worth asking is a parameter: `Limits.<key>_days`.
    """

    key: str
    name: str
    asks: str
    icd10: tuple[str, ...]

    def days(self, limits: Limits) -> int:
        return int(getattr(limits, f"{self.key}_days"))


PHASES: Final[tuple[Phase, ...]] = (
    Phase(
        "rehabilitation", _("术后康复"), _("切口和生命体征平稳、可以离开手术科室？"),
        ("S32", "S42", "S52", "S62", "S72", "S82", "S92", "M16", "M17", "M80",
         "T02", "Z47", "Z50", "Z54"),
    ),
    Phase(
        "recovery", _("急性期后恢复"), _("神经功能不再加重、能配合康复？"),
        ("I61", "I63", "I64", "I69", "G81", "G82"),
    ),
    Phase(
        "stable_after_crisis", _("危重稳定后"), _("撤除监护后持续稳定？"),
        ("I21", "I22", "J96", "A41", "K85", "J18", "J44"),
    ),
    Phase(
        "settled_plan", _("诊断和方案已定"), _("还需要本院才能做的检查或治疗吗？"),
        ("C", "I50", "N18", "K74", "I25"),
    ),
)  # fmt: skip


def phase_of(codes: Iterable[str], days_in: int, limits: Limits) -> Phase | None:
    """The first phase that a diagnosis points at after so many days in hospital."""
    plain = [code.replace(".", "").upper() for code in codes]
    return next(
        (
            phase
            for phase in PHASES
            if days_in >= phase.days(limits)
            and any(c.startswith(phase.icd10) for c in plain)
        ),
        None,
    )
