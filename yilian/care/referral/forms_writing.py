"""What is typed on the page of a new referral, kept as typed until it is right."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final, Self, TypeVar
from uuid import UUID

from django.http import QueryDict

from yilian.care.referral.models import Referral
from yilian.care.referral.queries.offering import Start, Wish
from yilian.care.referral.rules import handover
from yilian.care.referral.rules.handover import SECTIONS
from yilian.care.referral.rules.reasons import CareKind, Urgency
from yilian.care.referral.services.drafting import Sheet
from yilian.care.referral.services.sending import CONSENT_BY
from yilian.foundation.terminology.queries import icd10_name
from yilian.kernel.errors import Invalid
from yilian.kernel.ids import new_id
from yilian.kernel.safe_text import clean_line, is_blank
from yilian.kernel.text import Text, _
from yilian.kernel.tier import Direction
from yilian.registry.directory.rules import SPECIALTY_NAMES

E = TypeVar("E", bound=StrEnum)
Wrong = dict[str, str | Text]

OUTSIDE: Final = "outside"
# Illness not yet known (ICD-10 R69): in an emergency nobody waits for a diagnosis.
UNKNOWN_ILLNESS: Final = ("R69.x00", "R69", "R69.X", "R69.x")
SECTION_KEYS: Final = tuple(
    dict.fromkeys(s.key for sections in SECTIONS.values() for s in sections)
)
_MOST_RULES: Final = 10
_NAMES: Final = 120
_PLACES: Final = 60


@dataclass(frozen=True, slots=True)
class Typed:
    """The page's fields as strings; `sheet()` reads them, `fields` name what is wrong.

    `target`: an institution, "institution:department", "outside" or nothing.
    """

    way: str = Direction.UP.value
    urgency: str = Urgency.ROUTINE.value
    care_kind: str = CareKind.OUTPATIENT.value
    specialty: str = ""
    diagnosis_code: str = ""
    diagnosis_words: str = ""
    reason: str = ""
    target: str = ""
    outside_name: str = ""
    outside_place: str = ""
    skip_reason: str = ""
    outside_reason: str = ""
    consent_by: str = ""
    content: Mapping[str, str] = field(default_factory=dict)
    rule_ids: tuple[str, ...] = ()
    key: str = ""
    revision: str = ""
    parent: str = ""

    @classmethod
    def of_post(cls, post: QueryDict) -> Self:
        return cls(
            way=post.get("way", Direction.UP.value),
            urgency=post.get("urgency", Urgency.ROUTINE.value),
            care_kind=post.get("care_kind", CareKind.OUTPATIENT.value),
            specialty=post.get("specialty", ""),
            # A code never holds a NUL, and no database takes one.
            diagnosis_code=post.get("diagnosis_code", "").replace("\0", "?").strip(),
            diagnosis_words=post.get("diagnosis_code_words", "").strip(),
            reason=post.get("reason", ""),
            target=post.get("to_institution_id", ""),
            outside_name=post.get("outside_name", ""),
            outside_place=post.get("outside_place", ""),
            skip_reason=post.get("skip_reason", ""),
            outside_reason=post.get("outside_reason", ""),
            consent_by=post.get("consent_by", ""),
            content={key: post.get(key, "") for key in SECTION_KEYS},
            rule_ids=tuple(dict.fromkeys(post.getlist("rule_ids")))[:_MOST_RULES],
            key=post.get("idempotency_key", ""),
            revision=post.get("revision", ""),
            parent=post.get("parent", ""),
        )

    @classmethod
    def of_draft(cls, row: Referral) -> Self:
        ids = (row.to_institution_id, row.to_department_id)
        target = ":".join(str(known) for known in ids if known)
        return cls(
            way=row.direction,
            urgency=row.urgency,
            care_kind=row.care_kind,
            specialty=row.specialty,
            diagnosis_code=row.diagnosis_code,
            diagnosis_words=row.diagnosis_name,
            reason=row.reason,
            target=target or (OUTSIDE if row.outside_name else ""),
            outside_name=row.outside_name,
            outside_place=row.outside_place,
            skip_reason=row.skip_reason,
            outside_reason=row.outside_reason,
            consent_by=row.consent_by,
            content=dict(row.content),
            rule_ids=tuple(row.rule_ids),
            revision=str(row.revision),
        )

    @classmethod
    def at_start(cls, known: Start) -> Self:
        return cls(
            way=known.way.value,
            urgency=known.urgency.value,
            reason=known.reason,
            specialty=known.specialty,
            diagnosis_code=known.diagnosis_code,
            diagnosis_words=known.diagnosis_name,
            care_kind=_USUAL_CARE.get(known.way, CareKind.OUTPATIENT).value,
            content=known.content,
            rule_ids=known.rule_ids,
            parent=str(known.parent_id or ""),
        )

    def going(self, way: Direction | None) -> Self:
        """The direction that the chosen institution means, whatever was ticked."""
        return self if way is None else replace(self, way=way.value)

    def bound_to(self, row: Referral) -> Self:
        """Where to and how fast stand fast once the receiver has been asked."""
        sent = type(self).of_draft(row)
        return replace(
            self,
            way=sent.way,
            urgency=sent.urgency,
            target=sent.target,
            outside_name=sent.outside_name,
            outside_place=sent.outside_place,
            skip_reason=sent.skip_reason,
            outside_reason=sent.outside_reason,
        )

    @property
    def wish(self) -> Wish:
        """What cannot be read is as if it were not yet chosen."""
        return Wish(
            way=_read(Direction, self.way) or Direction.UP,
            urgency=_read(Urgency, self.urgency) or Urgency.ROUTINE,
            care_kind=_read(CareKind, self.care_kind) or CareKind.OUTPATIENT,
            specialty=self.specialty if self.specialty in SPECIALTY_NAMES else "",
            diagnosis_code=self.diagnosis_code[:20],
        )

    @property
    def target_id(self) -> UUID | None:
        return _uuid(self.target.partition(":")[0])

    @property
    def department_id(self) -> UUID | None:
        return _uuid(self.target.partition(":")[2])

    @property
    def parent_id(self) -> UUID | None:
        return _uuid(self.parent)

    @property
    def is_outside(self) -> bool:
        return self.target == OUTSIDE

    @property
    def idempotency_key(self) -> UUID:
        """A page without one is a new page."""
        return _uuid(self.key) or new_id()

    def sheet(self, *, to_submit: bool = False) -> Sheet:
        """Raises `Invalid` with every field that cannot be what it should be; what a
        submission lacks besides is named in the same answer."""
        wrong: Wrong = self._lacking() if to_submit else {}
        urgency = _one_of(Urgency, self.urgency, "urgency", wrong)
        care_kind = _one_of(CareKind, self.care_kind, "care_kind", wrong)
        names = {
            "outside_name": _line(self.outside_name, _NAMES, "outside_name", wrong),
            "outside_place": _line(self.outside_place, _PLACES, "outside_place", wrong),
        }
        if self.specialty not in SPECIALTY_NAMES:
            wrong["specialty"] = _("请选择专科。")
        if self.is_outside and not names["outside_name"]:
            wrong["outside_name"] = _("请写明外部机构的名称。")
        if wrong or urgency is None or care_kind is None:
            raise Invalid(fields=wrong)
        is_stat = urgency is Urgency.STAT
        outside = names if self.is_outside else {}
        return Sheet(
            urgency=urgency,
            specialty=self.specialty,
            diagnosis_code=self.diagnosis_code
            or (unknown_illness() if is_stat else ""),
            reason=self.reason or (self._complaint() if is_stat else ""),
            care_kind=care_kind,
            to_institution_id=None if self.is_outside else self.target_id,
            to_department_id=None if self.is_outside else self.department_id,
            content=dict(self.content),
            rule_ids=self.rule_ids,
            skip_reason=self.skip_reason,
            outside_reason=self.outside_reason,
            **outside,
        )

    def _lacking(self) -> Wrong:
        wrong: Wrong = {}
        wish = self.wish
        try:
            handover.check(SECTIONS[wish.way], self.content, urgency=wish.urgency)
        except Invalid as error:
            wrong |= error.fields
        if self.consent_by not in CONSENT_BY:
            wrong["consent_by"] = _("请记录是谁同意转诊。")
        if not self.target_id and not self.is_outside:
            wrong["to_institution_id"] = _("请选择接收机构。")
        if wish.urgency is not Urgency.STAT:
            wrong |= self._unnamed()
        return wrong

    def _unnamed(self) -> Wrong:
        wrong: Wrong = {}
        if is_blank(self.reason):
            wrong["reason"] = _("请写明转诊原因。")
        if icd10_name(self.diagnosis_code) is None:
            wrong["diagnosis_code"] = _("没有这个诊断编码，请从列表中选择。")
        return wrong

    def _complaint(self) -> str:
        """In an emergency the complaint is reason enough."""
        first = self.content.get("complaint") or self.content.get("discharge_summary")
        return (first or "")[:500]


def unknown_illness() -> str:
    """The code of "not yet known" in the edition that is loaded; "" without one."""
    return next((code for code in UNKNOWN_ILLNESS if icd10_name(code)), "")


_USUAL_CARE: Final[Mapping[Direction, CareKind]] = {Direction.DOWN: CareKind.INPATIENT}


def _read(kind: type[E], typed: str) -> E | None:
    try:
        return kind(typed)
    except ValueError:
        return None


def _one_of(kind: type[E], typed: str, name: str, wrong: Wrong) -> E | None:
    found = _read(kind, typed)
    if found is None:
        wrong[name] = _("请从列出的几项中选择。")
    return found


def _line(typed: str, most: int, name: str, wrong: Wrong) -> str:
    try:
        return clean_line(typed, max_length=most)
    except Invalid as error:
        wrong[name] = error.text
        return ""


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
