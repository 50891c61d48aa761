"""An uploaded set: TOML or JSON, with the limits that a stranger's file needs."""

import re
from typing import Final

from yilian.insurance.policy.rules.documents import as_document
from yilian.insurance.policy.rules.files import SetWrong, parse_set, read_set
from yilian.insurance.policy.rules.sets import ParameterSet
from yilian.insurance.policy.rules.tables import Problem
from yilian.kernel.canonical import dump_json, parse_object
from yilian.kernel.errors import Invalid
from yilian.kernel.text import Text, _

LARGEST: Final = 1_000_000
_NAME: Final = re.compile(r"[\w.-]+")
_LENGTHS: Final = {"id": 40, "version": 12, "title": 80, "source": 200}


class FileWrong(Invalid):
    code = "parameter-file-wrong"


def read_file(content: bytes) -> ParameterSet:
    """Raises `FileWrong` for what is no text, `SetWrong` for what is no set."""
    if len(content) > LARGEST:
        raise FileWrong(_("文件超过 1 MB，不像是参数集。"))
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise FileWrong(_("文件不是 UTF-8 文本。请用 UTF-8 保存后再上传。")) from None
    found = _parsed(text)
    _require_short(found)
    parse_object(dump_json(as_document(found)))  # refuses what cannot be kept
    return found


def _parsed(text: str) -> ParameterSet:
    try:
        if text.lstrip().startswith("{"):
            return read_set(parse_object(text))
        return parse_set(text)
    except (RecursionError, ValueError):  # brackets or digits without end
        raise FileWrong(_("文件不是可以读懂的 TOML 或 JSON。")) from None


def _require_short(found: ParameterSet) -> None:
    told = {
        "id": found.id,
        "version": found.version,
        "title": found.title,
        "source": found.source,
    }
    problems = [
        Problem(name, Text(_("最多 {most} 个字"), {"most": most}))
        for name, most in _LENGTHS.items()
        if len(told[name]) > most
    ]
    if _NAME.fullmatch(found.id) is None or _NAME.fullmatch(found.version) is None:
        problems.append(Problem("id", Text(_("只用字母、数字、点、横线和下划线"))))
    if problems:
        raise SetWrong(found.id, problems)
