"""The shape of what is typed; policy and state are not asked here."""

from datetime import date
from decimal import Decimal
from typing import Any, Final

from django import forms
from django.utils.translation import gettext_lazy as _

from yilian.foundation.access.actor import Actor
from yilian.foundation.access.forms import CreateForm, Line, Paragraph, marked, said
from yilian.insurance.clearing.queries.houses import partners_of
from yilian.insurance.clearing.rules.slip import KIND_NAMES, Kind
from yilian.insurance.clearing.rules.statement import (
    ANSWER_NAMES,
    REASON_NAMES,
    Answer,
    Reason,
)
from yilian.insurance.clearing.services.confirming import Payment
from yilian.insurance.clearing.services.disputing import Change, Objection
from yilian.insurance.clearing.services.slips import Facts
from yilian.kernel.money import AmountWrong, parse_signed_yuan, parse_yuan

_CHOOSE: Final = ("", _("请选择"))
_LONGEST: Final = 400


def _day(label: Any) -> forms.DateField:
    return forms.DateField(
        label=label, widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d")
    )


def _text(label: Any) -> Paragraph:
    widget = forms.Textarea({"rows": 3, "maxlength": _LONGEST})
    return Paragraph(label=label, max_length=_LONGEST, widget=widget)


class Yuan(forms.CharField):
    """An amount as people type it; `signed`: may be below zero."""

    def __init__(self, *, signed: bool = False, **options: Any) -> None:
        self.signed = signed
        options.setdefault("widget", forms.TextInput({"inputmode": "decimal"}))
        super().__init__(**options)

    def to_python(self, value: Any) -> Any:
        typed = str(value or "").strip()
        if not typed:
            return None
        try:
            return parse_signed_yuan(typed) if self.signed else parse_yuan(typed)
        except AmountWrong as error:
            raise forms.ValidationError(said(error.text)) from None


class SlipForm(CreateForm):
    requester_id = forms.UUIDField(label=_("申请方（付款方）"), widget=forms.Select())
    kind = forms.ChoiceField(
        label=_("业务种类"), choices=[_CHOOSE, *marked(KIND_NAMES)]
    )
    item_code = Line(label=_("收费项目"), max_length=32)
    quantity = forms.DecimalField(
        label=_("数量"),
        max_digits=11,
        decimal_places=2,
        min_value=Decimal("0.01"),
        initial=1,
    )
    performed_on = _day(_("发生日期"))
    reference = Line(
        label=_("业务单号"),
        max_length=60,
        required=False,
        help_text=_("如报告编号、配送单号；不要填写患者姓名。"),
    )
    note = Line(label=_("备注"), max_length=200, required=False)

    def __init__(self, actor: Actor, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        here = actor.institution_id
        houses = [(str(pk), name) for pk, name in partners_of(here)] if here else []
        widget: Any = self.fields["requester_id"].widget
        widget.choices = [_CHOOSE, *houses]

    def told(self) -> Facts:
        facts = dict(self.cleaned_data)
        facts.pop("idempotency_key")
        return Facts(**facts | {"kind": Kind(facts["kind"])})


class ReasonForm(forms.Form):
    reason = Line(label=_("原因"), max_length=200)


class DisputeForm(forms.Form):
    reason = forms.ChoiceField(
        label=_("异议原因"), choices=[_CHOOSE, *marked(REASON_NAMES)]
    )
    entry_id = forms.UUIDField(
        label=_("针对哪一行"), widget=forms.Select(), required=False
    )
    claimed = Yuan(label=_("涉及金额"), required=False)
    text = _text(_("情况说明"))

    def told(self) -> dict[str, Any]:
        facts = self.cleaned_data
        reason = Reason(facts["reason"])
        return {
            "objection": Objection(
                reason, facts["text"], facts["entry_id"], facts["claimed"]
            )
        }


class AnswerForm(forms.Form):
    answer = forms.ChoiceField(label=_("答复"), choices=marked(ANSWER_NAMES))
    text = _text(_("说明"))

    def told(self) -> dict[str, Any]:
        facts = self.cleaned_data
        return {"answer": Answer(facts["answer"]), "text": facts["text"]}


class TextForm(forms.Form):
    text = _text(_("说明"))

    def told(self) -> dict[str, Any]:
        return dict(self.cleaned_data)


class AdjustForm(forms.Form):
    debtor_id = forms.UUIDField(label=_("调整哪一方的应付"), widget=forms.Select())
    amount = Yuan(
        label=_("调整金额"),
        signed=True,
        help_text=_("调减填负数，如 -120.00；调增填正数。"),
    )
    text = _text(_("调整依据"))

    def told(self) -> dict[str, Any]:
        facts = self.cleaned_data
        return {"change": Change(facts["debtor_id"], facts["amount"], facts["text"])}


class PayForm(forms.Form):
    voucher = Line(label=_("银行回单号"), max_length=60)
    paid_on = _day(_("付款日期"))
    note = Line(label=_("备注"), max_length=200, required=False)

    def told(self) -> dict[str, Any]:
        return {"payment": Payment(**self.cleaned_data)}


class PlainForm(forms.Form):
    def told(self) -> dict[str, Any]:
        return {}


class CloseForm(forms.Form):
    note = forms.CharField(
        label=_("关账说明"),
        max_length=_LONGEST,
        required=False,
        help_text=_("有对账单仍在异议中时必填。"),
    )


def with_houses(form: forms.Form, houses: list[tuple[Any, str]]) -> None:
    widget: Any = form.fields["debtor_id"].widget
    widget.choices = [_CHOOSE, *((str(pk), name) for pk, name in houses)]


def with_lines(form: forms.Form, lines: list[tuple[Any, str]]) -> None:
    widget: Any = form.fields["entry_id"].widget
    widget.choices = [("", _("整张对账单")), *((str(pk), name) for pk, name in lines)]


def today_in(form: forms.Form, day: date) -> forms.Form:
    """The latest day a date field takes, and where it begins."""
    for name in ("performed_on", "paid_on"):
        if name in form.fields:
            form.fields[name].widget.attrs["max"] = day.isoformat()
            form.fields[name].initial = day
    return form
