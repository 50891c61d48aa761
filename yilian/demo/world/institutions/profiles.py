"""What houses of one sort usually have: departments, services, equipment.

A department is written `specialty:share of the beds`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from yilian.demo.world.institutions.model import Equipment

EQUIPMENT_NAMES: Final[Mapping[str, str]] = {
    "mr": "磁共振成像系统",
    "ct": "X线计算机断层扫描装置",
    "dsa": "数字减影血管造影机",
    "dr": "数字化X线摄影系统",
    "linac": "医用直线加速器",
    "ultrasound": "彩色多普勒超声诊断仪",
    "ecg": "十二导联心电图机",
    "endoscope": "电子内镜系统",
    "biochemistry": "全自动生化分析仪",
    "haematology": "血细胞分析仪",
    "dialysis": "血液透析机",
    "ventilator": "有创呼吸机",
    "ambulance": "负压救护车",
    "spirometer": "便携式肺功能仪",
    "phaco": "超声乳化仪",
    "dental_unit": "牙科综合治疗台",
    "slide_scanner": "病理切片扫描仪",
}


@dataclass(frozen=True, slots=True)
class Profile:
    departments: str
    services: str
    equipment: str = ""


_BASIC_SERVICES: Final = (
    "outpatient vaccination chronic_management family_doctor home_visit ecg laboratory "
    "tele_consult tele_ecg tele_imaging"
)

PROFILES: Final[Mapping[str, Profile]] = {
    "tertiary_general": Profile(
        "cardiology:9 neurology:9 respiratory:7 endocrinology:5 gastroenterology:5 "
        "nephrology:4 oncology:7 haematology:3 infectious:3 surgery:9 "
        "orthopaedics:8 neurosurgery:5 urology:4 gynaecology:4 obstetrics:4 "
        "paediatrics:5 neonatology:2 ophthalmology:3 ent:2 stomatology:1 "
        "dermatology:1 emergency:1 icu:3 stroke:0 chest_pain:0 rehabilitation:4 "
        "geriatrics:3 tcm:2 consortium_office:0 "
        "general:1 psychiatry:1 imaging:0 ecg:0 laboratory:0 pathology:0 "
        "pharmacy:0 referral_office:0",
        "outpatient inpatient emergency icu pci thrombolysis thrombectomy surgery "
        "delivery nicu dialysis radiotherapy endoscopy cataract_surgery rehabilitation "
        "ct mr dsa ultrasound pathology laboratory ecg tele_consult tele_imaging "
        "tele_pathology tele_ecg chest_pain_center stroke_center",
        "mr:4 ct:6 dsa:4 dr:8 linac:2 ultrasound:30 ecg:40 endoscope:12 "
        "biochemistry:6 haematology:6 dialysis:60 ventilator:120 ambulance:8 phaco:3 "
        "slide_scanner:2",
    ),
    "tertiary_tcm": Profile(
        "tcm:14 acupuncture:10 cardiology:9 neurology:9 respiratory:7 endocrinology:6 "
        "gastroenterology:6 nephrology:4 orthopaedics:12 surgery:5 oncology:5 "
        "gynaecology:4 paediatrics:3 rehabilitation:9 geriatrics:5 emergency:1 icu:2 "
        "imaging:0 ecg:0 laboratory:0 pharmacy:0 referral_office:0",
        "outpatient inpatient emergency icu surgery thrombolysis rehabilitation "
        "tcm_prevention ct mr ultrasound laboratory ecg tele_consult tele_imaging",
        "mr:2 ct:3 dsa:1 dr:4 ultrasound:14 ecg:20 endoscope:4 biochemistry:3 "
        "haematology:3 dialysis:20 ventilator:20 ambulance:3",
    ),
    "psychiatric": Profile(
        "psychiatry:80 geriatrics:12 rehabilitation:8 emergency:0 laboratory:0 "
        "imaging:0 pharmacy:0 referral_office:0",
        "outpatient inpatient emergency psychiatric_inpatient rehabilitation "
        "tele_consult ct laboratory ecg",
        "ct:1 dr:2 ultrasound:3 ecg:8 biochemistry:1",
    ),
    "stomatology": Profile(
        "stomatology:100 imaging:0 pharmacy:0 referral_office:0",
        "outpatient inpatient surgery orthodontics implant tele_consult",
        "dental_unit:120 dr:4 ct:2",
    ),
    "tertiary_mch": Profile(
        "obstetrics:32 gynaecology:20 paediatrics:26 neonatology:14 "
        "women_children:8 emergency:0 imaging:0 laboratory:0 pharmacy:0 "
        "referral_office:0",
        "outpatient inpatient emergency delivery nicu surgery critical_maternal "
        "ultrasound laboratory ct tele_consult",
        "mr:1 ct:1 dr:2 ultrasound:18 ecg:8 ventilator:24 biochemistry:2 ambulance:3",
    ),
    "county_general": Profile(
        "internal:12 cardiology:12 neurology:10 respiratory:9 endocrinology:6 "
        "gastroenterology:5 surgery:12 orthopaedics:10 gynaecology:4 "
        "obstetrics:5 paediatrics:6 ophthalmology:2 stomatology:1 emergency:2 "
        "icu:3 stroke:0 chest_pain:0 consortium_office:0 "
        "rehabilitation:5 tcm:4 infectious:2 imaging:0 ecg:0 laboratory:0 "
        "pharmacy:0 referral_office:0",
        "outpatient inpatient emergency icu thrombolysis surgery delivery dialysis "
        "endoscopy rehabilitation ct ultrasound laboratory ecg tele_consult tele_ecg "
        "tele_imaging chest_pain_unit stroke_unit",
        "mr:1 ct:2 dr:3 ultrasound:8 ecg:14 endoscope:3 biochemistry:2 haematology:2 "
        "dialysis:16 ventilator:14 ambulance:4",
    ),
    "county_tcm": Profile(
        "tcm:22 acupuncture:16 internal:18 orthopaedics:16 "
        "rehabilitation:14 gynaecology:6 paediatrics:4 emergency:2 imaging:0 ecg:0 "
        "laboratory:0 pharmacy:0 referral_office:0",
        "outpatient inpatient emergency rehabilitation tcm_prevention ct ultrasound "
        "laboratory ecg tele_consult",
        "ct:1 dr:1 ultrasound:3 ecg:5 biochemistry:1 haematology:1 ambulance:1",
    ),
    "county_mch": Profile(
        "obstetrics:45 gynaecology:20 paediatrics:35 women_children:0 "
        "laboratory:0 pharmacy:0 referral_office:0",
        "outpatient inpatient delivery ultrasound laboratory tele_consult",
        "dr:1 ultrasound:4 ecg:2 biochemistry:1",
    ),
    "private_general": Profile(
        "internal:35 surgery:25 orthopaedics:15 gynaecology:10 "
        "rehabilitation:15 emergency:0 imaging:0 laboratory:0 pharmacy:0 "
        "referral_office:0",
        "outpatient inpatient surgery rehabilitation ct ultrasound laboratory ecg",
        "ct:1 dr:1 ultrasound:3 ecg:4 biochemistry:1",
    ),
    "township_center": Profile(
        "general:60 tcm:25 surgery:15 public_health:0 "
        "women_children:0 imaging:0 laboratory:0 pharmacy:0 referral_office:0",
        f"{_BASIC_SERVICES} inpatient x_ray ultrasound rehabilitation nebulisation",
        "dr:1 ultrasound:1 ecg:2 biochemistry:1 haematology:1 spirometer:1 ambulance:1",
    ),
    "community_center": Profile(
        "general:70 tcm:30 public_health:0 women_children:0 "
        "stomatology:0 laboratory:0 pharmacy:0 referral_office:0",
        f"{_BASIC_SERVICES} x_ray ultrasound rehabilitation",
        "dr:1 ultrasound:1 ecg:2 biochemistry:1 haematology:1 spirometer:1",
    ),
    "community_station": Profile(
        "general:0",
        "outpatient chronic_management family_doctor home_visit ecg",
    ),
    "village_clinic": Profile("general:0", "outpatient chronic_management home_visit"),
    "nursing_hospital": Profile(
        "nursing_care:70 geriatrics:20 rehabilitation:10 referral_office:0",
        "inpatient long_term_care rehabilitation palliative_care",
        "ecg:2 ultrasound:1",
    ),
    "rehab_institution": Profile(
        "rehabilitation:80 acupuncture:20 pharmacy:0 referral_office:0",
        "outpatient inpatient rehabilitation",
        "dr:1 ecg:2 ultrasound:1",
    ),
    "elderly_home": Profile(
        "nursing_care:100", "elderly_care long_term_care medical_elderly_care"
    ),
    "lab_provider": Profile(
        "laboratory:0 pathology:0",
        "laboratory pathology tele_pathology",
        "biochemistry:8 haematology:4 slide_scanner:2",
    ),
    "exam_provider": Profile(
        "imaging:0", "ct mr ultrasound tele_imaging", "mr:2 ct:2 dr:1 ultrasound:4"
    ),
    "authority": Profile("", ""),
}


def beds_by_department(profile: str, beds: int) -> dict[str, int]:
    """The beds are shared out by the profile; what is left over goes to the first."""
    shares = dict(_share(entry) for entry in PROFILES[profile].departments.split())
    whole = sum(shares.values())
    given = {
        key: beds * share // whole if whole else 0 for key, share in shares.items()
    }
    if given:
        given[next(iter(given))] += beds - sum(given.values())
    return given


def services(profile: str) -> tuple[str, ...]:
    return tuple(PROFILES[profile].services.split())


def equipment(profile: str) -> tuple[Equipment, ...]:
    counted = [_share(entry) for entry in PROFILES[profile].equipment.split()]
    return tuple(
        Equipment(kind, EQUIPMENT_NAMES[kind], count) for kind, count in counted
    )


def _share(entry: str) -> tuple[str, int]:
    name, _, number = entry.partition(":")
    return name, int(number)
