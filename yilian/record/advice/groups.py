"""Diagnoses in groups, by ICD-10 (any Chinese edition) and SNOMED CT.

ICD codes match on their first characters, dots left out: `I20.0` takes in
`I20.000x001`; `I10-I15` takes in every code whose first three lie between.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

SNOMED: Final = "http://snomed.info/sct"


@dataclass(frozen=True, slots=True)
class Group:
    icd10: tuple[str, ...]
    snomed: frozenset[str] = frozenset()

    @property
    def label(self) -> str:
        """What is said to be missing when nobody has diagnosed it."""
        return "|".join(self.icd10)


GROUPS: Final[Mapping[str, Group]] = {
    "hypertension": Group(("I10-I15",), frozenset({"38341003", "59621000"})),
    "diabetes": Group(
        ("E10-E14",),
        frozenset({"73211009", "44054006", "46635009", "8801005", "23045005"}),
    ),
    "diabetes_type_1": Group(("E10",), frozenset({"46635009", "23045005"})),
    "diabetes_type_unclear": Group(("E14",), frozenset({"73211009"})),
    "diabetes_acute": Group(
        tuple(f"E1{kind}.{part}" for kind in range(5) for part in (0, 1)),
        frozenset({"420422005", "26298008"}),
    ),
    "diabetes_chronic": Group(
        (
            *(f"E1{kind}.{part}" for kind in range(5) for part in (2, 3, 4, 5)),
            "H36.0",
        ),
        frozenset(
            {"4855003", "422034002", "127013003", "368581000119106", "230572002"}
        ),
    ),
    "acs": Group(
        ("I20.0", "I21", "I22", "I24"),
        frozenset({"22298006", "57054005", "401303003", "401314000", "394659003"}),
    ),
    "stroke_tia": Group(
        ("I60-I64", "G45"), frozenset({"230690007", "422504002", "266257000"})
    ),
    "heart_failure": Group(("I50",), frozenset({"84114007", "42343007", "88805009"})),
    "aortic": Group(("I71",), frozenset({"308546005", "67362008"})),
    "ckd": Group(("N18",), frozenset({"709044004", "46177005"})),
    "anaphylaxis": Group(("T78.0", "T78.2", "T80.5", "T88.6"), frozenset({"39579001"})),
    "pregnancy": Group(
        ("O00-O99", "Z33", "Z34", "Z35"), frozenset({"72892002", "77386006"})
    ),
    "lactation": Group(("Z39.1",), frozenset({"413712001"})),
    "gestational_diabetes": Group(("O24",), frozenset({"11687002"})),
}


def groups_of(system: str, code: str) -> frozenset[str]:
    return frozenset(
        name for name, group in GROUPS.items() if _holds(group, system, code)
    )


def _holds(group: Group, system: str, code: str) -> bool:
    if "snomed" in system or system.endswith("2.16.840.1.113883.6.96"):
        return code in group.snomed
    plain = code.strip().upper().replace(".", "")
    if not _looks_like_icd10(plain):
        return False
    return any(_matches(plain, pattern) for pattern in group.icd10)


def _looks_like_icd10(plain: str) -> bool:
    head = plain[:3]
    return len(head) == 3 and head[0].isalpha() and head[1:].isdigit()  # noqa: PLR2004


def _matches(plain: str, pattern: str) -> bool:
    if "-" in pattern:
        first, last = pattern.split("-")
        return first <= plain[:3] <= last
    return plain.startswith(pattern.replace(".", ""))
