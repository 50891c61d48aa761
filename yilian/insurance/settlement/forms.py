"""What clerks, houses and residents type about a bill; shape, not policy."""

from decimal import Decimal
from typing import Any, Final

from django import forms
from django.utils.translation import gettext_lazy

from yilian.foundation.access.forms import CreateForm, Paragraph, marked
from yilian.insurance.settlement.rules.case import REFERRAL_NAMES, Kind
from yilian.insurance.settlement.rules.ledger import FilingKind
from yilian.insurance.settlement.rules.names import KIND_NAMES

_LONGEST: Final = 500
_LONGEST_REASON: Final = 300
_LEVELS: Final = [
    ("", gettext_lazy("没有分诊记录")),
    (1, gettext_lazy("一级（濒危）")),
    (2, gettext_lazy("二级（危重）")),
    (3, gettext_lazy("三级（急症）")),
    (4, gettext_lazy("四级（非急症）")),
]
_SHORT: Final = forms.Textarea(attrs={"rows": 2})


class SearchForm(forms.Form):
    """Of a URL: what cannot be read is as if it were not asked."""

    text = forms.CharField(
        label=gettext_lazy("结算单号、单据号、身份证号或姓名"),
        required=False,
        max_length=64,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    house = forms.CharField(
        label=gettext_lazy("就诊机构"), required=False, max_length=60
    )
    kind = forms.ChoiceField(
        label=gettext_lazy("类别"),
        required=False,
        choices=[("", gettext_lazy("全部")), *marked(KIND_NAMES)],
    )
    state = forms.ChoiceField(
        label=gettext_lazy("转诊情形"),
        required=False,
        choices=[("", gettext_lazy("全部")), *marked(REFERRAL_NAMES)],
    )
    since = forms.DateField(
        label=gettext_lazy("出院（就诊）从"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
    )
    until = forms.DateField(
        label=gettext_lazy("到"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
    )

    @property
    def is_of_stays(self) -> bool:
        return self.cleaned_data.get("kind") != Kind.OUTPATIENT.value


class ReasonForm(forms.Form):
    """Taking back and voiding."""

    reason = Paragraph(
        label=gettext_lazy("原因"), max_length=_LONGEST_REASON, widget=_SHORT
    )


class FilingForm(CreateForm):
    """A late emergency or an appeal; papers come beside it."""

    reason = Paragraph(
        label=gettext_lazy("原因"),
        max_length=_LONGEST,
        help_text=gettext_lazy("写明当时的情况；请勿写姓名、证件号和电话。"),
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    triage_level = forms.TypedChoiceField(
        label=gettext_lazy("急诊分诊级别"),
        choices=_LEVELS,
        coerce=int,
        empty_value=None,
        required=False,
        help_text=gettext_lazy("一、二级分诊或有抢救记录，才能按急诊补登。"),
    )
    has_rescue_record = forms.BooleanField(
        label=gettext_lazy("有抢救记录"), required=False
    )

    def __init__(self, kind: FilingKind, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if kind is FilingKind.APPEAL:
            del self.fields["triage_level"]
            del self.fields["has_rescue_record"]


class DecideForm(forms.Form):
    grants = forms.ChoiceField(
        label=gettext_lazy("审核意见"),
        choices=[("yes", gettext_lazy("通过")), ("no", gettext_lazy("不通过"))],
        widget=forms.RadioSelect,
    )
    referral_state = forms.ChoiceField(
        label=gettext_lazy("认定为"),
        required=False,
        help_text=gettext_lazy("通过申诉时必选。"),
    )
    referral_id = forms.ChoiceField(label=gettext_lazy("依据的转诊单"), required=False)
    note = Paragraph(label=gettext_lazy("理由"), max_length=_LONGEST, widget=_SHORT)

    def __init__(
        self,
        *args: Any,
        states: list[tuple[str, str]],
        hops: list[tuple[str, str]],
        asks_state: bool,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self._choose("referral_state", gettext_lazy("请选择"), marked(dict(states)))
        self._choose("referral_id", gettext_lazy("单据上的那一张（如有）"), hops)
        if not asks_state:
            del self.fields["referral_state"]
        if not hops:
            del self.fields["referral_id"]

    def _choose(self, name: str, blank: Any, options: list[tuple[str, Any]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101  (as declared above)
        field.choices = [("", blank), *options]


class ConfirmForm(forms.Form):
    note = Paragraph(
        label=gettext_lazy("意见"),
        max_length=_LONGEST,
        required=False,
        widget=_SHORT,
    )


class JudgeForm(forms.Form):
    """What became of a suspicion; the amount is asked where it is confirmed."""

    amount = forms.DecimalField(
        label=gettext_lazy("拒付金额（元）"),
        min_value=Decimal(0),
        max_digits=14,
        decimal_places=2,
        required=False,
        help_text=gettext_lazy("查实时填写，不超过涉及金额；不拒付填 0。"),
    )
    note = Paragraph(label=gettext_lazy("理由"), max_length=_LONGEST, widget=_SHORT)


class SpanForm(forms.Form):
    """The months a page of sums is about."""

    year = forms.TypedChoiceField(
        label=gettext_lazy("年度"), coerce=int, empty_value=None, required=False
    )

    def __init__(self, *args: Any, years: list[int], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["year"]
        assert isinstance(field, forms.TypedChoiceField)  # noqa: S101
        field.choices = [(year, str(year)) for year in years]
