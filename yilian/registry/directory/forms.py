"""The shape of what is typed about institutions, staff and duty."""

import re
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _

from yilian.foundation.access.actor import ROLE_NAMES, SEPARATE_POWERS, Role
from yilian.foundation.access.forms import CreateForm, Line, marked
from yilian.foundation.identity.rules import (
    IDENTITY_CHECK_NAMES,
    RESET_REASON_NAMES,
    IdentityCheck,
    ResetReason,
)
from yilian.kernel.calendar import CHINA
from yilian.kernel.tier import TIER_NAMES
from yilian.registry.directory.models import Institution
from yilian.registry.directory.rules import (
    DUTY_NAMES,
    FUNDING_NAMES,
    GRADE_NAMES,
    KIND_NAMES,
    LEVEL_NAMES,
    OWNERSHIP_NAMES,
    SERVICE_NAMES,
    SPECIALTY_NAMES,
    SPONSOR_NAMES,
    DutyKind,
    Grade,
    InstitutionKind,
    Level,
    Sponsor,
)

_ICD_PREFIX: Final = re.compile(r"[A-Z][0-9.A-Z]{0,7}", re.ASCII)
NONE_CHOSEN: Final = [("", "—")]
_SEXES: Final = [("9", _("未说明")), ("1", _("男")), ("2", _("女"))]
_STAFF_ROLES: Final = {
    role: name for role, name in ROLE_NAMES.items() if role is not Role.RESIDENT
}
POWERS: Final = {
    role: ROLE_NAMES[role] for role in ROLE_NAMES if role in SEPARATE_POWERS
}


class Day(forms.DateField):
    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class FilterForm(forms.Form):
    """Of the list; what is not understood is left out, never an error page."""

    q = Line(label=_("名称、拼音或代码"), max_length=60, required=False)
    kind = forms.ChoiceField(
        label=_("类别"),
        choices=[("", _("全部类别")), *marked(KIND_NAMES)],
        required=False,
    )
    tier = forms.ChoiceField(
        label=_("层级"),
        choices=[("", _("全部层级")), *marked(TIER_NAMES)],
        required=False,
    )
    area = forms.RegexField(
        r"^\d{2,12}$", label=_("区划代码"), max_length=12, required=False
    )
    closed = forms.BooleanField(label=_("含已关闭"), required=False)

    def chosen(self) -> dict[str, Any]:
        self.is_valid()
        data = getattr(self, "cleaned_data", {})
        return {
            "text": data.get("q", ""),
            "kind": data.get("kind", ""),
            "tier": data.get("tier", ""),
            "area_code": data.get("area", ""),
            "with_closed": bool(data.get("closed")),
        }


class InstitutionForm(CreateForm):
    code = forms.RegexField(
        r"^[A-Za-z0-9-]{2,24}$",
        label=_("机构代码"),
        error_messages={"invalid": _("代码为 2 至 24 位字母、数字或横线。")},
    )
    legal_name = Line(label=_("第一名称"), max_length=120)
    short_name = Line(label=_("简称"), max_length=60, required=False)
    kind = forms.ChoiceField(label=_("类别"), choices=marked(KIND_NAMES))
    level = forms.ChoiceField(
        label=_("级别"), choices=marked(LEVEL_NAMES), initial=Level.UNRATED
    )
    grade = forms.ChoiceField(
        label=_("等次"),
        choices=[(Grade.NONE.value, _("未评"))]
        + [one for one in marked(GRADE_NAMES) if one[0] != Grade.NONE],
        initial=Grade.NONE,
    )
    sponsor = forms.ChoiceField(label=_("举办主体"), choices=marked(SPONSOR_NAMES))
    ownership = forms.ChoiceField(
        label=_("所有制"), choices=NONE_CHOSEN + marked(OWNERSHIP_NAMES), required=False
    )
    administrative_parent = Line(
        label=_("上级主管单位的机构代码"), max_length=24, required=False
    )
    funding_channel = forms.ChoiceField(
        label=_("财政投入渠道"),
        choices=NONE_CHOSEN + marked(FUNDING_NAMES),
        required=False,
    )
    area_code = forms.RegexField(
        r"^(\d{2}|\d{4}|\d{6}|\d{9}|\d{12})$",
        label=_("行政区划代码"),
        error_messages={"invalid": _("区划代码为 2、4、6、9 或 12 位数字。")},
    )
    address = Line(label=_("地址"), max_length=200, required=False)
    phone = Line(label=_("电话"), max_length=20, required=False)
    referral_phone = Line(label=_("转诊办公室电话"), max_length=20, required=False)
    uscc = Line(label=_("统一社会信用代码"), max_length=18, required=False)
    licence_number = Line(label=_("执业许可证登记号"), max_length=22, required=False)
    opened_on = Day(label=_("设立日期"), required=False)

    def clean_administrative_parent(self) -> UUID | None:
        code = self.cleaned_data["administrative_parent"]
        if not code:
            return None
        found = Institution.objects.filter(code=code).values_list("pk", flat=True)
        if not found:
            raise forms.ValidationError(_("没有这个代码的机构。"))
        return found[0]

    def clean_uscc(self) -> str:
        return str(self.cleaned_data["uscc"]).upper()

    def facts(self) -> dict[str, Any]:
        facts = super().facts()
        facts["administrative_parent_id"] = facts.pop("administrative_parent")
        return facts | {
            "kind": InstitutionKind(facts["kind"]),
            "level": Level(facts["level"]),
            "grade": Grade(facts["grade"]),
            "sponsor": Sponsor(facts["sponsor"]),
        }


class ContactForm(forms.Form):
    """What a house may change of itself; the rest is fixed by law."""

    address = Line(label=_("地址"), max_length=200, required=False)
    phone = Line(label=_("总机"), max_length=40, required=False)
    referral_phone = Line(label=_("转诊办公室电话"), max_length=40, required=False)
    help_phone = Line(
        label=_("平台咨询电话"),
        max_length=40,
        required=False,
        help_text=_("显示在本机构每一页的“帮助”里；不填则显示牵头医院的。"),
    )
    services = forms.MultipleChoiceField(
        label=_("服务项目"), widget=forms.CheckboxSelectMultiple, required=False
    )

    def __init__(self, *args: Any, institution: Institution, **kwargs: Any) -> None:
        names = {code: code for code in institution.services} | dict(SERVICE_NAMES)
        now = {name: getattr(institution, name) for name in self.base_fields}
        super().__init__(*args, **{"initial": now} | kwargs)
        self.fields["services"].choices = marked(names)  # type: ignore[attr-defined]


class SignInRuleForm(forms.Form):
    """Whether whoever works there must have a second factor."""

    requires_second_factor = forms.BooleanField(
        label=_("本机构岗位登录须有第二重验证"), required=False
    )


class ResetFactorForm(forms.Form):
    """Codes only: what is written here stays in the audit trail."""

    reason = forms.ChoiceField(
        label=_("重置原因"), choices=NONE_CHOSEN + marked(RESET_REASON_NAMES)
    )
    checked = forms.ChoiceField(
        label=_("怎样核实是本人"), choices=NONE_CHOSEN + marked(IDENTITY_CHECK_NAMES)
    )

    def facts(self) -> dict[str, Any]:
        data = self.cleaned_data
        return {
            "reason": ResetReason(data["reason"]),
            "checked": IdentityCheck(data["checked"]),
        }


class CloseForm(forms.Form):
    closed_on = Day(label=_("关闭日期（从这一天起不再接诊）"))


class DepartmentForm(CreateForm):
    name = Line(label=_("科室名称"), max_length=60)
    specialty = forms.ChoiceField(label=_("专科"), choices=marked(SPECIALTY_NAMES))
    phone = Line(label=_("电话"), max_length=20, required=False)
    treats = Line(
        label=_("收治病种（ICD-10 前几位，空格隔开）"), max_length=200, required=False
    )
    has_ward = forms.BooleanField(label=_("设有病房"), required=False)
    is_national_key = forms.BooleanField(label=_("国家重点专科"), required=False)
    is_regional_key = forms.BooleanField(label=_("自治区重点专科"), required=False)

    def clean_treats(self) -> list[str]:
        prefixes = str(self.cleaned_data["treats"]).upper().split()
        for prefix in prefixes:
            if _ICD_PREFIX.fullmatch(prefix) is None:
                raise forms.ValidationError(_("每项写编码的前几位，如 I10 E11。"))
        return prefixes


class DutyForm(CreateForm):
    post_id = forms.TypedChoiceField(label=_("值班人"), coerce=UUID)
    kind = forms.ChoiceField(label=_("值班"), choices=marked(DUTY_NAMES))
    start = forms.DateTimeField(
        label=_("从"), widget=forms.DateTimeInput(attrs={"type": "datetime-local"})
    )
    end = forms.DateTimeField(
        label=_("到"), widget=forms.DateTimeInput(attrs={"type": "datetime-local"})
    )
    phone = Line(label=_("值班电话"), max_length=20, required=False)

    def __init__(
        self, *args: Any, posts: list[tuple[UUID, str]], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        choices = [(str(post), label) for post, label in posts]
        self.fields["post_id"].choices = choices  # type: ignore[attr-defined]

    def clean_start(self) -> datetime:
        return _here(self.cleaned_data["start"])

    def clean_end(self) -> datetime:
        return _here(self.cleaned_data["end"])

    def facts(self) -> dict[str, Any]:
        facts = super().facts()
        return facts | {"kind": DutyKind(facts["kind"])}


def _here(moment: datetime) -> datetime:
    """What is typed is the time of Ningxia, whatever the zone of the request."""
    return moment.replace(tzinfo=CHINA) if moment.tzinfo is None else moment


class PostForm(CreateForm):
    """A post for somebody who has an account already."""

    institution_code = Line(label=_("机构代码"), max_length=24)
    department = Line(label=_("科室名称"), max_length=60, required=False)
    roles = forms.MultipleChoiceField(
        label=_("角色"),
        choices=marked(_STAFF_ROLES),
        widget=forms.CheckboxSelectMultiple,
    )
    starts_on = Day(label=_("任职日期"))

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        institution = Institution.objects.filter(
            code=data.get("institution_code", "")
        ).first()
        if "institution_code" in data and institution is None:
            self.add_error("institution_code", _("没有这个代码的机构。"))
        if institution is not None:
            data["institution_id"] = institution.pk
            data["department_id"] = self._department(institution, data)
        return data

    def _department(
        self, institution: Institution, data: dict[str, Any]
    ) -> UUID | None:
        name = data.get("department")
        if not name:
            return None
        found = institution.departments.filter(name=name, closed_on=None).first()
        if found is None:
            self.add_error("department", _("该机构没有这个科室。"))
            return None
        return found.pk

    def facts(self) -> dict[str, Any]:
        facts = super().facts()
        for name in ("institution_code", "department"):
            facts.pop(name)
        return facts | {"roles": [Role(role) for role in facts["roles"]]}


class TakeOnForm(PostForm):
    """Somebody new: person, account and first post."""

    name = Line(label=_("姓名"), max_length=50)
    sex = forms.ChoiceField(label=_("性别"), choices=_SEXES)
    title = Line(label=_("职称"), max_length=40, required=False)
    username = Line(
        label=_("登录名"),
        max_length=64,
        help_text=_("小写字母开头，不用身份证号或手机号。"),
    )
    field_order = [
        "name",
        "sex",
        "title",
        "username",
        "institution_code",
        "department",
        "roles",
        "starts_on",
    ]
