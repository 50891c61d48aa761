"""Shape of what is typed at the door."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from yilian.foundation.access.forms import said
from yilian.foundation.identity.rules import CODE_DIGITS
from yilian.kernel.safe_text import TextWrong, clean_line

_MOST = 128  # hashing what is longer would only cost time


class SignInForm(forms.Form):
    username = forms.CharField(
        label=_("登录名"),
        max_length=64,
        widget=forms.TextInput(
            attrs={
                "autocomplete": "username",
                "autocapitalize": "none",
                "spellcheck": "false",
                "autofocus": True,
            }
        ),
    )
    password = forms.CharField(
        label=_("密码"),
        max_length=_MOST,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )

    refusal = 422  # the status of the page that comes back

    def refuse(self, words: str, status: int = 422) -> None:
        self.add_error(None, words)
        self.refusal = status

    def clean_username(self) -> str:
        return str(self.cleaned_data["username"]).lower()


class PasswordForm(forms.Form):
    old = forms.CharField(
        label=_("原密码"),
        max_length=_MOST,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    new = forms.CharField(
        label=_("新密码"),
        max_length=_MOST,
        strip=False,
        help_text=_("至少 10 位，不能全是数字，也不能是常见密码或与登录名相近。"),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    again = forms.CharField(
        label=_("再输一次新密码"),
        max_length=_MOST,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def clean_again(self) -> str:
        again = str(self.cleaned_data["again"])
        if again != self.cleaned_data.get("new", again):
            raise forms.ValidationError(_("两次输入的新密码不一致。"))
        return again


class NumberForm(forms.Form):
    number = forms.CharField(
        label=_("身份证号码"),
        max_length=40,
        help_text=_("也可以是港澳台居民居住证或外国人永久居留身份证号码。"),
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "spellcheck": "false", "autofocus": True}
        ),
    )


class CodeForm(forms.Form):
    code = forms.RegexField(
        rf"^\s*\d{{{CODE_DIGITS}}}\s*$",
        label=_("验证码"),
        error_messages={"invalid": _("验证码是 6 位数字。")},
        widget=forms.TextInput(
            attrs={
                "autocomplete": "one-time-code",
                "inputmode": "numeric",
                "maxlength": "8",
                "autofocus": True,
            }
        ),
    )


class _TypedCode(forms.CharField):
    """Six digits of the phone, or one recovery code from paper."""

    def __init__(self, **facts: Any) -> None:
        attrs = {
            "autocomplete": "one-time-code",
            "autocapitalize": "none",
            "spellcheck": "false",
        }
        widget = forms.TextInput(attrs=attrs | facts.pop("attrs", {}))
        super().__init__(max_length=40, widget=widget, **facts)

    def to_python(self, value: Any) -> str:
        try:
            return clean_line(str(value or ""), max_length=40)
        except TextWrong as error:
            raise forms.ValidationError(said(error.text)) from None


class SecondStepForm(forms.Form):
    code = _TypedCode(
        label=_("6 位验证码"), attrs={"autofocus": True, "inputmode": "numeric"}
    )


class RecoveryForm(forms.Form):
    code = _TypedCode(
        label=_("恢复码"),
        attrs={"autocomplete": "off", "id": "id_recovery"},
        help_text=_("形如 abcde-23456，每个只能用一次。"),
    )


class ProofForm(forms.Form):
    """Who one is, once more, before what opens the door is changed."""

    password = forms.CharField(
        label=_("密码"),
        max_length=_MOST,
        strip=False,
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    code = _TypedCode(label=_("现在的验证码或恢复码"), required=False)
    refusal = 0  # the status of what the service refused

    def __init__(
        self, *args: Any, has_password: bool, has_factor: bool, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        for name, is_asked in (("password", has_password), ("code", has_factor)):
            if is_asked:
                self.fields[name].required = True
            else:
                del self.fields[name]

    def facts(self) -> dict[str, str]:
        return {"password": "", "code": ""} | self.cleaned_data
