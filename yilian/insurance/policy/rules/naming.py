"""What people call the names in a set: types, grades, places, schemes, diseases."""

from collections.abc import Mapping
from typing import Final

from yilian.insurance.policy.rules.keys import ANY, OUTSIDE
from yilian.kernel.text import Text, _
from yilian.kernel.tier import TIER_NAMES

_NAMES: Final[Mapping[str, str]] = {
    **{tier.value: name for tier, name in TIER_NAMES.items()},
    OUTSIDE: _("区外"),
    "inside": _("区内"),
    "resident": _("城乡居民"),
    "employee": _("职工"),
    ANY: _("其余全部"),
    "active": _("在职"),
    "retired": _("退休"),
    "inpatient": _("住院"),
    "outpatient": _("门诊"),
    "ordinary": _("普通门诊"),
    "two_disease": _("两病用药"),
    "special_disease": _("门诊慢特病"),
    "tekun": _("特困人员"),
    "dibao": _("低保对象"),
    "dibao_edge": _("低保边缘"),
    "poverty_by_illness": _("因病致贫"),
    "hypertension": _("高血压"),
    "diabetes": _("糖尿病"),
    "dialysis": _("透析"),
    "tumour": _("恶性肿瘤"),
    "transplant": _("器官移植后"),
    "severe_mental": _("严重精神障碍"),
    "diabetes_complications": _("糖尿病并发症"),
    "copd": _("慢阻肺"),
    "county": _("县级"),
    "township": _("乡级"),
    "DISCHARGE_YEAR": _("按出院年度"),
    "SPLIT": _("按年度分段"),
    "HIGHEST_SO_FAR": _("链内至今最高级别"),
    "OWN_TIER": _("本次级别"),
    "HALF_RATIO": _("按规定比例的系数"),
    "MINUS_POINTS": _("降低百分点"),
    "age": _("年龄"),
    "delivery": _("分娩"),
    "infectious": _("传染病"),
    "severe_disability": _("重度残疾"),
    "tumour_course": _("肿瘤疗程内再入院"),
    "post_transplant": _("移植后随访"),
    "planned_return": _("按计划复诊"),
}


_CODES: Final[Mapping[str, str]] = {name: code for code, name in _NAMES.items()}


def code_of(name: str) -> str:
    """What somebody calls it, as a set holds it."""
    return _CODES.get(name, name)


def name_of(code: str, level: str = "") -> str | Text:
    """A grade of residents is a number; a name that a region gave itself stays."""
    if level == "group" and code.isdigit():
        return Text(_("{n} 档"), {"n": code})
    return _NAMES.get(code, code)
