"""What must go with the patient, 交接内容 (rules-clinical 14).

A list per direction. In an emergency only the complaint is asked for: nobody is
blocked by a missing field while a heart stops.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from yilian.care.referral.rules.reasons import Urgency
from yilian.kernel.clause import Clause, clause
from yilian.kernel.errors import Invalid
from yilian.kernel.safe_text import clean_text
from yilian.kernel.text import Text, _
from yilian.kernel.tier import Direction

GROUND: Final[Clause] = clause("RC-14")
LONGEST: Final = 4000


@dataclass(frozen=True, slots=True)
class Section:
    """One part of a hand-over; `asked` says what to write."""

    key: str
    title: str
    asked: str
    is_required: bool = False
    is_required_in_emergency: bool = False
    lines: int = 3


_UP: Final = (
    Section("complaint", _("主诉"), _("哪里不适、多久"), True, True, 2),
    Section("history", _("病史"), _("现病史、既往史、过敏史"), False, False, 4),
    Section("exam", _("体格检查"), _("生命体征和阳性体征"), True, False, 3),
    Section("results", _("检验检查"), _("结果和日期，原件见健康档案"), False, False, 4),
    Section("treatment", _("已做处理"), _("用药、剂量、效果"), True, False, 3),
)
_DOWN: Final = (
    Section("discharge_summary", _("出院小结"), _("诊治经过和目前状况"), True, True, 5),
    Section("operation", _("手术"), _("名称和日期；没有则留空"), False, False, 2),
    Section(
        "drugs", _("目前用药"), _("每行一种：药名 剂量 用法 用到何时"), True, True, 5
    ),
    Section(
        "rehabilitation", _("康复计划"), _("训练内容、频次、注意"), False, False, 3
    ),
    Section("targets", _("控制目标"), _("血压、血糖等目标值"), True, False, 2),
    Section("warning_signs", _("警示征象"), _("出现哪些情况须立即转回"), True, True, 3),
    Section("next_tests", _("后续检查"), _("项目和日期"), False, False, 2),
    Section("upper_contact", _("上级医师联系方式"), _("姓名和科室电话"), True, True, 1),
)
SECTIONS: Final[Mapping[Direction, tuple[Section, ...]]] = {
    Direction.UP: _UP,
    Direction.DOWN: _DOWN,
    Direction.SAME_TIER: _UP,
}

FEEDBACK: Final = (
    Section("diagnosis", _("诊断"), _("确定诊断或目前考虑"), True, True, 2),
    Section("course", _("诊治经过"), _("做了什么、效果如何"), True, True, 5),
    Section("drugs", _("用药建议"), _("每行一种：药名 剂量 用法"), False, False, 4),
    Section("advice", _("给转出机构的建议"), _("随访、检查、何时再转"), True, True, 4),
)

# A patient who came down is settled once the first follow-up is done.
FEEDBACK_DOWN: Final = (
    Section("course", _("接续情况"), _("到诊后的状况、首次随访结果"), True, True, 4),
    Section(
        "advice", _("给上级医师的话"), _("需要协助的问题；没有则留空"), False, False, 3
    ),
)
FEEDBACKS: Final[Mapping[Direction, tuple[Section, ...]]] = {
    Direction.UP: FEEDBACK,
    Direction.DOWN: FEEDBACK_DOWN,
    Direction.SAME_TIER: FEEDBACK,
}


def missing(
    sections: tuple[Section, ...], content: Mapping[str, str], *, emergency: bool
) -> list[Section]:
    """Required parts that are still blank."""
    return [
        section
        for section in sections
        if (section.is_required_in_emergency if emergency else section.is_required)
        and not content.get(section.key, "").strip()
    ]


def check(
    sections: tuple[Section, ...], content: Mapping[str, str], *, urgency: Urgency
) -> None:
    """Refuses with every blank part named at its field."""
    blank = missing(sections, content, emergency=urgency is Urgency.STAT)
    if blank:
        raise Invalid(
            _("还缺交接内容：{parts}。"),
            fields={
                part.key: Text(_("请填写{part}。"), {"part": part.title})
                for part in blank
            },
            parts=[part.title for part in blank],
        )


def tidy(
    sections: tuple[Section, ...], content: Mapping[str, object]
) -> dict[str, str]:
    """Only known parts, trimmed; refused where too long or not to be printed."""
    known: dict[str, str] = {}
    wrong: dict[str, str | Text] = {}
    for section in sections:
        try:
            known[section.key] = clean_text(
                str(content.get(section.key) or ""), max_length=LONGEST
            )
        except Invalid as error:
            wrong[section.key] = error.text
    if wrong:
        raise Invalid(fields=wrong)
    return {key: text for key, text in known.items() if text}
