"""The shape of what is typed about peers."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from yilian.foundation.access.forms import CreateForm, Line, marked
from yilian.interfaces.exchange.intake.forms import InstitutionCode
from yilian.interfaces.exchange.outgoing.rules import PROTOCOL_NAMES, Protocol


class PeerFacts(forms.Form):
    address = Line(
        label=_("地址"),
        max_length=200,
        help_text=_("HL7 v2 写 主机:端口；FHIR 写 https:// 开头的接收地址"),
    )
    is_secured = forms.BooleanField(
        label=_("加密传输（TLS）"), required=False, initial=True
    )
    secret = Line(
        label=_("口令"),
        max_length=500,
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("MSH-8 或访问令牌；保存后不再显示，留空则不改"),
    )
    application = Line(label=_("接收应用（MSH-5）"), max_length=120, required=False)
    facility = Line(label=_("接收机构（MSH-6）"), max_length=120, required=False)
    takes_referrals = forms.BooleanField(
        label=_("发送转往该机构的转诊"), required=False, initial=True
    )
    takes_answers = forms.BooleanField(
        label=_("发送对该机构转诊的答复"), required=False, initial=True
    )


class OpenPeerForm(CreateForm, PeerFacts):
    name = forms.RegexField(
        r"^[a-z][a-z0-9-]{1,39}$",
        label=_("名称"),
        error_messages={"invalid": _("名称为 2 至 40 位小写字母、数字或横线。")},
    )
    institution_id = InstitutionCode(label=_("所属机构"), max_length=24)
    protocol = forms.ChoiceField(label=_("方式"), choices=marked(PROTOCOL_NAMES))
    field_order = (
        "name", "institution_id", "protocol", "address", "is_secured", "secret",
        "application", "facility", "takes_referrals", "takes_answers",
    )  # fmt: skip

    def facts(self) -> dict[str, Any]:
        facts = super().facts()
        return facts | {"protocol": Protocol(facts["protocol"])}


class PeerForm(PeerFacts):
    is_active = forms.BooleanField(label=_("使用中"), required=False)


class SetAsideForm(forms.Form):
    note = Line(label=_("原因"), max_length=300)
