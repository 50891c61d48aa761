"""Every parameter of the insurer, by name: what it is, its shape and its ground.

A key's value is a leaf, or a table of leaves with one level per dimension. The
same names serve the files, the overrides and, with the prefix `insurance.`, the
released values of `foundation/parameters`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from yilian.insurance.policy.rules.leaves import (
    BANDS,
    FACTOR,
    FLAG,
    MONEY,
    MONEY_OR_NONE,
    RATIO,
    WHOLE,
    WORDS,
    Leaf,
    one_of,
)
from yilian.kernel.clause import clause
from yilian.kernel.text import _
from yilian.kernel.tier import Tier

ANY: Final = "any"
OUTSIDE: Final = "outside"
TYPES: Final = ("resident", "employee")
EMPLOYEE_GROUPS: Final = (ANY, "active", "retired")
AID_KINDS: Final = ("tekun", "dibao", "dibao_edge", "poverty_by_illness")
SCHEMES: Final = ("inpatient", "ordinary", "two_disease", "special_disease")
SCOPES: Final = ("inside", OUTSIDE)


@dataclass(frozen=True, slots=True)
class Level:
    """A dimension of a table; `open` lets a region name its own beside these."""

    name: str
    options: tuple[str, ...]
    is_open: bool = False
    needs_all: bool = True


@dataclass(frozen=True, slots=True)
class Key:
    name: str
    title: str
    leaf: Leaf
    clause: str
    levels: tuple[Level, ...] = ()


TYPE: Final = Level("type", TYPES)
GROUP: Final = Level("group", (ANY,), is_open=True, needs_all=False)
STAY_TIER: Final = Level("tier", (Tier.PRIMARY, Tier.SECONDARY, Tier.TERTIARY, OUTSIDE))
VISIT_TIER: Final = Level("tier", (*Tier, OUTSIDE))
SCOPE: Final = Level("scope", SCOPES)
SCHEME: Final = Level("scheme", SCHEMES)
AID: Final = Level("aid", AID_KINDS)
DISEASE: Final = Level("disease", (ANY,), is_open=True)
CROSS_YEAR: Final = one_of("DISCHARGE_YEAR", "SPLIT")
CHAIN_TARGET: Final = one_of("HIGHEST_SO_FAR", "OWN_TIER")
PENALTY: Final = one_of("HALF_RATIO", "MINUS_POINTS")


def _known(*keys: Key) -> Mapping[str, Key]:
    for key in keys:
        clause(key.clause)  # an unknown ground fails here, at import
    return MappingProxyType({key.name: key for key in keys})


KEYS: Final = _known(
    Key("inpatient.deductible", _("住院起付线"), MONEY, "NX-3.2-a",
        (TYPE, GROUP, STAY_TIER)),
    Key("inpatient.ratio", _("住院报销比例"), RATIO, "NX-3.2-a",
        (TYPE, GROUP, STAY_TIER)),
    Key("inpatient.annual_ceiling", _("年度封顶线"), MONEY_OR_NONE, "RI-5",
        (TYPE, GROUP)),
    Key("supplement.ratio", _("大额补助比例"), RATIO, "RI-5", (TYPE,)),
    Key("supplement.annual_limit", _("大额补助年度限额"), MONEY_OR_NONE, "RI-5",
        (TYPE,)),
    Key("first_self_pay_rate", _("乙类先行自付比例"), RATIO, "RI-1"),
    Key("repeat_factor", _("再次住院起付线系数"), RATIO, "RI-3"),
    Key("chain_gap_days", _("连续计算的最长间隔（天）"), WHOLE, "NX-3.2-c"),
    Key("chain_target", _("连续计算的目标起付线"), CHAIN_TARGET, "RI-3"),
    Key("chain_resets_at_new_year", _("跨年后起付线重新计算"), FLAG, "NX-3.2-c"),
    Key("cross_year_mode", _("跨年住院的结算方式"), CROSS_YEAR, "RI-2"),
    Key("penalty_mode", _("未按规定转诊的减付方式"), PENALTY, "NX-3.2-d", (SCOPE,)),
    Key("penalty_factor", _("未按规定转诊的比例系数"), FACTOR, "NX-3.2-d"),
    Key("penalty_points", _("未按规定转诊降低的百分点"), RATIO, "RI-5", (SCOPE,)),
    Key("no_referral_counts_as_non_compliant", _("无转诊视为不合规"), FLAG, "D4"),
    Key("emergency_filing_days", _("急诊补登期限（工作日）"), WHOLE, "RI-4"),
    Key("referral_validity_days", _("转诊单有效期（天）"), WHOLE, "RI-4",
        (Level("kind", ("inpatient", "outpatient")),)),
    Key("exempt_age_from", _("豁免年龄：不小于"), WHOLE, "RI-4"),
    Key("exempt_age_to", _("豁免年龄：不大于"), WHOLE, "RI-4"),
    Key("exemptions", _("豁免情形"), WORDS, "RI-4"),
    Key("outpatient.ratio", _("门诊报销比例"), RATIO, "RI-5",
        (TYPE, GROUP, VISIT_TIER)),
    Key("outpatient.visit_limit", _("门诊单次限额"), MONEY_OR_NONE, "NX-3.2-b",
        (TYPE, GROUP, VISIT_TIER)),
    Key("outpatient.annual_limit", _("门诊年度限额"), MONEY_OR_NONE, "NX-3.2-b",
        (TYPE, GROUP)),
    Key("outpatient.annual_deductible", _("门诊年度起付线"), MONEY, "RI-5",
        (TYPE, GROUP)),
    Key("long_rx_limit_multiplier", _("长期处方按月数放大单次限额"), FLAG, "RI-5"),
    Key("long_rx_max_months", _("长期处方最长月数"), WHOLE, "D2"),
    Key("two_disease.ratio", _("两病用药报销比例"), RATIO, "RI-5", (VISIT_TIER,)),
    Key("two_disease.annual_limit", _("两病用药年度限额"), MONEY_OR_NONE, "RI-5",
        (DISEASE,)),
    Key("special_disease.quota", _("门诊慢特病年度限额"), MONEY_OR_NONE, "RI-5",
        (TYPE, DISEASE)),
    Key("special_disease.annual_deductible", _("门诊慢特病年度起付线"), MONEY,
        "RI-5", (TYPE,)),
    Key("counts_to_ceiling", _("占用年度封顶线"), FLAG, "RI-2", (SCHEME,)),
    Key("counts_to_serious", _("进入大病保险"), FLAG, "RI-6", (SCHEME,)),
    Key("counts_to_assistance", _("进入医疗救助"), FLAG, "RI-7", (SCHEME,)),
    Key("serious.deductible", _("大病保险起付线"), MONEY, "RI-6", (TYPE,)),
    Key("serious.bands", _("大病保险分段比例"), BANDS, "RI-6"),
    Key("serious.annual_ceiling", _("大病保险封顶线"), MONEY_OR_NONE, "RI-6"),
    Key("serious.favoured", _("大病保险倾斜人群"), WORDS, "RI-6"),
    Key("serious.favoured_factor", _("倾斜人群起付线系数"), FACTOR, "RI-6"),
    Key("serious.favoured_points", _("倾斜人群提高的百分点"), RATIO, "RI-6"),
    Key("penalty_counts_to_serious", _("减付部分进入大病保险"), FLAG, "RI-2"),
    Key("over_ceiling_counts_to_serious", _("超封顶线部分进入大病保险"), FLAG, "RI-2"),
    Key("assistance.ratio", _("医疗救助比例"), RATIO, "RI-7", (AID,)),
    Key("assistance.deductible", _("医疗救助起付线"), MONEY, "RI-7", (AID,)),
    Key("assistance.annual_ceiling", _("医疗救助年度限额"), MONEY_OR_NONE, "RI-7",
        (AID,)),
    Key("budget.per_capita_standard", _("人头总额标准"), MONEY, "RI-9"),
    Key("budget.serious_premium_per_head", _("人均大病保险保费"), MONEY, "RI-9"),
    Key("budget.reserve_rate", _("风险储备金比例"), RATIO, "RI-9"),
    Key("budget.advance_rate", _("按月预付比例"), RATIO, "RI-9"),
    Key("budget.keep", _("考核得分与结余留用比例"), BANDS, "RI-9"),
    Key("budget.overspend", _("合理超支分段与基金分担比例"), BANDS, "RI-9"),
    Key("budget.shares", _("留用结余的层级份额"), WHOLE, "RI-9",
        (Level("member", ("county", "township", "village"), is_open=True),)),
)  # fmt: skip
