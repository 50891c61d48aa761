"""Drugs, values and illnesses that the histories speak of."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Drug:
    atc: str
    name: str
    dosage: str


@dataclass(frozen=True, slots=True)
class Quantity:
    """LOINC code, name, unit as printed and in UCUM, category, reference range."""

    loinc: str
    name: str
    unit: str
    ucum: str
    category: str
    low: str = ""
    high: str = ""


@dataclass(frozen=True, slots=True)
class Illness:
    code: str
    name: str


DRUGS: Final[Mapping[str, Drug]] = {
    "amlodipine": Drug("C08CA01", "苯磺酸氨氯地平片", "5mg 口服 每日1次"),
    "nifedipine": Drug("C08CA05", "硝苯地平控释片", "30mg 口服 每日1次"),
    "valsartan": Drug("C09CA03", "缬沙坦胶囊", "80mg 口服 每日1次"),
    "enalapril": Drug("C09AA02", "马来酸依那普利片", "10mg 口服 每日2次"),
    "irbesartan_hct": Drug("C09DA04", "厄贝沙坦氢氯噻嗪片", "162.5mg 口服 每日1次"),
    "indapamide": Drug("C03BA11", "吲达帕胺缓释片", "1.5mg 口服 每日1次"),
    "metoprolol": Drug("C07AB02", "琥珀酸美托洛尔缓释片", "47.5mg 口服 每日1次"),
    "metformin": Drug("A10BA02", "盐酸二甲双胍片", "0.5g 口服 每日2次"),
    "gliclazide": Drug("A10BB09", "格列齐特缓释片", "60mg 口服 每日1次"),
    "acarbose": Drug("A10BF01", "阿卡波糖片", "50mg 口服 每日3次 随餐嚼服"),
    "dapagliflozin": Drug("A10BK01", "达格列净片", "10mg 口服 每日1次"),
    "glargine": Drug("A10AE04", "甘精胰岛素注射液", "12单位 皮下注射 睡前1次"),
    "aspirin": Drug("B01AC06", "阿司匹林肠溶片", "100mg 口服 每日1次"),
    "clopidogrel": Drug("B01AC04", "硫酸氢氯吡格雷片", "75mg 口服 每日1次"),
    "atorvastatin": Drug("C10AA05", "阿托伐他汀钙片", "20mg 口服 每晚1次"),
    "tiotropium": Drug("R03BB04", "噻托溴铵吸入粉雾剂", "18μg 吸入 每日1次"),
    "budesonide_formoterol": Drug(
        "R03AK07", "布地奈德福莫特罗吸入粉雾剂", "160/4.5μg 吸入 每日2次"
    ),
    "amoxicillin": Drug("J01CA04", "阿莫西林胶囊", "0.5g 口服 每日3次"),
    "ibuprofen": Drug("M01AE01", "布洛芬缓释胶囊", "0.3g 口服 每日2次"),
    "omeprazole": Drug("A02BC01", "奥美拉唑肠溶胶囊", "20mg 口服 每日1次 早餐前"),
    "ambroxol": Drug("R05CB06", "盐酸氨溴索口服溶液", "10ml 口服 每日3次"),
    "lianhua": Drug("V03AX", "连花清瘟胶囊", "4粒 口服 每日3次"),
    "smectite": Drug("A07BC05", "蒙脱石散", "3g 口服 每日3次"),
    "mometasone": Drug("D07AC13", "糠酸莫米松乳膏", "外用 每日1次"),
    "ferrous": Drug("B03AA07", "硫酸亚铁片", "0.3g 口服 每日1次"),
    "olanzapine": Drug("N05AH03", "奥氮平片", "10mg 口服 每晚1次"),
    "isoniazid_rifampicin": Drug("J04AM02", "异福片", "按体重 口服 每日1次 晨起空腹"),
    "calcium": Drug("A12AX", "碳酸钙D3片", "0.6g 口服 每日1次"),
}

MEASURES: Final[Mapping[str, Quantity]] = {
    "heart_rate": Quantity("8867-4", "心率", "次/分", "/min", "vital-signs"),
    "temperature": Quantity("8310-5", "体温", "℃", "Cel", "vital-signs"),
    "spo2": Quantity("59408-5", "血氧饱和度", "%", "%", "vital-signs"),
    "height": Quantity("8302-2", "身高", "cm", "cm", "vital-signs"),
    "weight": Quantity("29463-7", "体重", "kg", "kg", "vital-signs"),
    "bmi": Quantity("39156-5", "体质指数", "kg/m²", "kg/m2", "vital-signs"),
    "fasting_glucose": Quantity(
        "14771-0", "空腹血糖", "mmol/L", "mmol/L", "laboratory", "3.9", "6.1"
    ),
    "capillary_glucose": Quantity(
        "14743-9", "指尖血糖", "mmol/L", "mmol/L", "laboratory", "3.9", "7.8"
    ),
    "hba1c": Quantity("4548-4", "糖化血红蛋白", "%", "%", "laboratory", "4.0", "6.0"),
    "creatinine": Quantity(
        "14682-9", "肌酐", "μmol/L", "umol/L", "laboratory", "44", "106"
    ),
    "egfr": Quantity(
        "62238-1",
        "估算肾小球滤过率",
        "mL/min/1.73m²",
        "mL/min/{1.73_m2}",
        "laboratory",
        "90",
        "",
    ),
    "acr": Quantity("9318-7", "尿白蛋白/肌酐", "mg/g", "mg/g", "laboratory", "", "30"),
    "potassium": Quantity(
        "2823-3", "血钾", "mmol/L", "mmol/L", "laboratory", "3.5", "5.3"
    ),
    "ldl": Quantity(
        "22748-8", "低密度脂蛋白胆固醇", "mmol/L", "mmol/L", "laboratory", "", "3.4"
    ),
    "haemoglobin": Quantity(
        "718-7", "血红蛋白", "g/L", "g/L", "laboratory", "115", "175"
    ),
    "troponin": Quantity(
        "10839-9", "肌钙蛋白I", "ng/mL", "ng/mL", "laboratory", "", "0.04"
    ),
    "nihss": Quantity("72089-6", "NIHSS评分", "分", "{score}", "survey"),
    "fev1_fvc": Quantity("19926-5", "一秒率", "%", "%", "exam", "70", ""),
}

CHRONIC: Final[Mapping[str, Illness]] = {
    "hypertension": Illness("I10.x00", "原发性高血压"),
    "diabetes": Illness("E11.900", "2型糖尿病"),
    "copd": Illness("J44.900", "慢性阻塞性肺疾病"),
    "coronary": Illness("I25.103", "冠状动脉粥样硬化性心脏病"),
    "stroke": Illness("I69.300", "脑梗死后遗症"),
    "asthma": Illness("J45.900", "支气管哮喘"),
    "cataract": Illness("H25.900", "老年性白内障"),
    "severe_mental": Illness("F20.900", "精神分裂症"),
    "tuberculosis": Illness("A15.000", "肺结核，痰菌阳性"),
    "pregnancy": Illness("Z34.900", "正常妊娠监督"),
}

# Common short illnesses with what is given for them.
MINOR: Final[tuple[tuple[Illness, tuple[str, ...]], ...]] = (
    (Illness("J06.900", "急性上呼吸道感染"), ("lianhua",)),
    (Illness("J06.900", "急性上呼吸道感染"), ("ambroxol",)),
    (Illness("J20.900", "急性支气管炎"), ("amoxicillin", "ambroxol")),
    (Illness("K29.500", "慢性胃炎"), ("omeprazole",)),
    (Illness("M54.500", "下背痛"), ("ibuprofen",)),
    (Illness("M17.900", "膝关节病"), ("ibuprofen",)),
    (Illness("A09.900", "急性胃肠炎"), ("smectite",)),
    (Illness("L30.900", "皮炎"), ("mometasone",)),
    (Illness("N39.000", "泌尿道感染"), ("amoxicillin",)),
    (Illness("R51.x00", "头痛"), ("ibuprofen",)),
    (Illness("K02.900", "龋病"), ()),
)
CHILDHOOD: Final[tuple[tuple[Illness, tuple[str, ...]], ...]] = (
    (Illness("J06.900", "急性上呼吸道感染"), ("ambroxol",)),
    (Illness("J03.900", "急性扁桃体炎"), ("amoxicillin",)),
    (Illness("A09.900", "急性胃肠炎"), ("smectite",)),
    (Illness("B08.400", "手足口病"), ()),
)
