"""What comes of a trial, as tables: today, tried, difference."""

from collections.abc import Mapping
from typing import Any, Final

from yilian.insurance.whatif.regional import Sums, Trial
from yilian.insurance.whatif.scenario import Answer
from yilian.insurance.whatif.tally import MEASURES, Tally
from yilian.kernel.money import plain_yuan

FUNDS: Final = ("basic_pay", "supplement_pay", "serious_pay", "assistance_pay")
_COUNTED: Final = "services"


def report(trial: Trial) -> dict[str, Any]:
    """Amounts in yuan as strings, counts as numbers; ready for JSON or a page."""
    return {
        "funds": _funds(trial.today, trial.tried),
        "by_person": _table(trial, "insurance", "group", "aid"),
        "by_tier": _table(trial, "place", "service"),
        "by_institution": _institutions(trial),
        "persons_by_change": [
            {"insurance": kind[0], "group": kind[1], "aid": kind[2], **counts}
            for kind, counts in trial.movement.table().items()
        ],
        "behaviour": [_answer(answer) for answer in trial.answers],
    }


def _funds(today: Tally, tried: Tally) -> dict[str, dict[str, str]]:
    names = ("total_amount", *FUNDS, "patient_pay")
    return {name: _three(today.total(name), tried.total(name)) for name in names}


def _three(before: int, after: int) -> dict[str, str]:
    return {
        "today": plain_yuan(before),
        "tried": plain_yuan(after),
        "difference": plain_yuan(after - before),
    }


def _table(trial: Trial, *names: str) -> list[dict[str, Any]]:
    today, tried = trial.today.by(*names), trial.tried.by(*names)
    return [
        dict(zip(names, key, strict=True)) | _compared(today.get(key), tried.get(key))
        for key in sorted(today.keys() | tried.keys())
    ]


def _compared(
    today: Mapping[str, int] | None, tried: Mapping[str, int] | None
) -> dict[str, Any]:
    nothing = dict.fromkeys(MEASURES, 0)
    before, after = today or nothing, tried or nothing
    found: dict[str, Any] = {_COUNTED: before[_COUNTED]}
    for name in MEASURES[1:]:
        found[name] = _three(before[name], after[name])
    return found


def _institutions(trial: Trial) -> list[dict[str, Any]]:
    today: Sums = trial.institutions_today
    tried: Sums = trial.institutions_tried
    return [
        {"institution": number} | _compared(today.get(number), tried.get(number))
        for number in sorted(today.keys() | tried.keys())
    ]


def _answer(answer: Answer) -> dict[str, str]:
    return {
        "tier": answer.place.value,
        "without_referral_today": f"{answer.share_before:.4f}",
        "without_referral_tried": f"{answer.share_after:.4f}",
        "mean_penalty_today": plain_yuan(round(answer.penalty_before)),
        "mean_penalty_tried": plain_yuan(round(answer.penalty_after)),
    }
