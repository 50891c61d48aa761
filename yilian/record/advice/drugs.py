"""Which class a drug belongs to, by ATC code or else by its generic name.

A combination belongs to every class it holds. A name that is not listed gives
no class: the drug is then known to be taken, and counts for nothing here.
"""

from collections.abc import Mapping
from typing import Final

ANTIHYPERTENSIVE: Final = frozenset(
    {"raas_blocker", "calcium_blocker", "beta_blocker", "diuretic", "other_bp"}
)
GLUCOSE_LOWERING: Final = frozenset({"insulin", "oral_glucose"})
CLASSES: Final = ANTIHYPERTENSIVE | GLUCOSE_LOWERING
SETS: Final[Mapping[str, frozenset[str]]] = {
    "antihypertensive": ANTIHYPERTENSIVE,
    "glucose_lowering": GLUCOSE_LOWERING,
}

# The first match wins, so combinations stand before their parent group.
_ATC: Final[tuple[tuple[str, frozenset[str]], ...]] = (
    ("C09BX01", frozenset({"raas_blocker", "calcium_blocker", "diuretic"})),
    ("C09BX", frozenset({"raas_blocker"})),
    ("C09DX01", frozenset({"raas_blocker", "calcium_blocker", "diuretic"})),
    ("C09DX03", frozenset({"raas_blocker", "calcium_blocker", "diuretic"})),
    ("C09BA", frozenset({"raas_blocker", "diuretic"})),
    ("C09DA", frozenset({"raas_blocker", "diuretic"})),
    ("C09BB", frozenset({"raas_blocker", "calcium_blocker"})),
    ("C09DB", frozenset({"raas_blocker", "calcium_blocker"})),
    ("C09", frozenset({"raas_blocker"})),
    ("C08G", frozenset({"calcium_blocker", "diuretic"})),
    ("C08", frozenset({"calcium_blocker"})),
    ("C07FB", frozenset({"beta_blocker", "calcium_blocker"})),
    ("C07B", frozenset({"beta_blocker", "diuretic"})),
    ("C07C", frozenset({"beta_blocker", "diuretic"})),
    ("C07D", frozenset({"beta_blocker", "diuretic"})),
    ("C07", frozenset({"beta_blocker"})),
    ("C03", frozenset({"diuretic"})),
    ("C02L", frozenset({"other_bp", "diuretic"})),
    ("C02", frozenset({"other_bp"})),
    ("A10A", frozenset({"insulin"})),
    ("A10", frozenset({"oral_glucose"})),
)

_NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "raas_blocker": (
        "普利", "沙坦", "沙库巴曲", "阿利吉仑",
        "captopril", "enalapril", "lisinopril", "ramipril", "perindopril",
        "benazepril", "fosinopril", "quinapril", "sartan", "aliskiren",
    ),
    "calcium_blocker": (
        "地平", "地尔硫", "维拉帕米",
        "amlodipine", "nifedipine", "felodipine", "lacidipine", "lercanidipine",
        "benidipine", "nitrendipine", "diltiazem", "verapamil",
    ),
    "beta_blocker": (
        "洛尔",
        "atenolol", "metoprolol", "bisoprolol", "propranolol", "carvedilol",
        "labetalol", "nebivolol",
    ),
    "diuretic": (
        "氢氯噻嗪", "吲达帕胺", "呋塞米", "托拉塞米", "螺内酯", "阿米洛利", "氨苯蝶啶",
        "氯噻酮", "hydrochlorothiazide", "indapamide", "furosemide", "torasemide",
        "torsemide", "spironolactone", "amiloride", "chlorthalidone",
    ),
    "other_bp": (
        "唑嗪", "可乐定", "甲基多巴", "利血平", "肼屈嗪",
        "prazosin", "terazosin", "doxazosin", "clonidine", "methyldopa", "reserpine",
        "hydralazine",
    ),
    "insulin": ("胰岛素", "insulin"),
    "oral_glucose": (
        "二甲双胍", "格列", "阿卡波糖", "伏格列波糖", "列净", "列汀", "鲁肽", "那肽",
        "metformin", "gliclazide", "glimepiride", "glipizide", "glibenclamide",
        "gliptin", "gliflozin", "acarbose", "pioglitazone", "repaglinide",
        "nateglinide", "liraglutide", "semaglutide", "dulaglutide",
    ),
}  # fmt: skip

# Endings that mislead: drugs of other kinds whose names hold a listed part.
_NOT: Final = ("噻吗洛尔滴眼", "timolol", "格列卫")


def classes_by_atc(code: str) -> frozenset[str]:
    plain = code.strip().upper()
    return next(
        (classes for prefix, classes in _ATC if plain.startswith(prefix)), frozenset()
    )


def classes_by_name(name: str) -> frozenset[str]:
    plain = name.casefold()
    if any(word in plain for word in _NOT):
        return frozenset()
    return frozenset(
        cls for cls, words in _NAMES.items() if any(word in plain for word in words)
    )
