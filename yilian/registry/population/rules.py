"""On what ground somebody may see a person, and how much of them."""

from collections.abc import Iterator, Mapping
from datetime import date
from enum import IntEnum, StrEnum
from typing import Final

from yilian.foundation.access.actor import Role
from yilian.kernel.resident_id import check_character
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


# Who looks at emergency openings afterwards, 三员中的审计与安全.
REVIEWERS: Final = (Role.AUDIT_ADMIN, Role.SECURITY_ADMIN)

# Why a record was opened in an emergency, 紧急调阅原因.
BREAK_GLASS_REASONS: Final[Mapping[str, str]] = {
    "unconscious": _("患者昏迷或不能表达"),
    "life_threatening": _("危及生命，来不及登记核验"),
    "poisoning_or_allergy": _("需立即查明用药或过敏史"),
    "public_health": _("突发公共卫生事件处置"),
    "other": _("其他紧急情况（请写明）"),
}


class Likeness(StrEnum):
    """Why somebody already registered may be the same person."""

    SAME_NAME_AND_BIRTH = "same_name_and_birth"
    SAME_SOUND_AND_BIRTH = "same_sound_and_birth"
    SAME_PHONE = "same_phone"
    NEARLY_SAME_NUMBER = "nearly_same_number"


LIKENESS_NAMES: Final[Mapping[Likeness, str]] = {
    Likeness.SAME_NAME_AND_BIRTH: _("姓名和出生日期相同"),
    Likeness.SAME_SOUND_AND_BIRTH: _("姓名同音，出生日期相同"),
    Likeness.SAME_PHONE: _("电话相同"),
    Likeness.NEARLY_SAME_NUMBER: _("证件号码只差一位"),
}

# Below this age somebody must stand for the person (PIPL article 31).
AGE_OF_OWN_WORD: Final = 14
FIRST_YEAR: Final = 1850
_ID_LENGTH: Final = 18


def age_on(born_on: date, day: date) -> int:
    return (
        day.year - born_on.year - ((day.month, day.day) < (born_on.month, born_on.day))
    )


def one_digit_away(number: str) -> Iterator[str]:
    """Valid numbers that differ in one of the first 17 digits (and so in the last).

    With the number of the person at the desk these find who was once mistyped.
    """
    if len(number) != _ID_LENGTH:
        return
    body = number[:17]
    for at, digit in enumerate(body):
        for other in "0123456789":
            if other != digit:
                changed = body[:at] + other + body[at + 1 :]
                yield changed + check_character(changed)
