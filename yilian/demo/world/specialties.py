"""Departments: the demonstration's key → specialty and name, and what they treat."""

from collections.abc import Mapping
from typing import Final

# Several departments may share a specialty code of `registry/directory`.
DEPARTMENTS: Final[Mapping[str, tuple[str, str]]] = {
    "cardiology": ("cardiology", "心血管内科"),
    "neurology": ("neurology", "神经内科"),
    "respiratory": ("respiratory", "呼吸与危重症医学科"),
    "endocrinology": ("endocrinology", "内分泌科"),
    "gastroenterology": ("gastroenterology", "消化内科"),
    "nephrology": ("nephrology", "肾脏内科"),
    "oncology": ("oncology", "肿瘤科"),
    "haematology": ("haematology", "血液内科"),
    "infectious": ("infectious", "感染性疾病科"),
    "internal": ("internal", "内科"),
    "surgery": ("surgery", "普通外科"),
    "orthopaedics": ("orthopaedics", "骨科"),
    "neurosurgery": ("neurosurgery", "神经外科"),
    "urology": ("urology", "泌尿外科"),
    "gynaecology": ("gynaecology", "妇科"),
    "obstetrics": ("obstetrics", "产科"),
    "paediatrics": ("paediatrics", "儿科"),
    "neonatology": ("paediatrics", "新生儿科"),
    "ophthalmology": ("ophthalmology", "眼科"),
    "ent": ("ent", "耳鼻咽喉科"),
    "stomatology": ("stomatology", "口腔科"),
    "dermatology": ("dermatology", "皮肤科"),
    "psychiatry": ("psychiatry", "精神科"),
    "emergency": ("emergency", "急诊科"),
    "icu": ("icu", "重症医学科"),
    "stroke": ("stroke", "卒中中心"),
    "chest_pain": ("chest_pain", "胸痛中心"),
    "rehabilitation": ("rehabilitation", "康复医学科"),
    "geriatrics": ("geriatrics", "老年医学科"),
    "tcm": ("tcm", "中医科"),
    "acupuncture": ("tcm", "针灸推拿科"),
    "general": ("general", "全科医学科"),
    "public_health": ("public_health", "公共卫生科"),
    "women_children": ("public_health", "妇幼保健科"),
    "nursing_care": ("nursing_care", "护理科"),
    "imaging": ("imaging", "医学影像科"),
    "ecg": ("imaging", "心电诊断室"),
    "laboratory": ("laboratory", "检验科"),
    "pathology": ("pathology", "病理科"),
    "pharmacy": ("management", "药剂科"),
    "referral_office": ("management", "双向转诊办公室"),
    "consortium_office": ("management", "医联体办公室"),
    "insurance_office": ("management", "医保办公室"),
}

# ICD-10 prefixes that a department takes on.
TREATS: Final[Mapping[str, str]] = {
    "cardiology": "I05 I08 I1 I2 I3 I4 I5 I7 R00 R07",
    "neurology": "G I6 R42 R51",
    "respiratory": "J R05 R06 I26 I27",
    "endocrinology": "E O24",
    "gastroenterology": "K2 K3 K5 K7 K85 K86 K92",
    "nephrology": "N0 N1 I12 E11.2",
    "oncology": "C D0 Z51",
    "haematology": "C8 C9 D5 D6 D7",
    "infectious": "A B J09 J10 J11",
    "internal": "I1 I2 I5 J E1 E7 K2 N1 N39",
    "surgery": "K3 K4 K6 K8 E04 C50",
    "orthopaedics": "M S T8 S72 S82",
    "neurosurgery": "I60 I61 I62 S06 D32 D33 C71",
    "urology": "N2 N3 N4 C61 C67",
    "gynaecology": "N7 N8 N9 D25 D27",
    "obstetrics": "O Z34 Z35",
    "paediatrics": "P J A0 B0 R50 R56 Q",
    "neonatology": "P Q",
    "ophthalmology": "H0 H1 H2 H3 H4 H5 E11.3",
    "ent": "H6 H7 H8 H9 J3",
    "stomatology": "K0 K1 S02.5",
    "dermatology": "L B0",
    "psychiatry": "F",
    "emergency": "I J K G S T R O N E",
    "icu": "I J K G S T R A",
    "stroke": "G45 I60 I61 I63 I64",
    "chest_pain": "I20 I21 I22 I24 I26 I71 R07",
    "rehabilitation": "I69 M S T9 Z50 G8",
    "geriatrics": "I1 I2 I5 I69 J44 E11 F0 G20 M8",
    "tcm": "I10 I69 M G5 K2 K3 R51 R52",
    "acupuncture": "I69 M G5 R51 R52",
    "general": "I10 I69 E11 E78 J0 J2 J44 K2 K5 L M N39 R Z",
    "nursing_care": "I69 F0 G2 M8 Z51 Z74",
}
# A county department takes less than a tertiary one of the same name.
COUNTY_TREATS: Final[Mapping[str, str]] = {
    "cardiology": "I10 I11 I13 I15 I20 I25 I48 I49 I50 R07",
    "neurology": "G40 G43 G45 G47 G51 I63 I69 R42 R51",
    "respiratory": "J R05",
    "endocrinology": "E03 E05 E10 E11 E78 E79",
    "surgery": "K35 K36 K40 K80 K81",
    "orthopaedics": "M1 M5 M8 S4 S5 S6 S72 S8 S9",
    "obstetrics": "O24 O42 O47 O60 O80 O82 Z34 Z35",
}


def treats(department: str, *, is_tertiary: bool) -> tuple[str, ...]:
    prefixes = TREATS.get(department, "")
    if not is_tertiary:
        prefixes = COUNTY_TREATS.get(department, prefixes)
    return tuple(prefixes.split())
