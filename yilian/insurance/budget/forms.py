"""The shape of what is typed about pools, clearings and ledgers."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _

from yilian.foundation.access.forms import CreateForm, Line, Paragraph, marked, said
from yilian.insurance.budget.rules.members import read_numbers
from yilian.insurance.budget.rules.simulate import Wish
from yilian.insurance.budget.rules.states import (
    FINDING_NAMES,
    POINT_NAMES,
    Finding,
    Level,
    PointKind,
)
from yilian.insurance.budget.services import Corrections, Terms
from yilian.kernel.errors import Invalid
from yilian.kernel.money import parse_signed_yuan, parse_yuan

Choice = tuple[str, Any]


class Day(forms.DateField):
    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class Yuan(forms.CharField):
    """An amount as people type it."""

    widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})

    def to_python(self, value: Any) -> Any:
        if not str(value or "").strip():
            return None
        try:
            return parse_yuan(str(value))
        except Invalid as wrong:
            raise forms.ValidationError(said(wrong.text)) from None

    def clean(self, value: Any) -> Any:
        amount = self.to_python(value)
        if amount is None and self.required:
            raise forms.ValidationError(self.error_messages["required"])
        return amount


class SignedYuan(Yuan):
    """A correction: below zero it takes away; left empty it is nothing."""

    def to_python(self, value: Any) -> Any:
        if not str(value or "").strip():
            return Decimal(0)
        try:
            return parse_signed_yuan(str(value))
        except Invalid as wrong:
            raise forms.ValidationError(said(wrong.text)) from None


class Bands(forms.CharField):
    """90:1, 80:0.9 …: from where on, which part."""

    def to_python(self, value: Any) -> Any:
        typed = str(value or "").replace("，", ",").replace("：", ":").strip()
        if not typed:
            return None
        pairs = [part.strip().split(":") for part in typed.split(",") if part.strip()]
        if any(len(pair) != 2 for pair in pairs):  # noqa: PLR2004
            raise forms.ValidationError(_("请写成 起点:比例，用逗号分开。"))
        rows = [{"from": start.strip(), "ratio": part.strip()} for start, part in pairs]
        try:
            return sorted(rows, key=lambda row: Decimal(row["from"]))
        except ArithmeticError:
            raise forms.ValidationError(_("起点和比例应为数字。")) from None

    def clean(self, value: Any) -> Any:
        return self.to_python(value)


def _ratio(label: Any, **options: Any) -> forms.DecimalField:
    return forms.DecimalField(
        label=label, min_value=0, max_value=1, max_digits=5, decimal_places=4,
        required=False, **options,
    )  # fmt: skip


class TermsForm(CreateForm):
    """Left empty, a value is as the released parameters have it."""

    heads = forms.IntegerField(label=_("参保人数"), min_value=1, max_value=50_000_000)
    per_capita = Yuan(label=_("人头标准（元）"), required=False)
    premium = Yuan(label=_("人均大病保险保费（元）"), required=False)
    reserve_rate = _ratio(_("风险储备金比例"), help_text=_("如 0.05"))
    advance_rate = _ratio(_("按月预付比例"), help_text=_("如 0.9；其余作质量保证金"))
    county = forms.IntegerField(
        label=_("县级份额"), min_value=0, max_value=100, required=False
    )
    township = forms.IntegerField(
        label=_("乡镇份额"), min_value=0, max_value=100, required=False
    )
    village = forms.IntegerField(
        label=_("村级份额"), min_value=0, max_value=100, required=False
    )
    keep = Bands(
        label=_("得分与留用比例"), required=False, help_text=_("如 0:0, 60:0.7, 90:1")
    )
    overspend = Bands(
        label=_("超支分段与基金分担"), required=False, help_text=_("如 0:0.5, 0.05:0.3")
    )
    reason = Line(label=_("事由"), max_length=300)
    source = Line(label=_("依据文件"), max_length=200, help_text=_("文件名称和文号"))

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        given = [data.get(level.value) for level in Level]
        if any(part is not None for part in given) and None in given:
            raise forms.ValidationError(_("三级份额要一起填写，或都不填。"))
        return data

    def terms(self) -> Terms:
        data = self.cleaned_data
        given = {level.value: data[level.value] for level in Level}
        is_given = all(part is not None for part in given.values())
        return Terms(
            heads=data["heads"],
            reason=data["reason"],
            source=data["source"],
            per_capita=data["per_capita"],
            premium=data["premium"],
            reserve_rate=data["reserve_rate"],
            advance_rate=data["advance_rate"],
            keep=data["keep"],
            overspend=data["overspend"],
            shares=given if is_given else None,
        )

    @property
    def key(self) -> UUID:
        return UUID(str(self.cleaned_data["idempotency_key"]))


class OpenForm(TermsForm):
    consortium_id = forms.ChoiceField(label=_("医联体"))
    area_code = Line(label=_("参保地代码"), max_length=6)
    year = forms.IntegerField(label=_("年度"), min_value=2017, max_value=2100)
    field_order = ("consortium_id", "area_code", "year")

    def __init__(
        self, *args: Any, consortia: Iterable[Choice] = (), **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["consortium_id"].choices = list(consortia)  # type: ignore[attr-defined]


class ReviseForm(TermsForm):
    starts_on = Day(label=_("生效日期"))
    field_order = ("starts_on",)


class AdvanceForm(CreateForm):
    month = forms.IntegerField(label=_("月份"), min_value=1, max_value=12)
    amount = Yuan(label=_("金额（元）"))
    paid_on = Day(label=_("拨付日期"))
    evidence = Line(label=_("拨付凭证号"), max_length=200)


class RefusalForm(CreateForm):
    institution_id = forms.ChoiceField(label=_("机构"))
    finding = forms.ChoiceField(label=_("结论"), choices=marked(FINDING_NAMES))
    found_on = Day(label=_("认定日期"))
    amount = Yuan(label=_("金额（元）"))
    settlement_number = Line(label=_("结算单号"), max_length=40, required=False)
    reason = Line(label=_("理由"), max_length=300)
    evidence = Line(label=_("依据文书"), max_length=200)

    def __init__(
        self, *args: Any, houses: Iterable[Choice] = (), **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["institution_id"].choices = list(houses)  # type: ignore[attr-defined]

    def facts(self) -> dict[str, Any]:
        facts = super().facts()
        facts["institution_id"] = UUID(facts["institution_id"])
        return facts | {"finding": Finding(facts["finding"])}


class ScoreForm(CreateForm):
    value = forms.DecimalField(
        label=_("考核得分"), min_value=0, max_value=100, max_digits=5, decimal_places=2
    )
    source = Line(label=_("来源"), max_length=200, help_text=_("哪一次考核，文号"))


class ReasonForm(CreateForm):
    reason = Line(label=_("原因"), max_length=200)


class NoteForm(forms.Form):
    note = Line(label=_("意见"), max_length=300, required=False)


class ReturnForm(forms.Form):
    reason = Line(label=_("退回原因"), max_length=300)


class SupplementForm(CreateForm):
    """What of a confirmed clearing was wrong; left empty it stays."""

    inside = SignedYuan(
        label=_("内部使用更正（元）"), required=False,
        help_text=_("增加填正数，减少填负数；不更正的留空。"),
    )  # fmt: skip
    outside = SignedYuan(label=_("外部使用更正（元）"), required=False)
    refused = SignedYuan(label=_("审核拒付更正（元）"), required=False)
    unreasonable = SignedYuan(label=_("不合理费用更正（元）"), required=False)
    score = forms.DecimalField(
        label=_("更正后的考核得分"), min_value=0, max_value=100, max_digits=5,
        decimal_places=2, required=False,
    )  # fmt: skip
    reason = Line(label=_("事由"), max_length=300)
    evidence = Line(label=_("依据文书"), max_length=200)

    def corrections(self) -> Corrections:
        facts = self.facts()
        facts.pop("key")
        return Corrections(**facts)


class DistributeForm(CreateForm):
    """A weight and a performance for each member; left empty they are 1."""

    rule = Paragraph(
        label=_("分配办法"), max_length=200,
        help_text=_("如：县乡村 6:3:1，同级按签约人数 × 绩效"),
    )  # fmt: skip

    def numbers(self, prefix: str, houses: Iterable[UUID]) -> dict[UUID, Decimal]:
        return read_numbers(
            {house: self.data.get(f"{prefix}-{house}", "") for house in houses}
        )


class SubsidyForm(CreateForm):
    institution_id = forms.ChoiceField(label=_("机构"))
    year = forms.IntegerField(label=_("年度"), min_value=2017, max_value=2100)
    base = Yuan(label=_("核定补助（元）"))
    score = forms.DecimalField(
        label=_("考核得分"), min_value=0, max_value=100, max_digits=5, decimal_places=2
    )
    assessment = Line(label=_("考核结果"), max_length=200, help_text=_("哪一次考核"))
    evidence = Line(label=_("拨款文号"), max_length=200)

    def __init__(
        self, *args: Any, houses: Iterable[Choice] = (), **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["institution_id"].choices = list(houses)  # type: ignore[attr-defined]

    def facts(self) -> dict[str, Any]:
        facts = super().facts()
        return facts | {"institution_id": UUID(facts["institution_id"])}


class Month(forms.CharField):
    """2026-05, as a browser's month field sends it."""

    widget = forms.TextInput(attrs={"type": "month"})

    def clean(self, value: Any) -> Any:
        try:
            return date.fromisoformat(f"{value}-01")
        except ValueError:
            raise forms.ValidationError(_("请选择月份。")) from None


class IncomeForm(CreateForm):
    month = Month(label=_("月份"))
    income = Yuan(label=_("医疗服务收入（元）"))
    cost = Yuan(label=_("成本（元）"))
    evidence = Line(label=_("依据"), max_length=200, help_text=_("财务报表编号"))


class PointsForm(CreateForm):
    practitioner_id = forms.ChoiceField(label=_("人员"))
    month = Month(label=_("月份"))
    kind = forms.ChoiceField(label=_("类别"), choices=marked(POINT_NAMES))
    points = forms.DecimalField(
        label=_("积分"), min_value=Decimal("0.01"), max_value=1000, decimal_places=2
    )
    ground = Line(label=_("事由"), max_length=200)

    def __init__(self, *args: Any, staff: Iterable[Choice] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["practitioner_id"].choices = list(staff)  # type: ignore[attr-defined]

    def facts(self) -> dict[str, Any]:
        facts = super().facts()
        facts["practitioner_id"] = UUID(facts["practitioner_id"])
        return facts | {"kind": PointKind(facts["kind"])}


class WishForm(forms.Form):
    outflow_points = forms.DecimalField(
        label=_("外流占比下降（百分点）"), min_value=0, max_value=50, decimal_places=1
    )
    compliance_points = forms.DecimalField(
        label=_("合规转诊占比上升（百分点）"), min_value=0, max_value=50,
        decimal_places=1,
    )  # fmt: skip
    inside_price = forms.DecimalField(
        label=_("内部价格 ÷ 外部价格"), min_value=0, max_value=1, decimal_places=2
    )
    stays_inside = forms.DecimalField(
        label=_("合规后留在内部的比例"), min_value=0, max_value=1, decimal_places=2
    )

    def wish(self) -> Wish | None:
        return Wish(**self.cleaned_data) if self.is_valid() else None
