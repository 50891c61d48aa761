"""`yilian settle FILE.json`: cases in, results with their steps out.

Needs neither Django nor a database.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from yilian.insurance.policy.rules.files import parse_set, shipped_set
from yilian.insurance.policy.rules.overrides import overridden
from yilian.insurance.policy.rules.sets import ParameterSet
from yilian.insurance.settlement.rules.case import Case, CaseWrong
from yilian.insurance.settlement.rules.reading import read_case
from yilian.insurance.settlement.rules.settle import settle
from yilian.insurance.settlement.rules.writing import write_error, write_result
from yilian.kernel.errors import Invalid
from yilian.kernel.text import _

_KNOWN: Final = frozenset({"parameters", "overrides", "cases"})


class FileWrong(Invalid):
    code = "settle-file-wrong"


def settle_file(path: Path) -> dict[str, Any]:
    return settle_document(read_json(path), folder=path.parent)


def settle_document(document: Any, *, folder: Path) -> dict[str, Any]:
    """A wrong case answers for itself; a wrong set or override stops the file."""
    parameters = parameters_of(document, folder=folder)
    return {
        "parameters": {"id": parameters.id, "version": parameters.version},
        "cases": [_settled(raw, parameters) for raw in document["cases"]],
    }


def parameters_of(document: Any, *, folder: Path) -> ParameterSet:
    """The set a document names, with its overrides."""
    if not isinstance(document, dict) or not isinstance(document.get("cases"), list):
        raise FileWrong(_("文件应为一个对象，其中 cases 是病例的列表。"))
    unknown = sorted(set(document) - _KNOWN)
    if unknown:
        raise FileWrong(_("没有这个字段：{names}"), names="、".join(unknown))
    overrides = document.get("overrides") or {}
    if not isinstance(overrides, dict):
        raise FileWrong(_("overrides 应为一个对象。"))
    return overridden(_named(document.get("parameters"), folder), overrides)


def cases_of(document: Any) -> list[Case]:
    """Every case; the first wrong one stops the file."""
    return [read_case(raw) for raw in document["cases"]]


def read_json(path: Path) -> object:
    try:
        found: object = json.loads(path.read_bytes())
    except OSError:
        raise FileWrong(_("打不开文件：{path}"), path=path) from None
    except (ValueError, RecursionError):
        raise FileWrong(_("不是有效的 JSON 文件：{path}"), path=path) from None
    return found


def _settled(raw: Any, parameters: ParameterSet) -> dict[str, Any]:
    try:
        return write_result(settle(read_case(raw), parameters))
    except CaseWrong as error:
        case_id = raw.get("id") if isinstance(raw, Mapping) else None
        return write_error(case_id, error)


def _named(named: Any, folder: Path) -> ParameterSet:
    """A set that ships, or a TOML file beside the cases."""
    if not isinstance(named, str) or not named:
        raise FileWrong(_("parameters 应为参数集的名称，如 NX-DEMO-2018。"))
    if not named.endswith(".toml"):
        return shipped_set(named)
    try:
        return parse_set((folder / named).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError):
        raise FileWrong(_("打不开参数文件：{path}"), path=named) from None
