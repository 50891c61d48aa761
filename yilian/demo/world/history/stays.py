"""Hospital stays: heart, brain, lungs, bones, eyes; some people are in hospital now.

Those who are there and stable are what the "can go down today" list looks for.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final

from yilian.demo.world.chance import likely
from yilian.demo.world.history.catalogue import CHRONIC, Illness
from yilian.demo.world.history.model import Measure, Visit
from yilian.demo.world.history.pen import DAYS_TOLD, Pen
from yilian.resources.reception.rules import EncounterKind

_FRACTURE_FROM: Final = 62
_BABY: Final = 3


@dataclass(frozen=True, slots=True)
class Stay:
    """What a stay for one illness looks like; `days` from and up to."""

    illness: Illness
    department: str
    days: tuple[int, int]
    course: str
    advice: str
    drugs: tuple[str, ...] = ()
    operation: tuple[str, str] | None = None
    report: tuple[str, str] | None = None
    is_tertiary: bool = False
    kind: EncounterKind = EncounterKind.INPATIENT


PCI: Final = Stay(
    Illness("I21.401", "急性非ST段抬高型心肌梗死"),
    "cardiology",
    (6, 10),
    "急诊冠脉造影示前降支近段狭窄90%，植入药物洗脱支架1枚，术后无胸痛，生命体征平稳。",
    "双联抗血小板治疗至少12个月；低密度脂蛋白目标低于1.8mmol/L；胸痛复发立即就诊。",
    ("aspirin", "clopidogrel", "atorvastatin", "metoprolol"),
    ("36.0601", "经皮冠状动脉药物洗脱支架置入术"),
    ("冠状动脉造影", "左前降支近段狭窄90%，支架植入后血流TIMI 3级。"),
    is_tertiary=True,
)
ANGINA: Final = Stay(
    Illness("I20.000", "不稳定性心绞痛"),
    "cardiology",
    (5, 9),
    "药物治疗后胸痛未再发作，心电图无动态改变，肌钙蛋白阴性。",
    "规律服药，四周后复查血脂和肝功能，胸痛加重随时就诊。",
    ("aspirin", "atorvastatin", "metoprolol"),
    report=("十二导联心电图", "窦性心律，V4-V6导联ST段压低0.05mV。"),
)
STROKE: Final = Stay(
    Illness("I63.900", "脑梗死"),
    "neurology",
    (9, 15),
    "左侧基底节区脑梗死，抗血小板、调脂治疗，肢体肌力由3级恢复至4级，吞咽正常。",
    "继续二级预防，康复训练每日两次；言语或肢体症状加重立即就诊。",
    ("aspirin", "atorvastatin"),
    report=("头颅CT", "左侧基底节区低密度影，考虑脑梗死，未见出血。"),
)
COPD_ATTACK: Final = Stay(
    Illness("J44.100", "慢性阻塞性肺疾病伴有急性加重"),
    "respiratory",
    (6, 11),
    "雾化、抗感染、低流量吸氧后咳喘缓解，静息血氧饱和度93%，能正确使用吸入装置。",
    "规律吸入药物，戒烟，家庭氧疗每日15小时；气促加重及时就诊。",
    ("tiotropium", "budesonide_formoterol"),
    report=("胸部CT", "双肺肺气肿，右下肺少许炎症。"),
)
HIP: Final = Stay(
    Illness("S72.000", "股骨颈骨折"),
    "orthopaedics",
    (9, 15),
    "行人工股骨头置换术，切口愈合好，可扶助行器站立。",
    "康复训练，预防跌倒和深静脉血栓，术后一、三、六个月复查X线。",
    ("calcium",),
    ("81.5201", "人工股骨头置换术"),
    ("髋关节X线", "股骨颈骨折，人工股骨头置换术后，位置良好。"),
)
CATARACT: Final = Stay(
    Illness("H25.900", "老年性白内障"),
    "ophthalmology",
    (2, 4),
    "行超声乳化白内障吸除联合人工晶体植入术，术后视力0.6。",
    "按时点眼药水，一周、一个月复查。",
    (),
    ("13.4100", "白内障超声乳化抽吸术"),
)
PNEUMONIA: Final = Stay(
    Illness("J18.900", "肺炎"),
    "paediatrics",
    (5, 8),
    "抗感染、雾化治疗后体温正常，咳嗽减轻，肺部啰音消失。",
    "注意保暖，一周后门诊复查。",
    ("amoxicillin",),
    report=("胸部X线", "右下肺斑片状影，考虑肺炎。"),
)
HYPERTENSIVE: Final = Stay(
    Illness("I11.900", "高血压性心脏病"),
    "cardiology",
    (6, 10),
    "调整降压方案后血压稳定在目标范围，无头晕、胸闷。",
    "按新方案服药，两周后复查血压和血钾。",
    ("valsartan", "indapamide"),
    report=("超声心动图", "左心室肥厚，射血分数60%。"),
)
_BY_CONDITION: Final[Mapping[str, tuple[Stay, int]]] = {
    "coronary": (PCI, 30),
    "stroke": (STROKE, 75),
    "copd": (COPD_ATTACK, 45),
    "cataract": (CATARACT, 35),
}


def tell(pen: Pen) -> None:
    for key, (stay, percent) in _BY_CONDITION.items():
        if key not in pen.who.conditions:
            continue
        if likely(pen.rng, percent):
            _past(pen, stay)
        elif key == "coronary":
            _past(pen, ANGINA)
        if key in {"coronary", "copd"}:
            since = pen.days_ago(DAYS_TOLD + pen.rng.randrange(30, 1500))
            pen.has_problem(key, pen.county, since=since)
    for is_due, stay in (
        (pen.age >= _FRACTURE_FROM and likely(pen.rng, 4), HIP),
        (pen.age < _BABY and likely(pen.rng, 12), PNEUMONIA),
    ):
        if is_due:
            _past(pen, stay)
    _other_conditions(pen)


def tell_present(pen: Pen) -> None:
    """Some are in hospital today: two weeks already, or only some days."""
    stay = _present_stay(pen)
    if stay is None or not likely(pen.rng, 40 if pen.county == "640121-A1" else 12):
        return
    days = pen.rng.randrange(15, 20) if likely(pen.rng, 65) else pen.rng.randrange(2, 6)
    _present(pen, stay, days)


def _present_stay(pen: Pen) -> Stay | None:
    by_condition: Mapping[str, Stay] = {
        "coronary": PCI,
        "stroke": STROKE,
        "copd": COPD_ATTACK,
    }
    for key, stay in by_condition.items():
        if key in pen.who.conditions:
            return stay
    is_due = "hypertension" in pen.who.conditions and likely(pen.rng, 25)
    return HYPERTENSIVE if is_due else None


def _past(pen: Pen, stay: Stay) -> None:
    rng = pen.rng
    length = rng.randrange(*stay.days)
    day = pen.days_ago(rng.randrange(length + 12, DAYS_TOLD))
    visit = _admission(pen, stay, day)
    ends_at = visit.starts_at + timedelta(days=length, minutes=rng.randrange(200))
    visit = replace(
        visit, ends_at=ends_at, document=("出院小结", _summary(pen, stay, length))
    )
    pen.visits.append(visit)
    ended_on = ends_at.date() if stay.illness.code[0] in "JSH" else None
    pen.diagnose(stay.illness, visit.institution, day, ended_on=ended_on)
    for drug in stay.drugs:
        pen.prescribe(
            drug,
            visit.institution,
            ends_at.date(),
            reason=stay.illness.name,
            ends_on=ends_at.date() + timedelta(days=14) if ended_on else None,
        )


def _present(pen: Pen, stay: Stay, days: int) -> None:
    rng = pen.rng
    visit = _admission(pen, stay, pen.days_ago(days))
    is_stable = days > 14  # noqa: PLR2004
    readings = tuple(
        (
            rng.randrange(118, 134) if is_stable else rng.randrange(138, 164),
            rng.randrange(70, 84),
            pen.at(pen.days_ago(back)),
        )
        for back in (3, 2, 1)
        if back <= days
    )
    settled = ("diagnosis_clear", "plan_fixed", "fit_for_primary", "plan_signed")
    pen.visits.append(
        replace(
            visit,
            ends_at=None,
            blood_pressure=readings,
            measures=(*visit.measures, *_morning_glucose(pen, is_stable=is_stable)),
            signs=settled if is_stable else (),
        )
    )
    pen.diagnose(stay.illness, visit.institution, pen.days_ago(days))
    for drug in stay.drugs:
        pen.prescribe(
            drug,
            visit.institution,
            pen.days_ago(days),
            reason=stay.illness.name,
        )


def _morning_glucose(pen: Pen, *, is_stable: bool) -> Iterator[Measure]:
    if "diabetes" not in pen.who.conditions:
        return
    for back in (2, 1):
        value = pen.rng.uniform(4.9, 6.8) if is_stable else pen.rng.uniform(7.4, 11.0)
        at = pen.at(pen.days_ago(back)).replace(hour=6, minute=30)
        yield Measure("fasting_glucose", f"{value:.1f}", at)


def _admission(pen: Pen, stay: Stay, day: date) -> Visit:
    rng = pen.rng
    place = pen.tertiary if stay.is_tertiary else pen.county
    visit = pen.visit(
        stay.illness, place, pen.at(day), department=stay.department, kind=stay.kind
    )
    systolic = rng.randrange(128, 176)
    return replace(
        visit,
        blood_pressure=((systolic, round(systolic * 0.58), visit.starts_at),),
        measures=tuple(_admission_measures(pen, stay)),
        operation=stay.operation,
        report=stay.report,
    )


def _admission_measures(pen: Pen, stay: Stay) -> Iterator[Measure]:
    rng = pen.rng
    yield Measure("heart_rate", str(rng.randrange(68, 108)))
    yield Measure("creatinine", f"{max(45.0, rng.gauss(82, 18)):.0f}")
    if stay.department == "cardiology":
        yield Measure("troponin", f"{rng.uniform(0.2, 6.5):.2f}")
        yield Measure("ldl", f"{rng.uniform(2.1, 4.4):.2f}")
    if stay.department == "neurology":
        yield Measure("nihss", str(rng.randrange(3, 12)))
    if stay.department == "respiratory":
        yield Measure("spo2", str(rng.randrange(86, 92)))


def _summary(pen: Pen, stay: Stay, length: int) -> str:
    return (
        f"入院诊断：{stay.illness.name}。住院{length}天。"
        f"诊治经过：{stay.course}"
        f"出院医嘱：{stay.advice}"
    )


def _other_conditions(pen: Pen) -> None:
    tellers: Mapping[str, Callable[[Pen], None]] = {
        "severe_mental": _mental,
        "tuberculosis": _tuberculosis,
        "asthma": _asthma,
        "copd": _lungs,
        "stroke": _after_stroke,
    }
    for key, teller in tellers.items():
        if key in pen.who.conditions:
            teller(pen)


def _mental(pen: Pen) -> None:
    pen.has_problem("severe_mental", "640105-A2", since=pen.days_ago(2000))
    pen.prescribe("olanzapine", pen.center, pen.days_ago(500), reason="精神分裂症")
    for back in range(40, DAYS_TOLD, 91):
        day = pen.days_ago(back + pen.rng.randrange(-10, 10))
        visit = pen.visit(
            CHRONIC["severe_mental"],
            pen.center,
            pen.at(day),
            department="public_health",
        )
        pen.visits.append(replace(visit, is_follow_up=True))


def _tuberculosis(pen: Pen) -> None:
    begun = pen.rng.randrange(60, 500)
    cured_on = pen.days_ago(begun - 180) if begun > 180 else None  # noqa: PLR2004
    pen.diagnose(
        CHRONIC["tuberculosis"], pen.county, pen.days_ago(begun), ended_on=cured_on
    )
    pen.prescribe(
        "isoniazid_rifampicin",
        pen.county,
        pen.days_ago(begun),
        reason="肺结核",
        ends_on=cured_on,
    )


def _asthma(pen: Pen) -> None:
    pen.has_problem("asthma", pen.county, since=pen.days_ago(1500))
    pen.prescribe(
        "budesonide_formoterol", pen.center, pen.days_ago(300), reason="支气管哮喘"
    )


def _lungs(pen: Pen) -> None:
    for back in (70, 250, 430):
        visit = pen.visit(CHRONIC["copd"], pen.center, pen.at(pen.days_ago(back)))
        pen.visits.append(
            replace(
                visit,
                is_follow_up=True,
                measures=(
                    Measure("spo2", str(pen.rng.randrange(91, 97))),
                    Measure("fev1_fvc", f"{pen.rng.gauss(61, 5):.1f}"),
                ),
            )
        )


def _after_stroke(pen: Pen) -> None:
    pen.has_problem("stroke", pen.county, since=pen.days_ago(700))
