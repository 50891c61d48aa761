"""`yilian whatif SCENARIO.json CASES.json`: what a change of the rules would do.

    {"name": "三级医院比例降到 55%", "elasticity": "0.5",
     "overrides": {"inpatient.ratio.resident.any.tertiary": "0.55"}}

The cases are in the format of `yilian settle`; their own overrides are today's rules.
"""

import json
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, Final

from yilian.insurance.settlement.command import (
    cases_of,
    parameters_of,
    read_json,
)
from yilian.insurance.settlement.rules.settle import settle
from yilian.insurance.whatif.engine.from_cases import from_cases
from yilian.insurance.whatif.regional import try_out
from yilian.insurance.whatif.report import report
from yilian.insurance.whatif.scenario import Scenario, ScenarioWrong
from yilian.kernel.text import _

_KNOWN: Final = frozenset({"name", "overrides", "elasticity"})


def whatif_files(scenario_file: Path, cases_file: Path) -> dict[str, Any]:
    scenario = read_scenario(read_json(scenario_file))
    document = read_json(cases_file)
    today = parameters_of(document, folder=cases_file.parent)
    cases = cases_of(document)
    for case in cases:  # a case the rules refuse is named by them, with its field
        settle(case, today)
    trial = try_out(from_cases(cases), today, scenario)
    return {
        "scenario": {
            "name": scenario.name,
            "overrides": dict(scenario.overrides),
            "elasticity": str(scenario.elasticity),
        },
        "parameters": {"id": today.id, "version": today.version},
        **report(trial),
    }


def read_scenario(raw: Any) -> Scenario:
    if not isinstance(raw, dict) or set(raw) - _KNOWN:
        raise ScenarioWrong(
            _("情景应为一个对象，字段为：{known}"), known="、".join(sorted(_KNOWN))
        )
    overrides = raw.get("overrides", {})
    name = raw.get("name")
    if not isinstance(overrides, dict) or not isinstance(name, str) or not name:
        raise ScenarioWrong(_("情景须有名称，overrides 应为一个对象。"))
    return Scenario(name, overrides, _elasticity(raw.get("elasticity", "0")))


def _elasticity(raw: Any) -> Decimal:
    try:
        value = Decimal(raw) if isinstance(raw, str) else None
    except InvalidOperation:
        value = None
    if value is None or not value.is_finite():
        raise ScenarioWrong(_('弹性系数应写成带引号的数字，如 "0.5"。'))
    return value


def as_text(found: dict[str, Any]) -> str:
    return json.dumps(found, ensure_ascii=False, indent=2)
