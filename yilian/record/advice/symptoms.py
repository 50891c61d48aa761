"""Signs that a person reports or a clinician judges: our CodeSystem `symptom`.

Three kinds, because silence means something else in each (docs/symptoms.md):

- symptom: never mentioned = not reported; rules read it as not present
- event (an adverse reaction, a new complication): recorded when it happens
- judgement (a plan is fixed): nobody has said so = unknown, and a rule that
  needs it answers `unknown` with this code
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from yilian.kernel.text import _

SYSTEM: Final = "urn:yilian:codesystem:symptom"


class Kind(StrEnum):
    SYMPTOM = "symptom"
    EVENT = "event"
    JUDGEMENT = "judgement"


KIND_NAMES: Final[Mapping[Kind, str]] = {
    Kind.SYMPTOM: _("症状"),
    Kind.EVENT: _("事件"),
    Kind.JUDGEMENT: _("医生判断"),
}


@dataclass(frozen=True, slots=True)
class SignCode:
    code: str
    kind: Kind
    name: str
    english: str


def _table(kind: Kind, *rows: tuple[str, str, str]) -> tuple[SignCode, ...]:
    return tuple(SignCode(code, kind, name, english) for code, name, english in rows)


SYMPTOMS: Final = _table(
    Kind.SYMPTOM,
    ("consciousness_change", _("意识改变"), "clouded or altered consciousness"),
    ("consciousness_loss", _("突发意识丧失"), "sudden loss of consciousness"),
    ("behaviour_change", _("行为改变"), "change of behaviour"),
    ("severe_headache", _("剧烈头痛"), "severe headache"),
    ("sudden_severe_headache", _("突发剧烈头痛"), "sudden severe headache"),
    ("headache", _("头痛"), "headache"),
    ("dizziness_severe", _("严重头晕"), "severe dizziness"),
    ("nausea_vomiting", _("恶心呕吐"), "nausea and vomiting"),
    ("blurred_vision", _("视物模糊"), "blurred vision"),
    ("sudden_vision_loss", _("视力骤降"), "sudden loss of vision"),
    ("eye_pain", _("眼痛"), "eye pain"),
    ("palpitation", _("心悸"), "palpitation"),
    ("chest_tightness", _("胸闷"), "chest tightness"),
    (
        "chest_pain_lasting",
        _("胸痛≥20分钟或静息胸痛"),
        "chest pain ≥ 20 min or at rest",
    ),
    (
        "chest_or_back_pain_lasting",
        _("持续性胸背部疼痛"),
        "lasting pain of chest or back",
    ),
    ("dyspnoea", _("呼吸困难"), "dyspnoea"),
    ("cannot_lie_flat", _("不能平卧"), "cannot lie flat"),
    ("leg_swelling", _("下肢水肿"), "swelling of the legs"),
    ("speech_trouble", _("言语障碍"), "trouble speaking"),
    ("face_droop", _("口角歪斜"), "drooping face"),
    ("arm_weakness", _("单侧上肢无力"), "weakness of one arm"),
    ("limb_paralysis", _("肢体瘫痪"), "paralysis of a limb"),
    ("balance_loss", _("突发平衡障碍"), "sudden loss of balance"),
    ("ketone_breath", _("呼气烂苹果味"), "breath smells of ketones"),
    ("sweating", _("出汗"), "sweating"),
    ("polydipsia", _("烦渴多饮"), "polydipsia"),
    ("polyuria", _("多尿"), "polyuria"),
    ("abdominal_pain", _("腹痛"), "abdominal pain"),
    ("deep_breathing", _("深大呼吸"), "deep breathing"),
    ("flushed_skin", _("皮肤潮红"), "flushed skin"),
    ("anaphylaxis", _("过敏性休克表现"), "signs of anaphylaxis"),
    ("paroxysmal_bp_rise", _("阵发性血压升高"), "paroxysmal rise of blood pressure"),
)

EVENTS: Final = _table(
    Kind.EVENT,
    ("adverse_reaction", _("药物不良反应"), "adverse drug reaction"),
    ("new_complication", _("新发并发症"), "new complication"),
    ("complication_worse", _("并发症加重"), "complication grown worse"),
    ("heart_failure_sign", _("新发心力衰竭表现"), "new sign of heart failure"),
    ("stroke_sign", _("新发卒中或TIA表现"), "new sign of stroke or TIA"),
    ("foot_ulcer", _("足部溃疡"), "foot ulcer"),
    ("new_neuropathy", _("新发神经病变"), "new neuropathy"),
    ("pregnant", _("妊娠"), "pregnant"),
    ("lactating", _("哺乳"), "lactating"),
    ("acute_complication", _("糖尿病急性并发症"), "acute complication of diabetes"),
)

JUDGEMENTS: Final = _table(
    Kind.JUDGEMENT,
    (
        "adverse_reaction_uncontrolled",
        _("不良反应难以控制"),
        "adverse reaction hard to control",
    ),
    (
        "other_disease_beyond_capacity",
        _("合并本机构不能处理的其他疾病"),
        "another disease that cannot be handled here",
    ),
    ("full_dose_drugs", _("降压药已足量"), "drugs at full dose"),
    ("acs_suspected", _("疑似急性冠脉综合征"), "acute coronary syndrome suspected"),
    ("aortic_suspected", _("疑似主动脉病变"), "aortic disease suspected"),
    (
        "tcm_need_unmet",
        _("中医药服务需求本地不能满足"),
        "need of TCM that cannot be met locally",
    ),
    ("diagnosis_clear", _("诊断明确"), "diagnosis clear"),
    ("plan_fixed", _("治疗方案已确定"), "treatment plan fixed"),
    ("plan_signed", _("出院医生已签署方案"), "plan signed by the discharging doctor"),
    ("fit_for_primary", _("适合基层继续治疗"), "fit for treatment in primary care"),
    ("home_oral_drugs", _("可居家口服药物治疗"), "can be treated at home by mouth"),
    ("complication_stable", _("并发症已处理且稳定"), "complication treated and stable"),
    ("tcm_plan_fixed", _("中医治疗方案已确定"), "TCM plan fixed"),
    ("long_term_plan", _("已有长期治疗方案"), "long-term plan"),
    ("no_near_change", _("近期无需调整方案"), "no near change of plan expected"),
    ("diabetes_type_unclear", _("糖尿病分型不明"), "type of diabetes unclear"),
    ("needs_insulin_pump", _("需要胰岛素泵"), "needs an insulin pump"),
    (
        "complex_insulin_start",
        _("需启动复杂胰岛素方案"),
        "start of a complex insulin plan",
    ),
    ("ketones_positive", _("酮体阳性"), "ketones positive"),
    ("lactic_acidosis", _("乳酸酸中毒"), "lactic acidosis"),
    (
        "acute_complication_treated",
        _("急性并发症已处理"),
        "acute complication treated",
    ),
    (
        "chronic_complication_assessed",
        _("慢性并发症已评估"),
        "chronic complications assessed",
    ),
)

SIGNS: Final[Mapping[str, SignCode]] = {
    sign.code: sign for sign in (*SYMPTOMS, *EVENTS, *JUDGEMENTS)
}


def is_ours(system: str) -> bool:
    """Our CodeSystem under whichever address it was given (…/symptom, …:symptom)."""
    return system.replace(":", "/").rstrip("/").rsplit("/", 1)[-1] == "symptom"
