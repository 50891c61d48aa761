"""Proposing a value, and saying why one is not released."""

from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from yilian.foundation.access.forms import Line, Paragraph
from yilian.foundation.parameters.rules import Key
from yilian.kernel.areas import NINGXIA


class ProposeForm(forms.Form):
    value = Line(label=_("新的值"), max_length=1000)
    starts_on = forms.DateField(
        label=_("生效日期"), widget=forms.DateInput(attrs={"type": "date"})
    )
    area_code = Line(
        label=_("地区（区划代码）"),
        max_length=12,
        initial=NINGXIA,
        help_text=_("64 为全区；6402 为石嘴山市，依此类推。"),
    )
    source = Line(
        label=_("依据"), max_length=200, help_text=_("文件名称和文号，或会议记录。")
    )

    def __init__(self, key: Key[Any], data: Any = None) -> None:
        super().__init__(data)
        if key.write is not None:
            self.fields["value"] = Paragraph(
                label=_("新的值"),
                max_length=4000,
                help_text=gettext(key.hint),
                widget=forms.Textarea({"rows": 8}),
            )


class RejectForm(forms.Form):
    note = Line(label=_("不同意的原因"), max_length=300)
