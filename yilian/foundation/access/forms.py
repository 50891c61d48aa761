"""What every form needs: lines of text without harm, and refusals at their field."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext

from yilian.kernel.errors import DomainError, Invalid
from yilian.kernel.ids import new_id
from yilian.kernel.safe_text import TextWrong, clean_line, clean_text
from yilian.kernel.text import Text


def said(words: str | Text) -> str:
    """A marked text in the reader's language."""
    if isinstance(words, str):
        return gettext(words) if words else ""
    values = {
        name: said(value) if isinstance(value, str | Text) else value
        for name, value in words.values.items()
    }
    return gettext(words.template).format(**values)


def marked(names: Mapping[Any, str]) -> list[tuple[str, Any]]:
    """Choices of a field from a table of marked names, translated when shown."""
    return [(str(code), _Later(name)) for code, name in names.items()]


class _Later:
    """Django's `gettext_lazy` for a text that is already marked elsewhere."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __str__(self) -> str:
        return said(self.name)


class Line(forms.CharField):
    """One line of text, tidied; what cannot be stored is refused in words."""

    def to_python(self, value: Any) -> str:
        return _clean(clean_line, value)


class Paragraph(forms.CharField):
    """Several lines of text."""

    widget = forms.Textarea

    def to_python(self, value: Any) -> str:
        return _clean(clean_text, value)


_ANY_LENGTH = 10_000_000  # the field's own `max_length` speaks of length


def _clean(clean: Any, value: Any) -> str:
    try:
        return str(clean(str(value or ""), max_length=_ANY_LENGTH))
    except TextWrong as error:
        raise forms.ValidationError(said(error.text)) from None


class CreateForm(forms.Form):
    """Of something new: sent twice, it is made once."""

    idempotency_key = forms.UUIDField(widget=forms.HiddenInput, initial=new_id)

    def facts(self) -> dict[str, Any]:
        facts = dict(self.cleaned_data)
        return {"key": facts.pop("idempotency_key"), **facts}


def show(form: forms.Form, error: DomainError) -> None:
    """The words of a refusal stand at the field they are about, else above all."""
    fields = error.fields if isinstance(error, Invalid) else {}
    for name, words in fields.items():
        form.add_error(name if name in form.fields else None, said(words))
    if not fields:
        form.add_error(None, said(error.text))
