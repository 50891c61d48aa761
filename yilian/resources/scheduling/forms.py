"""The shape of what is typed about places."""

import re
from datetime import date, time, timedelta
from typing import Any, Final

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from yilian.resources.scheduling.rules import QUOTA_NAMES, Quota, SlotPlan

_SEPARATORS: Final = re.compile(r"[\s,，、;；]+")
_TIME: Final = re.compile(r"([01]?\d|2[0-3])[:：]([0-5]\d)", re.ASCII)
_RANGE: Final = re.compile(r"(\d{1,4})[-~～至](\d{1,4})", re.ASCII)
_MOST_LABELS: Final = 200


class DayConverter:
    """A day in an address: 2026-11-21."""

    regex = r"\d{4}-\d{2}-\d{2}"

    def to_python(self, value: str) -> date:
        return date.fromisoformat(value)

    def to_url(self, value: date) -> str:
        return value.isoformat()


QUOTAS: Final = [(quota.value, _(name)) for quota, name in QUOTA_NAMES.items()]


class OpenSlotsForm(forms.Form):
    idempotency_key = forms.UUIDField(widget=forms.HiddenInput)
    first_on = forms.DateField(
        label=_("从"), widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d")
    )
    last_on = forms.DateField(
        label=_("到"), widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d")
    )
    times = forms.CharField(
        label=_("开始时间"),
        max_length=200,
        help_text=_("用空格分开，如 08:30 09:00 09:30"),
    )
    minutes = forms.IntegerField(
        label=_("每号分钟"), min_value=5, max_value=240, initial=15
    )
    each = forms.IntegerField(
        label=_("每时段号数"), min_value=1, max_value=20, initial=1
    )
    quota = forms.ChoiceField(
        label=_("留给"), choices=QUOTAS, initial=Quota.REFERRAL.value
    )
    only_working_days = forms.BooleanField(
        label=_("只在工作日"), required=False, initial=True
    )

    @classmethod
    def fresh(cls, today: date | None = None) -> "OpenSlotsForm":
        first = (today or timezone.localdate()) + timedelta(days=1)
        times = "08:30 09:00 09:30 10:00"
        return cls(
            initial={
                "first_on": first,
                "last_on": first + timedelta(days=6),
                "times": times,
            }
        )

    def clean_times(self) -> list[time]:
        typed = [part for part in _SEPARATORS.split(self.cleaned_data["times"]) if part]
        found = [_TIME.fullmatch(part) for part in typed]
        if not typed or None in found:
            raise forms.ValidationError(_("时间写成 08:30 这样，用空格分开。"))
        return [time(int(match[1]), int(match[2])) for match in found if match]

    def clean_quota(self) -> Quota:
        return Quota(self.cleaned_data["quota"])

    def facts(self) -> dict[str, Any]:
        data = self.cleaned_data
        plan = SlotPlan(
            first_on=data["first_on"],
            last_on=data["last_on"],
            times=data["times"],
            minutes=data["minutes"],
            each=data["each"],
            only_working_days=data["only_working_days"],
        )
        return {"key": data["idempotency_key"], "plan": plan, "quota": data["quota"]}


class OpenBedsForm(forms.Form):
    idempotency_key = forms.UUIDField(widget=forms.HiddenInput)
    labels = forms.CharField(
        label=_("床号"), max_length=400, help_text=_("如 1-12，或 加1 加2")
    )
    quota = forms.ChoiceField(label=_("留给"), choices=QUOTAS)

    def clean_labels(self) -> list[str]:
        parts = [p for p in _SEPARATORS.split(self.cleaned_data["labels"]) if p]
        labels = [label for part in parts for label in _labels(part)]
        if len(labels) > _MOST_LABELS:
            raise forms.ValidationError(_("一次最多开放 200 张床，请分几次开放。"))
        return labels

    def clean_quota(self) -> Quota:
        return Quota(self.cleaned_data["quota"])

    def facts(self) -> dict[str, Any]:
        data = self.cleaned_data
        return {
            "key": data["idempotency_key"],
            "labels": data["labels"],
            "quota": data["quota"],
        }


class QuotaForm(forms.Form):
    quota = forms.ChoiceField(label=_("留给"), choices=QUOTAS)

    def clean_quota(self) -> Quota:
        return Quota(self.cleaned_data["quota"])


class CancelSlotForm(forms.Form):
    reason = forms.CharField(label=_("停诊原因"), max_length=200)


def _labels(part: str) -> list[str]:
    match = _RANGE.fullmatch(part)
    if match is None:
        return [part]
    first, last = int(match[1]), int(match[2])
    last = min(last, first + _MOST_LABELS)  # one too many is refused in words
    return [str(number) for number in range(first, last + 1)]
