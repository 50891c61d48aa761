"""The shape of what is typed when a person's entry is kept right."""

from datetime import date, datetime, timedelta
from typing import Any, ClassVar
from uuid import UUID

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from yilian.foundation.access.forms import Line, marked, said
from yilian.kernel.calendar import start_of_day
from yilian.kernel.errors import Invalid
from yilian.kernel.identity_number import KIND_NAMES, IdentityKind
from yilian.kernel.ids import new_id
from yilian.registry.directory.models import Institution
from yilian.registry.population.forms import INSURED, RELATIONS, SEXES
from yilian.registry.population.rules import (
    COUNTY_NAMES,
    GROUP_NAMES,
    SCOPE_NAMES,
    GroupTag,
    Relation,
    Scope,
)

_A_YEAR = timedelta(days=365)
_A_DAY = timedelta(days=1)
# Issued by the system itself, or unique only at whoever gave it.
_NOT_TYPED = {IdentityKind.TEMPORARY, IdentityKind.MEDICAL_RECORD_NUMBER}
KINDS = marked(
    {kind: name for kind, name in KIND_NAMES.items() if kind not in _NOT_TYPED}
)
OPENING = marked(
    {str(int(scope)): SCOPE_NAMES[scope] for scope in (Scope.FULL, Scope.SUMMARY)}
)


class Day(forms.DateField):
    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class PanelForm(forms.Form):
    """One of several on a page: `called` keeps the ids of their fields apart.

    Blank, it is fetched when its panel opens: from `act`, to which it is sent too, and
    the answer takes the place of `answers`.
    """

    called: ClassVar[str] = ""
    act: ClassVar[str] = ""
    button: ClassVar[Any] = ""
    note: ClassVar[Any] = ""
    answers: ClassVar[str] = "#known"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("auto_id", f"{self.called}_%s")
        super().__init__(*args, **kwargs)


class CorrectForm(PanelForm):
    called = "correct"
    revision = forms.IntegerField(min_value=1, widget=forms.HiddenInput)
    name = Line(label=_("姓名"), max_length=200)
    sex = forms.ChoiceField(label=_("性别"), choices=SEXES)
    born_on = Day(label=_("出生日期"), required=False)
    area_code = forms.ChoiceField(label=_("现住县（区）"), required=False)
    address = Line(label=_("住址（到村或小区）"), max_length=200, required=False)
    insured_type = forms.ChoiceField(label=_("参保类型"), choices=INSURED)
    phone = Line(
        label=_("新的电话"), max_length=60, required=False, help_text=_("不改请留空")
    )
    no_phone = forms.BooleanField(label=_("现在没有电话"), required=False)

    def __init__(
        self,
        *args: Any,
        known: dict[str, Any],
        may_change_phone: bool,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, initial=known, **kwargs)
        fields: dict[str, Any] = self.fields
        fields["area_code"].choices = _counties(known["area_code"])
        if not may_change_phone:
            del fields["phone"], fields["no_phone"]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not self.errors and not self.changes():
            raise forms.ValidationError(_("没有改动，不用保存。"))
        return data

    def changes(self) -> dict[str, Any]:
        """Only what was changed: the audit names these."""
        data = self.cleaned_data
        changed = {
            name: data[name]
            for name in self.changed_data
            if name not in {"revision", "phone", "no_phone"}
        }
        if data.get("phone"):
            return changed | {"phone": data["phone"]}
        return changed | ({"phone": ""} if data.get("no_phone") else {})


class IdentifierForm(PanelForm):
    called = "identifier"
    act = "population:add_identifier"
    button = _("补登")
    kind = forms.ChoiceField(label=_("证件类型"), choices=KINDS)
    number = Line(label=_("证件号码"), max_length=80)

    def facts(self) -> dict[str, Any]:
        data = self.cleaned_data
        return {"kind": IdentityKind(data["kind"]), "value": data["number"]}


class ProxyForm(PanelForm):
    called = "proxy"
    act = "population:appoint_proxy"
    button = _("登记")
    number = Line(
        label=_("代办人身份证号"), max_length=40, help_text=_("代办人须已建档")
    )
    relation = forms.ChoiceField(
        label=_("代办人是其"), choices=RELATIONS, initial=Relation.CHILD.value
    )
    evidence = Line(
        label=_("核对的材料"), max_length=200, help_text=_("如户口簿、委托书")
    )
    until = Day(
        label=_("代办到（含当日）"), required=False, help_text=_("长期有效请留空")
    )

    def who(self) -> tuple[str, Relation]:
        return self.cleaned_data["number"], Relation(self.cleaned_data["relation"])

    def facts(self) -> dict[str, Any]:
        data = self.cleaned_data
        return {
            "evidence": data["evidence"],
            "until": data["until"] + _A_DAY if data["until"] else None,
        }


class GroupForm(PanelForm):
    called = "group"
    act = "population:tag"
    button = _("加入")
    group = forms.ChoiceField(label=_("重点人群"), choices=marked(GROUP_NAMES))
    source = Line(
        label=_("依据"), max_length=60, required=False, help_text=_("如体检、残疾证")
    )
    from_on = Day(label=_("从哪天起"), required=False, help_text=_("今天起请留空"))

    def clean_from_on(self) -> date | None:
        day: date | None = self.cleaned_data["from_on"]
        if day is not None and day > timezone.localdate():
            raise forms.ValidationError(_("日期在今天之后，请核对。"))
        return day

    def facts(self) -> dict[str, Any]:
        data = self.cleaned_data
        return data | {"group": GroupTag(data["group"])}


class UntagForm(PanelForm):
    group = forms.TypedChoiceField(choices=marked(GROUP_NAMES), coerce=GroupTag)


class ConsentForm(PanelForm):
    """On paper, at the house that may then read."""

    called = "consent"
    act = "population:consent"
    button = _("登记授权")
    note = _("登记后本机构同事可以查看；登记人自己不能只凭这次登记查看。")
    answers = "#consents"
    idempotency_key = forms.UUIDField(widget=forms.HiddenInput, initial=new_id)
    scope = forms.ChoiceField(label=_("允许查看"), choices=OPENING)
    until = Day(label=_("授权到（含当日）"))
    evidence = Line(
        label=_("书面材料"), max_length=200, help_text=_("名称、日期和存放处")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["until"].initial = timezone.localdate() + _A_YEAR

    def facts(self) -> dict[str, Any]:
        data = dict(self.cleaned_data)
        return {
            "key": data.pop("idempotency_key"),
            "scope": Scope(int(data.pop("scope"))),
            "until": _end_of(data.pop("until")),
            **data,
        }


class OwnConsentForm(ConsentForm):
    """By the resident, to whichever institution they name."""

    called = "allow"
    evidence = None  # type: ignore[assignment]
    institution = Line(label=_("允许哪个机构"), max_length=24)

    def clean_institution(self) -> UUID:
        code = self.cleaned_data["institution"]
        found = Institution.objects.filter(code=code).values_list("pk", flat=True)
        if not found:
            raise forms.ValidationError(_("请从列表中选择机构。"))
        return found[0]

    def facts(self) -> dict[str, Any]:
        facts = super().facts()
        return facts | {"institution_id": facts.pop("institution")}


class WithdrawForm(PanelForm):
    called = "withdraw"
    evidence = Line(label=_("撤销授权的书面材料"), max_length=200)


def at_number(form: forms.Form, refusal: Exception) -> None:
    """Whatever is wrong with who was named stands at the number."""
    fields = refusal.fields if isinstance(refusal, Invalid) else {}
    words = list(fields.values()) or [getattr(refusal, "text", str(refusal))]
    for one in words:
        form.add_error("number", said(one))


def _counties(known: str) -> list[tuple[str, Any]]:
    """The counties of the region, and what stands there now when it says more."""
    here = {code: name for code, name in COUNTY_NAMES.items() if code != known[:6]}
    now = COUNTY_NAMES.get(known[:6], known or "—")
    return [*marked({known: now}), *marked(here)]


def _end_of(day: date) -> datetime:
    return start_of_day(day + _A_DAY)
