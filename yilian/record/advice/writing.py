"""Files that are made from the tables: run `python -m yilian.record.advice.writing`.

`docs/symptoms.md` lists our CodeSystem; `texts.py` marks what the packs say for
translation, because the extractor reads Python and not TOML. A test compares both.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from yilian.record.advice.codes import ANALYTES
from yilian.record.advice.loading import shipped
from yilian.record.advice.symptoms import KIND_NAMES, SIGNS, SYSTEM, Kind, SignCode

_HERE: Final = Path(__file__).parent
TEXTS: Final = _HERE / "texts.py"
SYMPTOMS: Final = _HERE.parents[2] / "docs" / "symptoms.md"

_HEAD: Final = f"""# Signs that clinical advice reads

Made by `python -m yilian.record.advice.writing` from `yilian/record/advice`.

CodeSystem: `{SYSTEM}`. Write each sign as an Observation with this system and one
of the codes below, and `effectiveDateTime` or an Encounter.

- `valueBoolean: true`, or no value at all: present. `valueBoolean: false`: denied.
  A coded or worded yes/no, present/absent, positive/negative is read as well.
- `dataAbsentReason`: not asked, as if it had not been written.
- Never mentioned: a **symptom** or **event** is read as not present (the answer
  lists it under `not_asked`, so that a page can ask); a **judgement** is unknown,
  and a rule that needs it answers `unknown` with the code under `missing`. Where
  a rule says otherwise, it says so in its pack.
- A sign belongs to the follow-up of its Encounter, or else of its day.
"""

_FOLLOW_UPS: Final = """
## How a record is read

- One Encounter, or without it one day in China, is one follow-up; an observation
  without an Encounter joins the Encounter of its day. A laboratory result by
  itself, and an inpatient or emergency stay without the value asked for, is none.
- Of several readings of a follow-up the last decides on the target; any reading
  can be a danger. "Two consecutive times": the last two follow-ups with a value.
- A last follow-up without the value is unknown, never "at target".
- A window of n days reaches from the day asked for back to n days before it.
- Of the four follow-up classes F1 to F4 the gravest that fires stands alone.
- Without a diagnosis or a value of the disease a rule does not fire but is unknown
  (`I10-I15`, `E10-E14`); an emergency does not wait for a diagnosis.
- A diagnosis that nobody recorded is read as not made. Without any medication on
  record it is unknown what is taken.
- Glucose: fasting first, else capillary, else unspecified; 2-hour values do not count.
- A day before the first version of a pack is judged by that first version.

"""

_MEASURED: Final = """## Measured values

Observations are counted unless `entered-in-error` or `cancelled`; a preliminary
value counts. A unit that is not listed for the code, a missing unit or an
impossible value is rejected and never guessed. Codes are LOINC; the two written
in words stand in our CodeSystem.

| code | also read as | 名称 | unit |
|---|---|---|---|
"""

_ABSENT: Final = """
## What else stands under `missing`

| code | meaning |
|---|---|
| `birthDate` | the age is not known well enough |
| `onset` | when a diagnosis began |
| `medication` | no MedicationRequest or MedicationStatement at all |
| `medication.start` | since when a drug has been taken |
| `antihypertensive`, `glucose_lowering` | no medication on record at all |
| `I10-I15`, `E10-E14` | neither diagnosis nor value of the disease on record |
"""


def symptoms_page() -> str:
    parts = [_HEAD]
    for kind in Kind:
        signs = [sign for sign in SIGNS.values() if sign.kind is kind]
        parts.append(f"\n## {kind.value.capitalize()}s {KIND_NAMES[kind]}\n\n")
        parts.append("| code | 名称 | English |\n|---|---|---|\n")
        parts += [_row(sign) for sign in signs]
    parts += [_FOLLOW_UPS, _MEASURED]
    parts += [
        f"| `{a.code}` | {', '.join(a.also)} | {a.name} | {a.unit} |\n"
        for a in ANALYTES
    ]
    return "".join([*parts, _ABSENT])


def texts_module() -> str:
    marked = dict.fromkeys(_texts())
    lines = "".join(f'    _("{text}"),\n' for text in marked)
    return (
        '"""What the packs say, marked for translation; made by `writing.py`."""\n\n'
        "# ruff: noqa: E501\n# fmt: off\n\n"
        "from typing import Final\n\n"
        "from yilian.kernel.text import _\n\n"
        f"TEXTS: Final = (\n{lines})\n"
    )


def write_docs() -> None:
    SYMPTOMS.parent.mkdir(exist_ok=True)
    SYMPTOMS.write_text(symptoms_page(), encoding="utf-8")
    TEXTS.write_text(texts_module(), encoding="utf-8")


def _row(sign: SignCode) -> str:
    return f"| `{sign.code}` | {sign.name} | {sign.english} |\n"


def _texts() -> Iterator[str]:
    for pack in shipped():
        yield pack.title
        yield from pack.sources.values()
        for rule in pack.rules:
            yield from (rule.title, rule.text)


if __name__ == "__main__":
    write_docs()
