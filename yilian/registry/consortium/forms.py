"""The shape of what is typed about agreements."""

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
    AgreementKind,
)

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
