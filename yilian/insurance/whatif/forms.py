"""What a scenario is asked for, besides the values themselves."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from yilian.foundation.access.forms import CreateForm, Line


class ScenarioForm(CreateForm):
    name = Line(label=_("名称"), max_length=80)
    year = forms.IntegerField(label=_("用哪一年的结算"), min_value=2000, max_value=2100)
    elasticity = forms.DecimalField(
        label=_("行为弹性系数"),
        min_value=0,
        max_value=5,
        max_digits=3,
        decimal_places=2,
        help_text=_(
            "假设：不经转诊的代价每增加 1%，不经转诊住院的比例下降百分之几；"
            "0 表示大家照旧。"
        ),
    )

    def told(self) -> dict[str, Any]:
        return self.facts()
