"""On what ground somebody may see a person, and how much of them."""

from collections.abc import Mapping
from enum import IntEnum, StrEnum
from typing import Final

from yilian.kernel.text import _


class Scope(IntEnum):
    """How much of a person a grant opens; each includes the ones below."""

    NONE = 0
    IDENTITY = 1  # full name and contact, no clinical content
    SUMMARY = 2  # the hand-over and the record summary
    FULL = 3  # the whole record


SCOPE_NAMES: Final[Mapping[Scope, str]] = {
    Scope.NONE: _("不可见"),
    Scope.IDENTITY: _("身份信息"),
    Scope.SUMMARY: _("摘要"),
    Scope.FULL: _("全部档案"),
}


class Ground(StrEnum):
    CONTRACT = "contract"
    REFERRAL = "referral"
    ENCOUNTER = "encounter"
    PRESENCE = "presence"  # card, code token or one-time code at the desk
    CONSENT = "consent"
    REGISTRATION = "registration"  # registered here: identity only
    EMERGENCY = "emergency"  # break-glass, reviewed afterwards
    SELF = "self"
    PROXY = "proxy"
    PUBLIC = "public"  # resources of no person
    SYSTEM = "system"


GROUND_NAMES: Final[Mapping[Ground, str]] = {
    Ground.CONTRACT: _("家庭医生签约"),
    Ground.REFERRAL: _("转诊"),
    Ground.ENCOUNTER: _("就诊"),
    Ground.PRESENCE: _("本人到场"),
    Ground.CONSENT: _("本人授权"),
    Ground.REGISTRATION: _("建档登记"),
    Ground.EMERGENCY: _("紧急调阅"),
    Ground.SELF: _("本人"),
    Ground.PROXY: _("代办人"),
    Ground.PUBLIC: _("公开信息"),
    Ground.SYSTEM: _("系统"),
}


class GroupTag(StrEnum):
    """Key populations, 重点人群 (NX-2.2.3-c, LZ-2.3-b)."""

    ELDERLY = "elderly"
    PREGNANT = "pregnant"
    CHILD = "child"
    DISABLED = "disabled"
    HYPERTENSION = "hypertension"
    DIABETES = "diabetes"
    POVERTY = "poverty"
    SEVERE_MENTAL = "severe_mental"
    TUBERCULOSIS = "tuberculosis"


GROUP_NAMES: Final[Mapping[GroupTag, str]] = {
    GroupTag.ELDERLY: _("老年人"),
    GroupTag.PREGNANT: _("孕产妇"),
    GroupTag.CHILD: _("儿童"),
    GroupTag.DISABLED: _("残疾人"),
    GroupTag.HYPERTENSION: _("高血压患者"),
    GroupTag.DIABETES: _("糖尿病患者"),
    GroupTag.POVERTY: _("贫困人口"),
    GroupTag.SEVERE_MENTAL: _("严重精神障碍患者"),
    GroupTag.TUBERCULOSIS: _("肺结核患者"),
}


class Relation(StrEnum):
    """Who stands for a person, 代办关系."""

    PARENT = "parent"
    CHILD = "child"
    SPOUSE = "spouse"
    GUARDIAN = "guardian"


RELATION_NAMES: Final[Mapping[Relation, str]] = {
    Relation.PARENT: _("父母"),
    Relation.CHILD: _("子女"),
    Relation.SPOUSE: _("配偶"),
    Relation.GUARDIAN: _("监护人"),
}

SEX_NAMES: Final[Mapping[str, str]] = {
    "0": _("未知"),
    "1": _("男"),
    "2": _("女"),
    "9": _("未说明"),
}

INSURED_NAMES: Final[Mapping[str, str]] = {
    "resident": _("城乡居民医保"),
    "employee": _("职工医保"),
    "none": _("未参保"),
}

# Counties and districts of Ningxia today (GB/T 2260); public facts.
COUNTY_NAMES: Final[Mapping[str, str]] = {
    "640104": _("银川市兴庆区"),
    "640105": _("银川市西夏区"),
    "640106": _("银川市金凤区"),
    "640121": _("永宁县"),
    "640122": _("贺兰县"),
    "640181": _("灵武市"),
    "640202": _("石嘴山市大武口区"),
    "640205": _("石嘴山市惠农区"),
    "640221": _("平罗县"),
    "640302": _("吴忠市利通区"),
    "640303": _("吴忠市红寺堡区"),
    "640323": _("盐池县"),
    "640324": _("同心县"),
    "640381": _("青铜峡市"),
    "640402": _("固原市原州区"),
    "640422": _("西吉县"),
    "640423": _("隆德县"),
    "640424": _("泾源县"),
    "640425": _("彭阳县"),
    "640502": _("中卫市沙坡头区"),
    "640521": _("中宁县"),
    "640522": _("海原县"),
}
_COUNTY_LENGTH: Final = 6


def county_name(area_code: str) -> str:
    """The marked name of the county an area lies in; "" where it is not ours."""
    return COUNTY_NAMES.get(area_code[:_COUNTY_LENGTH], "")
