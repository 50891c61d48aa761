"""Shape of what is typed at the door."""

from django import forms
from django.utils.translation import gettext_lazy as _

from yilian.foundation.identity.rules import CODE_DIGITS

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
