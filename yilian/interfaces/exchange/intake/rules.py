"""What becomes of a message, and what may be missing before it becomes a referral."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import ip_address, ip_network
from typing import Any, Final

from yilian.interfaces.exchange.hl7v2.charset import NAMES as CHARSET_NAMES
from yilian.kernel.text import Text, _
from yilian.registry.population.rules import RELATION_NAMES


class State(StrEnum):
    WAITING = "waiting"  # a person must say something first
    BEHIND = "behind"  # an earlier message of the same patient waits
    DONE = "done"
    REFUSED = "refused"  # answered with the reason; may be tried again
    SET_ASIDE = "set_aside"
    DEAD = "dead"  # something of ours failed


STATE_NAMES: Final[Mapping[State, str]] = {
    State.WAITING: _("待核对"),
    State.BEHIND: _("等前一条"),
    State.DONE: _("已办"),
    State.REFUSED: _("未受理"),
    State.SET_ASIDE: _("已作废"),
    State.DEAD: _("处理失败"),
}
# A later message of the same patient must not overtake these.
OPEN: Final = frozenset({State.WAITING, State.BEHIND, State.DEAD})
REPLAYABLE: Final = frozenset({State.WAITING, State.REFUSED, State.DEAD})


class Kind(StrEnum):
    """Messages a feed may be allowed to send."""

    REFER = "REF^I12"
    CHANGE = "REF^I13"
    CANCEL = "REF^I14"
    ANSWER = "RRI^I12"


KIND_NAMES: Final[Mapping[Kind, str]] = {
    Kind.REFER: _("发来转诊（REF^I12）"),
    Kind.CHANGE: _("更改转诊（REF^I13）"),
    Kind.CANCEL: _("取消转诊（REF^I14）"),
    Kind.ANSWER: _("答复转诊（RRI^I12）"),
}


class Meaning(StrEnum):
    """What a code of the other system stands for."""

    INSTITUTION = "institution"
    DEPARTMENT = "department"
    DOCTOR = "doctor"
    DIAGNOSIS = "diagnosis"


MEANING_NAMES: Final[Mapping[Meaning, str]] = {
    Meaning.INSTITUTION: _("机构"),
    Meaning.DEPARTMENT: _("科室"),
    Meaning.DOCTOR: _("医师"),
    Meaning.DIAGNOSIS: _("诊断"),
}
# Who agreed to the referral: the patient, or who stands for them.
CONSENT_NAMES: Final[Mapping[str, str]] = {
    "self": _("患者本人"),
    **{relation.value: name for relation, name in RELATION_NAMES.items()},
}
CHARSETS: Final[Mapping[str, str]] = CHARSET_NAMES


class Channel(StrEnum):
    MLLP = "mllp"
    FILE = "file"


class Matter(StrEnum):
    """What a message lacks. Who may mend it depends on this."""

    RECEIVER = "receiver"
    PERSON = "person"
    CONTENT = "content"
    ORDER = "order"


MATTER_NAMES: Final[Mapping[Matter, str]] = {
    Matter.RECEIVER: _("接收机构"),
    Matter.PERSON: _("患者"),
    Matter.CONTENT: _("转诊内容"),
    Matter.ORDER: _("次序"),
}


@dataclass(frozen=True, slots=True)
class Problem:
    """`field` is that of the form that mends it; the words name no person."""

    matter: Matter
    words: Text
    field: str = ""

    def as_json(self) -> dict[str, Any]:
        values = {name: str(value) for name, value in self.words.values.items()}
        return {
            "matter": self.matter.value,
            "template": self.words.template,
            "values": values,
            "field": self.field,
        }


def problem_of(kept: Mapping[str, Any]) -> Problem:
    words = Text(kept["template"], kept["values"])
    return Problem(Matter(kept["matter"]), words, kept["field"])


def addresses_problem(addresses: list[str]) -> str | None:
    for one in addresses:
        try:
            ip_network(one, strict=False)
        except ValueError:
            return _("地址写成 10.1.2.3 或 10.1.2.0/24，每行一个。")
    return None


def comes_from(origin: str, addresses: list[str]) -> bool:
    """No list lets everybody in (then a secret stands in its place)."""
    if not addresses:
        return True
    try:
        here = ip_address(origin)
    except ValueError:
        return False
    return any(here in ip_network(one, strict=False) for one in addresses)


def why_open(has_secret: bool, addresses: list[str]) -> str | None:
    """MLLP carries no sign-in: one of the two must tell who calls."""
    if has_secret or addresses:
        return None
    return _("请填写允许的地址，或使用口令（MSH-8）：至少要有一样。")
