"""What is asked for a draft, a release, a price; policy is asked elsewhere."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from yilian.foundation.access.forms import CreateForm, Line, marked
from yilian.insurance.policy.rules.price_file import wanted_of
from yilian.insurance.policy.rules.prices import (
    CATALOG_CLASS_NAMES,
    PRICE_KIND_NAMES,
    CatalogClass,
    Wanted,
)

AREAS = {
    "64": _("全区"), "6401": _("银川市"), "6402": _("石嘴山市"),
    "6403": _("吴忠市"), "6404": _("固原市"), "6405": _("中卫市"),
}  # fmt: skip


class Day(forms.DateField):
    widget = forms.DateInput(attrs={"type": "date"})


class DraftForm(CreateForm):
    title = Line(label=_("标题"), max_length=80)
    effective_from = Day(
        label=_("生效日期"), help_text=_("这一天起用新的值，之前的日子不变。")
    )
    area_code = forms.ChoiceField(label=_("统筹区"), choices=list(AREAS.items()))
    source = Line(
        label=_("依据"),
        max_length=200,
        help_text=_("文件名称和文号；改动的值以此为据。"),
    )


class UploadForm(CreateForm):
    file = forms.FileField(
        label=_("参数文件"), help_text=_("TOML 或 JSON，可先下载一个版本再改。")
    )
    effective_from = Day(
        label=_("生效日期"),
        required=False,
        help_text=_("不填则用文件中最早的生效日。"),
    )


class ReplaceForm(forms.Form):
    revision = forms.IntegerField(widget=forms.HiddenInput)
    file = forms.FileField(label=_("参数文件"))


class DecideForm(forms.Form):
    revision = forms.IntegerField(min_value=1)


class ReleaseForm(DecideForm):
    is_correction = forms.BooleanField(label=_("更正已结算的日期"), required=False)
    correction_reason = Line(label=_("更正的原因"), max_length=300, required=False)


class RejectForm(forms.Form):
    because = Line(label=_("退回的原因"), max_length=300, required=False)


class PriceForm(CreateForm):
    code = Line(label=_("编码"), max_length=32)
    kind = forms.ChoiceField(label=_("类别"), choices=marked(PRICE_KIND_NAMES))
    name = Line(label=_("名称"), max_length=120)
    specification = Line(label=_("规格"), max_length=80, required=False)
    unit = Line(label=_("计价单位"), max_length=20)
    price = Line(label=_("价格（元）"), max_length=40)
    catalog_class = forms.ChoiceField(
        label=_("目录类别"),
        choices=marked(CATALOG_CLASS_NAMES),
        initial=CatalogClass.C.value,
    )
    first_self_pay_rate = Line(
        label=_("先行自付比例"),
        max_length=12,
        required=False,
        help_text=_("只用于乙类，如 10%；不填按参数集。"),
    )
    payment_standard = Line(
        label=_("支付标准（元）"),
        max_length=40,
        required=False,
        help_text=_("超出部分由患者自付；不填即不限。"),
    )
    starts_on = Day(label=_("生效日期"))
    source = Line(label=_("依据"), max_length=200, help_text=_("文件名称和文号。"))

    def wanted(self) -> Wanted:
        """Raises `Invalid` at the field that is not right."""
        told: dict[str, Any] = dict(self.cleaned_data)
        told["starts_on"] = told["starts_on"].isoformat()
        return wanted_of({name: str(value or "") for name, value in told.items()})


class EndForm(forms.Form):
    ends_on = Day(label=_("价格停用日期"), help_text=_("从这一天起不再有价格。"))
    reason = Line(label=_("依据"), max_length=200, required=False)


class PriceFileForm(forms.Form):
    file = forms.FileField(
        label=_("价格表（CSV）"), help_text=_("列名可用中文；UTF-8 或 GB18030。")
    )
