"""The shape of what is typed about residents."""

from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from yilian.kernel.errors import Invalid
from yilian.kernel.identity_number import KIND_NAMES, IdentityKind
from yilian.kernel.text import Text
from yilian.registry.population.rules import (
    BREAK_GLASS_REASONS,
    INSURED_NAMES,
    RELATION_NAMES,
    SEX_NAMES,
    Relation,
)
from yilian.registry.population.services import Given

KINDS = [(kind.value, _(name)) for kind, name in KIND_NAMES.items()]
SEXES = [(code, _(SEX_NAMES[code])) for code in ("0", "1", "2", "9")]
INSURED = [(code, _(name)) for code, name in INSURED_NAMES.items()]
RELATIONS = [(one.value, _(name)) for one, name in RELATION_NAMES.items()]
REASONS = [(code, _(words)) for code, words in BREAK_GLASS_REASONS.items()]


def _day() -> forms.DateInput:
    return forms.DateInput({"type": "date"}, format="%Y-%m-%d")


class RegisterForm(forms.Form):
    idempotency_key = forms.UUIDField(widget=forms.HiddenInput)
    name = forms.CharField(label=_("姓名"), max_length=200, strip=False)
    kind = forms.ChoiceField(label=_("证件类型"), choices=KINDS, initial="id_card")
    number = forms.CharField(
        label=_("证件号码"),
        max_length=80,
        required=False,
        help_text=_("没有证件可不填，系统给临时号；性别和生日从身份证号带出"),
    )
    sex = forms.ChoiceField(label=_("性别"), choices=SEXES, initial="0")
    born_on = forms.DateField(label=_("出生日期"), required=False, widget=_day())
    phone = forms.CharField(label=_("电话"), max_length=60, required=False)
    address = forms.CharField(
        label=_("住址（到村或小区）"), max_length=400, required=False
    )
    insured_type = forms.ChoiceField(
        label=_("参保类型"), choices=INSURED, initial="resident"
    )
    guardian = forms.CharField(
        label=_("监护人身份证号"),
        max_length=40,
        required=False,
        help_text=_("未满 14 岁必填；监护人须已建档"),
    )
    relation = forms.ChoiceField(
        label=_("监护人是其"), choices=RELATIONS, initial=Relation.PARENT.value
    )
    not_these = forms.TypedMultipleChoiceField(coerce=UUID, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Whichever ids the page showed; ids that are nobody's set nobody aside.
        getlist = getattr(self.data, "getlist", None)
        shown = getlist("not_these") if getlist else []
        choices = [(id_, id_) for id_ in shown if _is_id(id_)]
        self.fields["not_these"].choices = choices  # type: ignore[attr-defined]

    def shown_fields(self) -> list[forms.BoundField]:
        return [one for one in self.visible_fields() if one.name != "not_these"]

    def facts(self) -> dict[str, Any]:
        data = self.cleaned_data
        number = data["number"].strip()
        given = [Given(IdentityKind(data["kind"]), number)] if number else []
        return {
            "key": data["idempotency_key"],
            "name": data["name"],
            "identifiers": given,
            "sex": data["sex"],
            "born_on": data["born_on"],
            "phone": data["phone"],
            "address": data["address"],
            "insured_type": data["insured_type"],
            "not_these": data["not_these"],
        }

    def guardian_facts(self) -> tuple[str, Relation]:
        data = self.cleaned_data
        return data["guardian"].strip(), Relation(data["relation"])


class BreakGlassForm(forms.Form):
    reason_code = forms.ChoiceField(label=_("紧急原因"), choices=REASONS)
    reason = forms.CharField(
        label=_("说明"),
        max_length=500,
        widget=forms.Textarea({"rows": 3}),
        help_text=_("写明当时情况；安全管理员每周复核"),
    )


class ReviewForm(forms.Form):
    is_justified = forms.TypedChoiceField(
        label=_("结论"),
        choices=[("yes", _("合理")), ("no", _("不合理"))],
        coerce=lambda said: said == "yes",
    )
    note = forms.CharField(label=_("复核意见"), max_length=500)


def _is_id(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def place(refusal: Invalid, form: forms.Form) -> None:
    """Words of a service stand at the field that they are about."""
    if not refusal.fields:
        form.add_error(None, _said(refusal.text))
    for name, words in refusal.fields.items():
        form.add_error(name if name in form.fields else None, _said(words))


def _said(words: object) -> str:
    """In the reader's language."""
    if isinstance(words, Text):
        values = {name: _said(part) for name, part in words.values.items()}
        return gettext(words.template).format(**values)
    return gettext(words) if isinstance(words, str) else str(words)
