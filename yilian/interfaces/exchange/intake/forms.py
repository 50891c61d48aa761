"""The shape of what is typed about feeds and messages."""

from typing import Any, TypeVar
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _

from yilian.care.referral.rules import handover
from yilian.care.referral.rules.reasons import (
    CARE_KIND_NAMES,
    OUTSIDE_REASONS,
    SKIP_REASONS,
    URGENCY_NAMES,
)
from yilian.foundation.access.forms import CreateForm, Line, Paragraph, marked
from yilian.interfaces.exchange.intake.mended import Mended
from yilian.interfaces.exchange.intake.rules import (
    CHARSETS,
    CONSENT_NAMES,
    KIND_NAMES,
    MEANING_NAMES,
    Meaning,
)
from yilian.interfaces.exchange.intake.settling import Settled
from yilian.kernel.tier import Direction
from yilian.registry.directory.models import Department, Institution, PractitionerRole
from yilian.registry.directory.queries import today
from yilian.registry.directory.rules import SPECIALTY_NAMES

T = TypeVar("T")
_BLANK = [("", "—")]


class Day(forms.DateField):
    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class Lines(forms.Field):
    """One entry a line."""

    widget = forms.Textarea(attrs={"rows": 3})

    def to_python(self, value: Any) -> list[str]:
        return [line.strip() for line in str(value or "").splitlines() if line.strip()]

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value


class InstitutionCode(Line):
    """Chosen with the picker: the code, cleaned to the institution's id."""

    def clean(self, value: Any) -> UUID | None:
        code = super().clean(value)
        if not code:
            return None
        house = Institution.objects.filter(code=code, tier__isnull=False).first()
        if house is None:
            raise forms.ValidationError(_("请从列表中选择机构。"))
        return house.id


class FeedFacts(forms.Form):
    kinds = forms.MultipleChoiceField(
        label=_("接收哪些消息"),
        choices=marked(KIND_NAMES),
        widget=forms.CheckboxSelectMultiple,
    )
    charset = forms.ChoiceField(
        label=_("字符集"),
        choices=list(CHARSETS.items()),
        help_text=_("消息没有写 MSH-18 时按这个读"),
    )
    addresses = Lines(
        label=_("允许的地址"),
        required=False,
        help_text=_("每行一个，如 10.1.2.3 或 10.1.2.0/24；不填则须用口令"),
    )
    consent_evidence = Line(
        label=_("患者同意的保证"),
        max_length=200,
        required=False,
        help_text=_("机构书面保证转诊前已取得患者同意的文号；没有则逐条核实"),
    )
    ends_on = Day(
        label=_("停用日期"), required=False, help_text=_("从这一天起不再接收")
    )


class OpenFeedForm(CreateForm, FeedFacts):
    name = forms.RegexField(
        r"^[a-z][a-z0-9-]{1,39}$",
        label=_("接口名称"),
        error_messages={"invalid": _("名称为 2 至 40 位小写字母、数字或横线。")},
        help_text=_("如 xiji-his，建立后不能更改"),
    )
    institution_id = InstitutionCode(label=_("所属机构"), max_length=24)
    application = Line(label=_("发送应用（MSH-3）"), max_length=120)
    facility = Line(label=_("发送机构（MSH-4）"), max_length=120)
    with_secret = forms.BooleanField(
        label=_("使用口令（MSH-8）"),
        required=False,
        initial=True,
        help_text=_("由系统生成，只显示一次"),
    )
    starts_on = Day(label=_("启用日期"))
    field_order = (
        "name", "institution_id", "application", "facility", "kinds", "charset",
        "addresses", "with_secret", "consent_evidence", "starts_on", "ends_on",
    )  # fmt: skip


class MeaningForm(forms.Form):
    """A code of the other system and what it stands for here."""

    meaning = forms.ChoiceField(label=_("种类"), choices=marked(MEANING_NAMES))
    code = Line(label=_("对方代码"), max_length=120)
    institution = InstitutionCode(label=_("机构"), max_length=24, required=False)
    department = Line(
        label=_("科室"),
        max_length=60,
        required=False,
        help_text=_("对照科室时，先选机构，再写科室名称"),
    )
    doctor = Line(
        label=_("医师"),
        max_length=50,
        required=False,
        help_text=_("对照医师时，写本机构医师姓名"),
    )
    diagnosis = Line(label=_("诊断"), max_length=20, required=False)

    def __init__(self, *args: Any, feed_house: UUID, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.feed_house = feed_house

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        meaning = data.get("meaning")
        find = {
            Meaning.INSTITUTION: self._institution,
            Meaning.DEPARTMENT: self._department,
            Meaning.DOCTOR: self._doctor,
            Meaning.DIAGNOSIS: self._diagnosis,
        }
        if meaning:
            data["target"] = find[Meaning(meaning)](data)
        return data

    def _institution(self, data: dict[str, Any]) -> UUID | None:
        found: UUID | None = data.get("institution")
        return self._or_say("institution", found, _("请从列表中选择机构。"))

    def _department(self, data: dict[str, Any]) -> UUID | None:
        wards = Department.objects.filter(
            institution=data.get("institution"),
            name=data.get("department", ""),
            closed_on=None,
        )
        found = wards.values_list("pk", flat=True).first()
        return self._or_say("department", found, _("该机构没有这个科室。"))

    def _doctor(self, data: dict[str, Any]) -> UUID | None:
        posts = PractitionerRole.objects.held_on(today()).filter(
            institution=self.feed_house, practitioner__name=data.get("doctor", "")
        )
        ids = list(posts.values_list("pk", flat=True)[:2])
        found = ids[0] if len(ids) == 1 else None
        return self._or_say("doctor", found, _("本机构没有这位在岗医师，或有同名。"))

    def _diagnosis(self, data: dict[str, Any]) -> str | None:
        found: str | None = data.get("diagnosis") or None
        return self._or_say("diagnosis", found, _("请从列表中选择诊断。"))

    def _or_say(self, field: str, found: T | None, words: Any) -> T | None:
        if found is None:
            self.add_error(field, words)
        return found


class RevisionForm(forms.Form):
    revision = forms.IntegerField(widget=forms.HiddenInput, required=False)


class PersonForm(RevisionForm):
    person_id = forms.UUIDField(error_messages={"required": _("请选择一位居民。")})


class ReceiverForm(RevisionForm):
    institution_id = InstitutionCode(label=_("接收机构"), max_length=24)


class SetAsideForm(RevisionForm):
    note = Paragraph(
        label=_("作废原因"), max_length=500, widget=forms.Textarea(attrs={"rows": 2})
    )


class MendForm(RevisionForm):
    """Everything a referral needs, prefilled with what the message says."""

    to_institution_id = InstitutionCode(label=_("接收机构"), max_length=24)
    department = forms.ChoiceField(label=_("接收科室"), required=False)
    specialty = forms.ChoiceField(
        label=_("专科"), choices=[*_BLANK, *marked(SPECIALTY_NAMES)], required=False
    )
    urgency = forms.ChoiceField(label=_("紧急程度"), choices=marked(URGENCY_NAMES))
    care_kind = forms.ChoiceField(label=_("就诊方式"), choices=marked(CARE_KIND_NAMES))
    diagnosis_code = Line(label=_("诊断"), max_length=20)
    reason = Paragraph(
        label=_("转诊原因"), max_length=512, widget=forms.Textarea(attrs={"rows": 2})
    )
    consent_by = forms.ChoiceField(
        label=_("谁同意转诊"),
        choices=[*_BLANK, *marked(CONSENT_NAMES)],
        help_text=_("没有写明时，请与送转医师或患者核实"),
    )
    skip_reason = forms.ChoiceField(
        label=_("越级转诊原因"),
        choices=[*_BLANK, *marked(SKIP_REASONS)],
        required=False,
    )
    outside_reason = forms.ChoiceField(
        label=_("转往医联体以外的原因"),
        choices=[*_BLANK, *marked(OUTSIDE_REASONS)],
        required=False,
    )

    def __init__(self, *args: Any, way: Direction, house: UUID | None, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.sections = handover.SECTIONS[way]
        for section in self.sections:
            self.fields[section.key] = Paragraph(
                label=_(section.title),
                required=False,
                max_length=handover.LONGEST,
                widget=forms.Textarea(attrs={"rows": section.lines}),
                help_text=_(section.asked),
            )
        wards = Department.objects.filter(institution=house, closed_on=None)
        choices = [(str(pk), name) for pk, name in wards.values_list("pk", "name")]
        field = self.fields["department"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 declared above
        field.choices = [*_BLANK, *choices]

    def facts(self) -> dict[str, Any]:
        data = dict(self.cleaned_data)
        ward = data.pop("department")
        return {
            "revision": data.pop("revision"),
            "to_department_id": UUID(ward) if ward else None,
            "content": {one.key: data.pop(one.key) for one in self.sections},
            **data,
        }


def first_of(settled: Settled, mended: Mended, revision: int) -> dict[str, Any]:
    """What the form shows before anybody has typed."""
    sheet = settled.sheet
    return {
        "revision": revision,
        "to_institution_id": settled.receiver.code if settled.receiver else "",
        "department": str(sheet.to_department_id or ""),
        "specialty": sheet.specialty,
        "urgency": sheet.urgency.value,
        "care_kind": sheet.care_kind.value,
        "diagnosis_code": sheet.diagnosis_code,
        "reason": sheet.reason,
        "consent_by": settled.consent_by,
        "skip_reason": mended.skip_reason,
        "outside_reason": mended.outside_reason,
        **sheet.content,
    }
