"""The shape of what is typed at the reception."""

from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _

from yilian.resources.reception.rules import (
    DISPOSITION_NAMES,
    KIND_NAMES,
    PRESENCE_NAMES,
    PROVEN,
    Disposition,
    EncounterKind,
    Presence,
)

KINDS = [(kind.value, _(name)) for kind, name in KIND_NAMES.items()]
DISPOSITIONS = [(one.value, _(name)) for one, name in DISPOSITION_NAMES.items()]
# What a desk may say of itself; arrival on a referral is said by the referral.
AT_DESK = (Presence.CARD, Presence.CODE, Presence.NONE)
PRESENCES = [(one.value, _(PRESENCE_NAMES[one])) for one in AT_DESK]
PROOFS = [(one.value, _(PRESENCE_NAMES[one])) for one in PROVEN]


class ReceiveForm(forms.Form):
    idempotency_key = forms.UUIDField(widget=forms.HiddenInput)
    kind = forms.ChoiceField(label=_("就诊类型"), choices=KINDS)
    department = forms.TypedChoiceField(
        label=_("科室"), coerce=UUID, empty_value=None, required=False
    )
    presence = forms.ChoiceField(label=_("本人到场核验"), choices=PRESENCES)
    proof = forms.CharField(label=_("卡、码或验证码"), max_length=200, required=False)
    reason = forms.CharField(label=_("来诊原因"), max_length=300, required=False)

    def __init__(
        self, *args: Any, departments: list[tuple[UUID, str]], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        choices = [
            ("", _("暂不分科")),
            *((str(id_), name) for id_, name in departments),
        ]
        self.fields["department"].choices = choices  # type: ignore[attr-defined]

    def clean_kind(self) -> EncounterKind:
        return EncounterKind(self.cleaned_data["kind"])

    def clean_presence(self) -> Presence:
        return Presence(self.cleaned_data["presence"])

    def facts(self) -> dict[str, Any]:
        data = self.cleaned_data
        return {
            "key": data["idempotency_key"],
            "kind": data["kind"],
            "department_id": data["department"],
            "presence": data["presence"],
            "proof": data["proof"],
            "reason": data["reason"],
        }


class DepartForm(forms.Form):
    disposition = forms.ChoiceField(label=_("离开方式"), choices=DISPOSITIONS)

    def clean_disposition(self) -> Disposition:
        return Disposition(self.cleaned_data["disposition"])


class ProofForm(forms.Form):
    presence = forms.ChoiceField(label=_("核验方式"), choices=PROOFS)
    proof = forms.CharField(label=_("卡、码或验证码"), max_length=200)

    def clean_presence(self) -> Presence:
        return Presence(self.cleaned_data["presence"])
