"""The shape of what is typed about consortia, members and agreements."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _

from yilian.foundation.access.forms import CreateForm, Line, marked
from yilian.registry.consortium.rules import (
    AGREEMENT_NAMES,
    FORM_NAMES,
    MEMBER_ROLE_NAMES,
    TIE_NAMES,
    TIGHTNESS_NAMES,
    AgreementKind,
    Form,
    MemberRole,
    Tie,
    Tightness,
)
from yilian.registry.directory.models import Institution
from yilian.registry.directory.rules import SPECIALTY_NAMES

_A_DAY = timedelta(days=1)
Choice = tuple[str, str]


class Day(forms.DateField):
    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class FilterForm(forms.Form):
    form = forms.ChoiceField(
        label=_("形式"),
        choices=[("", _("全部形式")), *marked(FORM_NAMES)],
        required=False,
    )
    area = forms.RegexField(
        r"^\d{2,12}$", label=_("区划代码"), max_length=12, required=False
    )

    def chosen(self) -> dict[str, str]:
        self.is_valid()
        data = getattr(self, "cleaned_data", {})
        return {"form": data.get("form", ""), "area_code": data.get("area", "")}


class MemberForm(CreateForm):
    """Who stands in a consortium and how: an institution, or one department of it."""

    institution_id = Line(label=_("机构"), max_length=24)
    department = Line(
        label=_("科室"),
        max_length=60,
        required=False,
        help_text=_("专科联盟由科室加入，写科室名称；整家机构加入请留空"),
    )
    role = forms.ChoiceField(
        label=_("身份"), choices=marked(MEMBER_ROLE_NAMES), initial=MemberRole.MEMBER
    )
    tie = forms.ChoiceField(label=_("联结方式"), choices=marked(TIE_NAMES))
    tightness = forms.ChoiceField(label=_("紧密程度"), choices=marked(TIGHTNESS_NAMES))

    def clean_institution_id(self) -> Institution:
        code = self.cleaned_data["institution_id"]
        found = Institution.objects.filter(code=code).first()
        if found is None:
            raise forms.ValidationError(_("请从列表中选择机构。"))
        return found

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        institution, name = data.get("institution_id"), data.get("department")
        data["department_id"] = None
        if institution is None or not name:
            return data
        found = institution.departments.filter(name=name, closed_on=None).first()
        if found is None:
            self.add_error("department", _("该机构没有这个科室。"))
            return data
        data["department_id"] = found.pk
        return data

    def facts(self) -> dict[str, Any]:
        facts = super().facts()
        facts.pop("department")
        return facts | {
            "institution_id": facts["institution_id"].pk,
            "tie": Tie(facts["tie"]),
            "tightness": Tightness(facts["tightness"]),
        }


class JoinForm(MemberForm):
    is_territorial = forms.BooleanField(label=_("属地成员"), required=False)
    starts_on = Day(label=_("加入日期"))
    ends_on = Day(
        label=_("退出日期"), required=False, help_text=_("没有约定期限请留空")
    )

    def facts(self) -> dict[str, Any]:
        facts = super().facts()
        return facts | {"role": MemberRole(facts["role"])}


class FoundForm(MemberForm):
    """A consortium with its lead."""

    role = None  # type: ignore[assignment]
    institution_id = Line(label=_("牵头单位"), max_length=24)
    code = forms.RegexField(
        r"^[A-Za-z0-9-]{2,24}$",
        label=_("编号"),
        error_messages={"invalid": _("编号为 2 至 24 位字母、数字或横线。")},
    )
    alias = Line(label=_("医联体名称（只用于显示）"), max_length=120)
    form = forms.ChoiceField(label=_("形式"), choices=marked(FORM_NAMES))
    area_code = forms.RegexField(
        r"^(\d{2}|\d{4}|\d{6})$",
        label=_("所在区划代码"),
        error_messages={"invalid": _("区划代码为 2、4 或 6 位数字。")},
    )
    founded_on = Day(label=_("成立日期"))
    specialties = forms.MultipleChoiceField(
        label=_("专科（专科联盟填写）"),
        choices=marked(SPECIALTY_NAMES),
        required=False,
        widget=forms.SelectMultiple(attrs={"size": "6"}),
    )
    field_order = (
        "code", "alias", "form", "area_code", "founded_on", "specialties",
        "institution_id", "department", "tie", "tightness",
    )  # fmt: skip

    def facts(self) -> dict[str, Any]:
        facts = super().facts()
        return facts | {
            "form": Form(facts["form"]),
            "lead_id": facts.pop("institution_id"),
            "lead_department_id": facts.pop("department_id"),
        }


class LeaveForm(forms.Form):
    ends_on = Day(label=_("退出日期（从这一天起不再是成员）"))


class AgreementForm(CreateForm):
    number = Line(label=_("协议编号"), max_length=32)
    kind = forms.ChoiceField(label=_("种类"), choices=marked(AGREEMENT_NAMES))
    title = Line(label=_("标题"), max_length=120, initial=_("双向转诊协议书"))
    consortium_id = forms.TypedChoiceField(
        label=_("所属医联体"), coerce=UUID, empty_value=None, required=False
    )
    others = forms.TypedMultipleChoiceField(
        label=_("其他签约方"),
        coerce=UUID,
        widget=forms.SelectMultiple(attrs={"size": "8"}),
    )
    starts_on = Day(label=_("生效日期"))
    last_on = Day(label=_("有效期至（含当日）"))

    def __init__(
        self,
        *args: Any,
        consortia: Iterable[Choice],
        partners: Iterable[Choice],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = self.fields
        fields["consortium_id"].choices = [("", "—"), *consortia]
        fields["others"].choices = list(partners)

    def facts(self) -> dict[str, Any]:
        facts = super().facts()
        return facts | {
            "kind": AgreementKind(facts["kind"]),
            "ends_on": facts.pop("last_on") + _A_DAY,
        }


class EndForm(forms.Form):
    reason = Line(label=_("终止原因"), max_length=200)
