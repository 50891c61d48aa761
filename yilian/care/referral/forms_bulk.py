"""Input of what is done with many at once: shape, not policy."""

from collections.abc import Iterable
from typing import Any, Final
from uuid import UUID

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from yilian.care.referral.rules.bulk import Act
from yilian.care.referral.services.bulk import Chosen, Wanted
from yilian.foundation.access.actor import Actor, Role
from yilian.kernel.calendar import local_day
from yilian.registry.directory.models import PractitionerRole
from yilian.registry.directory.queries import departments_of

_NOBODY: Final = ("", _("暂不指定"))
_LONGEST: Final = 500


class WantedForm(forms.Form):
    """What an act needs beside the rows; nothing for most."""

    act = Act.NUDGE

    def __init__(self, actor: Actor, data: Any = None) -> None:
        self.actor = actor
        super().__init__(data)
        self.prepare()

    def prepare(self) -> None:
        """Fill choices from the house; nothing by default."""

    def wanted(self) -> Wanted:
        return Wanted(self.act)

    def tried(self) -> Wanted:
        """Something to try the rows with, before anything is typed."""
        return Wanted(self.act, words="…")


class PrintForm(WantedForm):
    act = Act.PRINT


class AssignManyForm(WantedForm):
    act = Act.ASSIGN
    department_id = forms.UUIDField(label=_("科室"), widget=forms.Select())
    post_id = forms.UUIDField(
        label=_("经办医师"), widget=forms.Select(), required=False
    )

    def prepare(self) -> None:
        here = self.actor.institution_id
        lines = departments_of(here) if here else []
        self.departments = [(str(line.id), line.name) for line in lines]
        chosen: Any = self.fields["department_id"].widget
        chosen.choices = [("", _("请选择")), *self.departments]
        doctors: Any = self.fields["post_id"].widget
        doctors.choices = [_NOBODY, *_doctors(here)]

    def wanted(self) -> Wanted:
        facts = self.cleaned_data
        return Wanted(self.act, facts["department_id"], facts["post_id"])

    def tried(self) -> Wanted:
        first = UUID(self.departments[0][0]) if self.departments else None
        return Wanted(self.act, first)


class AskManyForm(WantedForm):
    act = Act.ASK
    words = forms.CharField(
        label=_("需要补充什么"),
        max_length=_LONGEST,
        widget=forms.Textarea({"rows": 3, "maxlength": _LONGEST}),
    )

    def wanted(self) -> Wanted:
        return Wanted(self.act, words=self.cleaned_data["words"])


class CallManyForm(AskManyForm):
    act = Act.CALL
    words = forms.CharField(
        label=_("电话结果"),
        help_text=_("同一结果记到所选的每一张；结果不同的请分开登记。"),
        max_length=_LONGEST,
        widget=forms.Textarea({"rows": 3, "maxlength": _LONGEST}),
    )


FORMS: Final[dict[Act, type[WantedForm]]] = {
    Act.ASSIGN: AssignManyForm,
    Act.NUDGE: WantedForm,
    Act.ASK: AskManyForm,
    Act.CALL: CallManyForm,
    Act.PRINT: PrintForm,
}


def chosen_rows(told: Iterable[str]) -> list[Chosen]:
    """ "id" or "id:revision", each once; what is neither is left out."""
    found: dict[UUID, Chosen] = {}
    for text in told:
        name, _colon, revision = text.partition(":")
        try:
            row = UUID(name)
        except ValueError:
            continue
        is_number = revision.isascii() and revision.isdecimal()
        found[row] = Chosen(row, int(revision[:9]) if is_number else None)
    return list(found.values())


def _doctors(here: UUID | None) -> list[tuple[str, str]]:
    posts = PractitionerRole.objects.held_on(local_day(timezone.now())).filter(
        institution=here, roles__contains=[Role.PHYSICIAN.value]
    )
    rows = posts.select_related("practitioner", "department")
    return [
        (str(post.pk), _named(post))
        for post in rows.order_by("department__name", "practitioner__pinyin", "pk")
    ]


def _named(post: PractitionerRole) -> str:
    department = post.department.name if post.department else ""
    return f"{department} {post.practitioner.name}".strip()
