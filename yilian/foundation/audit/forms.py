"""What an auditor may search for."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from yilian.foundation.access.forms import Line, marked
from yilian.foundation.audit.queries import Wanted
from yilian.foundation.audit.rules import OUTCOME_NAMES, THINGS


class SearchForm(forms.Form):
    since = forms.DateField(
        label=_("从"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    until = forms.DateField(
        label=_("到（含）"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    actor = Line(label=_("操作人姓名或账号编号"), required=False, max_length=60)
    action = forms.ChoiceField(label=_("事项"), required=False)
    outcome = forms.ChoiceField(label=_("结果"), required=False)
    person_id = forms.UUIDField(label=_("居民编号"), required=False)
    institution_id = forms.UUIDField(label=_("机构编号"), required=False)
    only_break_glass = forms.BooleanField(label=_("只看紧急调阅"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        every: list[tuple[str, Any]] = [("", _("全部"))]
        self._choice("action").choices = every + marked(THINGS)
        self._choice("outcome").choices = every + marked(OUTCOME_NAMES)

    def _choice(self, name: str) -> forms.ChoiceField:
        field = self.fields[name]
        if not isinstance(field, forms.ChoiceField):
            raise TypeError(name)
        return field

    def wanted(self) -> Wanted:
        """Only after `is_valid()`."""
        return Wanted(**self.cleaned_data)
