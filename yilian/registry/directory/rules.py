"""What institutions can be, and which tier each kind stands on."""

import re
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Final

from yilian.foundation.access.actor import SEPARATE_POWERS, Reach, Role
from yilian.kernel.text import _
from yilian.kernel.tier import Tier


class InstitutionKind(StrEnum):
    GENERAL_HOSPITAL = "general_hospital"
    TCM_HOSPITAL = "tcm_hospital"
    SPECIALIST_HOSPITAL = "specialist_hospital"
    MCH_INSTITUTION = "mch_institution"
    TOWNSHIP_CENTER = "township_center"
    COMMUNITY_CENTER = "community_center"
    COMMUNITY_STATION = "community_station"
    VILLAGE_CLINIC = "village_clinic"
    NURSING_HOSPITAL = "nursing_hospital"
    REHAB_INSTITUTION = "rehab_institution"
    ELDERLY_HOME = "elderly_home"
    EXAM_PROVIDER = "exam_provider"  # third-party imaging
    LAB_PROVIDER = "lab_provider"  # third-party laboratory
    AUTHORITY = "authority"  # commission or bureau (decisions 3)
    OTHER = "other"


KIND_NAMES: Final[Mapping[InstitutionKind, str]] = {
    InstitutionKind.GENERAL_HOSPITAL: _("综合医院"),
    InstitutionKind.TCM_HOSPITAL: _("中医医院"),
    InstitutionKind.SPECIALIST_HOSPITAL: _("专科医院"),
    InstitutionKind.MCH_INSTITUTION: _("妇幼保健院"),
    InstitutionKind.TOWNSHIP_CENTER: _("乡镇卫生院"),
    InstitutionKind.COMMUNITY_CENTER: _("社区卫生服务中心"),
    InstitutionKind.COMMUNITY_STATION: _("社区卫生服务站"),
    InstitutionKind.VILLAGE_CLINIC: _("村卫生室"),
    InstitutionKind.NURSING_HOSPITAL: _("护理院"),
    InstitutionKind.REHAB_INSTITUTION: _("康复机构"),
    InstitutionKind.ELDERLY_HOME: _("养老机构"),
    InstitutionKind.EXAM_PROVIDER: _("第三方检查机构"),
    InstitutionKind.LAB_PROVIDER: _("第三方检验机构"),
    InstitutionKind.AUTHORITY: _("管理部门"),
    InstitutionKind.OTHER: _("其他机构"),
}


class Level(StrEnum):
    """Hospital level, 级."""

    TERTIARY = "tertiary"
    SECONDARY = "secondary"
    PRIMARY = "primary"
    UNRATED = "unrated"


LEVEL_NAMES: Final[Mapping[Level, str]] = {
    Level.TERTIARY: _("三级"),
    Level.SECONDARY: _("二级"),
    Level.PRIMARY: _("一级"),
    Level.UNRATED: _("未定级"),
}


class Grade(StrEnum):
    """Hospital grade, 等."""

    A = "a"
    B = "b"
    C = "c"
    NONE = "none"


GRADE_NAMES: Final[Mapping[Grade, str]] = {
    Grade.A: _("甲等"),
    Grade.B: _("乙等"),
    Grade.C: _("丙等"),
    Grade.NONE: "",
}


class Sponsor(StrEnum):
    """Who runs it, 举办主体 (NX-2.1.7)."""

    GOVERNMENT = "government"
    OTHER_PUBLIC = "other_public"
    SOCIAL = "social"


SPONSOR_NAMES: Final[Mapping[Sponsor, str]] = {
    Sponsor.GOVERNMENT: _("政府办"),
    Sponsor.OTHER_PUBLIC: _("其他公立"),
    Sponsor.SOCIAL: _("社会办"),
}


class DutyKind(StrEnum):
    REFERRAL_OFFICE = "referral_office"
    CHEST_PAIN = "chest_pain"
    STROKE = "stroke"
    GENERAL = "general"


DUTY_NAMES: Final[Mapping[DutyKind, str]] = {
    DutyKind.REFERRAL_OFFICE: _("双向转诊办公室"),
    DutyKind.CHEST_PAIN: _("胸痛中心"),
    DutyKind.STROKE: _("卒中中心"),
    DutyKind.GENERAL: _("总值班"),
}

# Specialty codes used by departments, alliances and episodes.
SPECIALTY_NAMES: Final[Mapping[str, str]] = {
    "general": _("全科医学"),
    "cardiology": _("心血管内科"),
    "neurology": _("神经内科"),
    "endocrinology": _("内分泌科"),
    "respiratory": _("呼吸内科"),
    "nephrology": _("肾内科"),
    "gastroenterology": _("消化内科"),
    "haematology": _("血液科"),
    "oncology": _("肿瘤科"),
    "infectious": _("感染科"),
    "internal": _("内科"),
    "surgery": _("普通外科"),
    "orthopaedics": _("骨科"),
    "neurosurgery": _("神经外科"),
    "urology": _("泌尿外科"),
    "gynaecology": _("妇科"),
    "obstetrics": _("产科"),
    "paediatrics": _("儿科"),
    "ophthalmology": _("眼科"),
    "ent": _("耳鼻喉科"),
    "stomatology": _("口腔科"),
    "dermatology": _("皮肤科"),
    "psychiatry": _("精神科"),
    "rehabilitation": _("康复科"),
    "geriatrics": _("老年病科"),
    "nursing_care": _("护理"),
    "tcm": _("中医科"),
    "emergency": _("急诊科"),
    "icu": _("重症医学科"),
    "stroke": _("卒中中心"),
    "chest_pain": _("胸痛中心"),
    "imaging": _("医学影像科"),
    "laboratory": _("检验科"),
    "pathology": _("病理科"),
    "public_health": _("公共卫生科"),
    "management": _("管理部门"),
}

_TRADITIONAL: Final = "tcm"


def nearness(
    specialty: str, treats: Iterable[str], diagnosis_code: str
) -> tuple[int, bool]:
    """How nearly a department takes on what this code says; nothing of it: 0. Of
    those equally near, the one of traditional medicine comes last."""
    code = diagnosis_code.upper()
    fits = (len(prefix) for prefix in treats if code.startswith(prefix))
    return max(fits, default=0), specialty != _TRADITIONAL


_BY_KIND: Final[Mapping[InstitutionKind, Tier]] = {
    InstitutionKind.VILLAGE_CLINIC: Tier.VILLAGE,
    InstitutionKind.COMMUNITY_STATION: Tier.VILLAGE,
    InstitutionKind.TOWNSHIP_CENTER: Tier.PRIMARY,
    InstitutionKind.COMMUNITY_CENTER: Tier.PRIMARY,
    InstitutionKind.NURSING_HOSPITAL: Tier.PRIMARY,
    InstitutionKind.ELDERLY_HOME: Tier.PRIMARY,
}
_BY_LEVEL: Final[Mapping[Level, Tier]] = {
    Level.TERTIARY: Tier.TERTIARY,
    Level.SECONDARY: Tier.SECONDARY,
    Level.PRIMARY: Tier.PRIMARY,
    Level.UNRATED: Tier.PRIMARY,
}
# Nobody is referred to these.
WITHOUT_TIER: Final = frozenset(
    {
        InstitutionKind.AUTHORITY,
        InstitutionKind.EXAM_PROVIDER,
        InstitutionKind.LAB_PROVIDER,
    }
)


def tier_of(kind: InstitutionKind, level: Level) -> Tier | None:
    """The rung an institution stands on; None where nobody can be referred to."""
    if kind in WITHOUT_TIER:
        return None
    return _BY_KIND.get(kind, _BY_LEVEL[level])


# Who meets patients; their institution's grants open persons to them.
CLINICAL: Final = frozenset(
    {Role.PHYSICIAN, Role.NURSE, Role.PHARMACIST, Role.REFERRAL_DESK}
)
# Only a commission or bureau gives these.
OF_AUTHORITIES: Final = frozenset({Role.OFFICER, Role.INSURER, Role.PRICING})


POWERS_JOINED: Final = _(
    "系统、安全、审计管理员三员分立：一个岗位、一个账号只能担任其中之一。"
)


def reach_of(roles: frozenset[Role]) -> Reach:
    """How far a post sees; with several roles, the widest that meets patients."""
    if not roles.isdisjoint(CLINICAL):
        return Reach.INSTITUTION
    if Role.AUDIT_ADMIN in roles:
        return Reach.AUDIT
    if Role.CONSORTIUM_OFFICE in roles:
        return Reach.CONSORTIUM
    return Reach.AREA


def joins_powers(*posts: frozenset[Role]) -> bool:
    """Whether posts of one person bring separate powers together, 三员分立."""
    return len(frozenset().union(*posts) & SEPARATE_POWERS) > 1


def roles_problem(roles: frozenset[Role], kind: InstitutionKind) -> str | None:
    """Why these roles cannot stand in one post there; None when they can."""
    is_authority = kind is InstitutionKind.AUTHORITY
    if not roles or Role.RESIDENT in roles:
        return _("请至少选择一个工作角色。")
    if joins_powers(roles):
        return POWERS_JOINED
    if is_authority and roles & CLINICAL:
        return _("管理部门不设诊疗岗位。")
    if is_authority and Role.FINANCE in roles:
        return _("医保财务岗位只设在医疗机构。")
    if not is_authority and roles & OF_AUTHORITIES:
        return _("卫健管理、医保经办和价格管理岗位只设在管理部门。")
    return None


_CREDIT_ALPHABET: Final = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_CREDIT_WEIGHTS: Final = (
    1,
    3,
    9,
    27,
    19,
    26,
    16,
    17,
    20,
    29,
    25,
    13,
    8,
    24,
    10,
    30,
    28,
)
_CREDIT_SHAPE: Final = re.compile(rf"[{_CREDIT_ALPHABET}]{{18}}", re.ASCII)


def is_credit_code(code: str) -> bool:
    """统一社会信用代码 with its check character (GB 32100)."""
    if _CREDIT_SHAPE.fullmatch(code) is None:
        return False
    pairs = zip(code, _CREDIT_WEIGHTS, strict=False)
    total = sum(_CREDIT_ALPHABET.index(sign) * weight for sign, weight in pairs)
    return code[17] == _CREDIT_ALPHABET[-total % 31]


SERVICE_NAMES: Final[Mapping[str, str]] = {
    "outpatient": _("门诊"),
    "inpatient": _("住院"),
    "emergency": _("急诊"),
    "icu": _("重症监护"),
    "pci": _("急诊介入"),
    "thrombolysis": _("静脉溶栓"),
    "thrombectomy": _("取栓"),
    "surgery": _("手术"),
    "delivery": _("分娩"),
    "nicu": _("新生儿重症监护"),
    "critical_maternal": _("危重孕产妇救治"),
    "dialysis": _("血液透析"),
    "radiotherapy": _("放射治疗"),
    "endoscopy": _("内镜"),
    "cataract_surgery": _("白内障手术"),
    "rehabilitation": _("康复"),
    "nursing": _("护理"),
    "palliative_care": _("安宁疗护"),
    "long_term_care": _("长期照护"),
    "medical_elderly_care": _("医养结合"),
    "nebulisation": _("雾化"),
    "x_ray": _("X 线"),
    "elderly_care": _("养老照护"),
    "ct": "CT",
    "mr": _("磁共振"),
    "dsa": _("血管造影"),
    "ultrasound": _("超声"),
    "pathology": _("病理"),
    "laboratory": _("检验"),
    "ecg": _("心电图"),
    "tele_consult": _("远程会诊"),
    "tele_imaging": _("远程影像"),
    "tele_pathology": _("远程病理"),
    "tele_ecg": _("远程心电"),
    "chest_pain_center": _("胸痛中心"),
    "stroke_center": _("卒中中心"),
    "chest_pain_unit": _("胸痛救治单元"),
    "stroke_unit": _("卒中防治单元"),
    "tcm_prevention": _("中医治未病"),
    "psychiatric_inpatient": _("精神科住院"),
    "orthodontics": _("正畸"),
    "implant": _("种植牙"),
    "vaccination": _("预防接种"),
    "chronic_management": _("慢病管理"),
    "family_doctor": _("家庭医生签约"),
    "home_visit": _("上门服务"),
}

FUNDING_NAMES: Final[Mapping[str, str]] = {
    "region": _("自治区财政"),
    "city": _("市财政"),
    "county": _("县（区）财政"),
    "county_subsidy": _("县（区）财政补助"),
    "enterprise": _("企业"),
    "self_funded": _("自筹"),
}

OWNERSHIP_NAMES: Final[Mapping[str, str]] = {
    "state_owned": _("国有"),
    "state_enterprise": _("国有企业"),
    "collective": _("集体"),
    "private": _("民营"),
}
