"""The shape of what a step needs; policy is not asked here."""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cached_property
from typing import Any, Final

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from yilian.care.referral.models import Referral
from yilian.care.referral.queries.redirecting import redirect_targets
from yilian.care.referral.rules import reasons
from yilian.care.referral.rules.handover import FEEDBACKS, LONGEST
from yilian.care.referral.services.receiving import Place
from yilian.care.referral.services.sending import CONSENT_BY
from yilian.kernel.tier import Direction
from yilian.registry.directory.queries import departments_of
from yilian.registry.population.rules import RELATION_NAMES
from yilian.resources.reception.rules import DISPOSITION_NAMES, Disposition
from yilian.resources.scheduling.queries import free_places, free_slots
from yilian.resources.scheduling.rules import Quota

Choices = list[tuple[str, Any]]
PLACE_QUOTAS: Final = (Quota.REFERRAL, Quota.CONTRACT, Quota.OPEN)


def _choices(names: Mapping[Any, str]) -> Choices:
    return [(str(code), _(name)) for code, name in names.items()]


def _note(label: Any, *, required: bool = False, rows: int = 2) -> forms.CharField:
    widget = forms.Textarea({"rows": rows, "maxlength": 1000})
    return forms.CharField(
        label=label, required=required, max_length=1000, widget=widget
    )


class StepForm(forms.Form):
    """A form about one hop; `facts` are the keyword arguments of its service, which
    reads the hop itself: what was filled in well does not `read` it a second time."""

    def __init__(self, read: Callable[[], Referral], data: Any = None) -> None:
        self._read = read
        super().__init__(data)
        self.prepare()

    @cached_property
    def referral(self) -> Referral:
        return self._read()

    def prepare(self) -> None:
        """What the fields are; nothing more by default."""

    def offer(self) -> None:
        """Fill in what only the reader needs: asked of the database, so not in vain."""

    def facts(self) -> dict[str, Any]:
        return dict(self.cleaned_data)


class PlainForm(StepForm):
    pass


class NoteForm(StepForm):
    """For an outside destination: who answered, when, how."""

    note = _note(_("备注"))

    def offer(self) -> None:
        _ask_for_evidence(self)


class QuestionForm(StepForm):
    question = _note(_("需要补充什么"), required=True, rows=3)


class AnswerForm(StepForm):
    answer = _note(_("补充内容"), required=True, rows=3)


class _ReasonForm(StepForm):
    names: Mapping[str, str] = {}
    reason_code = forms.ChoiceField(label=_("原因"))
    note = _note(_("说明"))

    def prepare(self) -> None:
        field = self.fields["reason_code"]
        field.choices = [("", _("请选择")), *_choices(self.names)]  # type: ignore[attr-defined]


class DeclineForm(_ReasonForm):
    names = reasons.DECLINE_REASONS


class WithdrawForm(_ReasonForm):
    names = reasons.WITHDRAW_REASONS


class CancelForm(_ReasonForm):
    names = reasons.CANCEL_REASONS


class RefuseCancelForm(_ReasonForm):
    names = reasons.REFUSE_CANCEL_REASONS


class ErrorForm(_ReasonForm):
    names = reasons.ERROR_REASONS


class RedirectForm(_ReasonForm):
    names = reasons.REDIRECT_REASONS
    to_institution_id = forms.UUIDField(label=_("转荐到"), widget=forms.Select())

    field_order = ("to_institution_id", "reason_code", "note")

    def offer(self) -> None:
        widget = self.fields["to_institution_id"].widget
        known = [(str(key), name) for key, name in redirect_targets(self.referral)]
        widget.choices = [("", _("请选择")), *known]


class PlaceForm(StepForm):
    """Where the patient is to go: a bed, a slot, or just a time."""

    department_id = forms.UUIDField(
        label=_("科室"), widget=forms.Select(), required=False
    )
    place = forms.ChoiceField(
        label=_("安排"),
        widget=forms.RadioSelect,
        choices=[("bed", _("床位")), ("slot", _("号源")), ("time", _("仅约时间"))],
    )
    slot_id = forms.UUIDField(label=_("号源"), widget=forms.Select(), required=False)
    visit_at = forms.DateTimeField(
        label=_("到诊时间"),
        required=False,
        widget=forms.DateTimeInput({"type": "datetime-local"}, "%Y-%m-%dT%H:%M"),
    )
    note = _note(_("备注"))

    def offer(self) -> None:
        here = self.referral.to_institution_id
        departments = departments_of(here) if here else []
        now = timezone.now()
        free = free_places([line.id for line in departments], now)
        self.fields["department_id"].widget.choices = [
            ("", _("请选择")),
            *((str(d.id), _bed_words(d.name, free[d.id].beds)) for d in departments),
        ]
        chosen = self.referral.to_department_id
        if chosen is None:
            same = (d.id for d in departments if d.specialty == self.referral.specialty)
            chosen = next(same, None)
        slots = free_slots(chosen, PLACE_QUOTAS, now, 12) if chosen else []
        self.fields["slot_id"].widget.choices = [
            ("", _("请选择")),
            *((str(s.id), _slot_words(s.starts_at, s.doctor)) for s in slots),
        ]
        has_bed = chosen is not None and free[chosen].beds > 0
        wants_bed = self.referral.care_kind == reasons.CareKind.INPATIENT
        self.initial = {
            "department_id": chosen,
            "place": "bed" if wants_bed and has_bed else "slot" if slots else "time",
            "slot_id": slots[0].id if slots else None,
        }

    def clean(self) -> dict[str, Any]:
        facts = super().clean() or {}
        if facts.get("place") == "slot" and not facts.get("slot_id"):
            self.add_error("slot_id", _("请选择一个号源。"))
        if facts.get("place") == "time" and not facts.get("visit_at"):
            self.add_error("visit_at", _("请填写到诊时间。"))
        return facts

    def chosen(self) -> Place:
        facts = self.cleaned_data
        place = facts["place"]
        return Place(
            department_id=facts["department_id"],
            slot_id=facts["slot_id"] if place == "slot" else None,
            wants_bed=place == "bed",
            visit_at=facts["visit_at"] if place != "slot" else None,
        )

    def facts(self) -> dict[str, Any]:
        return {"place": self.chosen()}


class AcceptForm(PlaceForm):
    """As `PlaceForm`, but the place may be given later."""

    def prepare(self) -> None:
        later = ("later", _("先接收，稍后安排"))
        self.fields["place"].choices = [*self.fields["place"].choices, later]  # type: ignore[attr-defined]

    def offer(self) -> None:
        super().offer()
        _ask_for_evidence(self)
        is_stat = self.referral.urgency == reasons.Urgency.STAT
        if is_stat or self.referral.to_institution_id is None:
            self.initial["place"] = "later"

    def facts(self) -> dict[str, Any]:
        note = self.cleaned_data["note"]
        if self.cleaned_data["place"] == "later":
            department = self.cleaned_data["department_id"]
            return {"place": Place(department_id=department), "note": note}
        return {"place": self.chosen(), "note": note}


class DepartForm(StepForm):
    transport = forms.ChoiceField(
        label=_("交通方式"),
        required=False,
        choices=[
            ("", _("未说明")),
            ("ambulance", _("救护车")),
            ("own", _("自行前往")),
            ("hospital_car", _("医院派车")),
        ],
    )


class DeathForm(StepForm):
    died_at = forms.DateTimeField(
        label=_("死亡时间"),
        widget=forms.DateTimeInput({"type": "datetime-local"}, "%Y-%m-%dT%H:%M"),
    )
    note = _note(_("依据"), required=True)

    def clean_died_at(self) -> datetime:
        died_at: datetime = self.cleaned_data["died_at"]
        if died_at > timezone.now():
            raise forms.ValidationError(_("死亡时间不能晚于现在。"))
        return died_at


class SubmitForm(StepForm):
    consent_by = forms.ChoiceField(label=_("谁同意转诊"))

    def prepare(self) -> None:
        names: dict[str, Any] = {"self": _("患者本人")}
        names |= {str(code): _(words) for code, words in RELATION_NAMES.items()}
        choices = [(str(code), names[str(code)]) for code in CONSENT_BY]
        self.fields["consent_by"].choices = choices  # type: ignore[attr-defined]


class FinishForm(StepForm):
    disposition = forms.ChoiceField(
        label=_("离院方式"), choices=_choices(DISPOSITION_NAMES)
    )

    def facts(self) -> dict[str, Any]:
        return {"disposition": Disposition(self.cleaned_data["disposition"])}


class FeedbackForm(FinishForm):
    """The sections of a feedback; blank ones are named by the service."""

    def prepare(self) -> None:
        self.sections = FEEDBACKS[Direction(self.referral.direction)]
        for section in reversed(self.sections):
            widget = forms.Textarea({"rows": section.lines, "maxlength": LONGEST})
            field = forms.CharField(
                label=_(section.title),
                help_text=_(section.asked),
                required=section.is_required,
                max_length=LONGEST,
                widget=widget,
            )
            self.fields = {section.key: field} | self.fields

    def facts(self) -> dict[str, Any]:
        feedback = {s.key: self.cleaned_data[s.key] for s in self.sections}
        return {"feedback": feedback} | super().facts()


class AssignForm(StepForm):
    department_id = forms.UUIDField(label=_("科室"), widget=forms.Select())

    def prepare(self) -> None:
        here = self.referral.to_institution_id
        lines = departments_of(here) if here else []
        choices = [(str(line.id), line.name) for line in lines]
        self.fields["department_id"].widget.choices = choices
        self.initial = {"department_id": self.referral.to_department_id}


def _ask_for_evidence(form: StepForm) -> None:
    """The service refuses to go without."""
    if form.referral.to_institution_id is None:
        note = form.fields["note"]
        note.required = True
        note.help_text = _("外部机构没有接入：请写明谁、何时、如何答复。")


def _bed_words(name: str, beds: int) -> Any:
    return _("%(name)s（空床 %(beds)s）") % {"name": name, "beds": beds}


def _slot_words(starts_at: datetime, doctor: str) -> str:
    here = timezone.localtime(starts_at)
    return f"{here:%m-%d %H:%M} {doctor}".strip()
