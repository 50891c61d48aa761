"""What happens beside the stories: clocks that run, delays that are explained,
records opened in an emergency and looked at afterwards."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from functools import partial
from typing import Final
from uuid import UUID

from yilian.care.referral.models import Breach
from yilian.care.referral.rules.states import State
from yilian.care.referral.services import chasing, closing
from yilian.demo.loading.stage import Stage
from yilian.demo.loading.story import Story
from yilian.foundation.access.actor import Role
from yilian.kernel.calendar import CHINA
from yilian.registry.population import services as population
from yilian.resources.scheduling.services import expire_holds

_DAYS: Final = 95
_ROUND: Final = time(7, 10)
_EXPLAINED_AFTER: Final = timedelta(hours=20)
_UNEXPLAINED: Final = 0.35
_REASONS: Final = {
    "answer": ("no_bed", "waiting_specialist", "night_or_holiday", "not_seen"),
    "feedback": ("record_open", "report_pending", "still_treated"),
    "arrival": ("unreachable", "short_of_staff"),
    "follow_up": ("unreachable", "short_of_staff"),
}
_CLINIC: Final = (Role.REFERRAL_DESK, Role.PHYSICIAN)


@dataclass(frozen=True, slots=True)
class Opening:
    """An emergency opening so long ago, by the cast; reviewed hours later or not yet.

    All within a day: sight is granted from the moment at which it is written.
    """

    ago: timedelta
    username: str
    reason_code: str
    reason: str
    is_justified: bool | None = None
    note: str = ""


OPENINGS: Final = (
    Opening(timedelta(hours=22), "outside_doctor", "other",
            "路遇熟人家属咨询，查看既往用药。", False,
            "没有急救情形，不属于紧急调阅，已约谈本人并通报所在机构。"),
    Opening(timedelta(hours=19), "county_clinician", "unconscious",
            "急诊送入时意识不清，家属未到，需核对抗凝药和过敏史。", True,
            "急诊记录与调阅时间相符，理由成立。"),
    Opening(timedelta(hours=5), "tertiary_specialist", "life_threatening",
            "院外心脏骤停复苏后，需立即了解支架和用药情况。"),
    Opening(timedelta(minutes=100), "outside_doctor", "unconscious",
            "车祸昏迷患者，随身证件核实身份，需了解基础病和用药。"),
)  # fmt: skip


def put_on(stage: Stage, stories: Sequence[Story]) -> None:
    for back in range(_DAYS, -1, -2):
        day = stage.region.now.astimezone(CHINA).date() - timedelta(days=back)
        stage.later(datetime.combine(day, _ROUND, CHINA), partial(_round, stage))
    persons = _quiet(stories)
    for opening, person in zip(OPENINGS, persons, strict=False):
        at = stage.region.now - opening.ago
        stage.later(at, partial(_break_glass, stage, opening, person))


def _round(stage: Stage) -> None:
    """What the scheduler does every minute, here every other day (the ladders of the
    answers at their own moments: `acts.py`)."""
    closing.run_clocks()
    chasing.run_ladders()
    expire_holds()
    due_before = stage.now - _EXPLAINED_AFTER
    silent = Breach.objects.filter(reason_code="", due_at__lt=due_before)
    rows = silent.values_list("pk", "institution__code", "clock").order_by("pk")
    for breach_id, house, late in rows:
        if stage.rng.random() >= _UNEXPLAINED:
            _explain(stage, breach_id, house, late)


def _explain(stage: Stage, breach_id: UUID, house: str, late: str) -> None:
    actor = stage.somebody(house, _CLINIC)
    if actor is None:
        return
    reason = stage.rng.choice(_REASONS[late])
    act = partial(closing.explain_breach, actor, breach_id, reason_code=reason)
    stage.attempt(str(breach_id), "explain_breach", act)


def _quiet(stories: Sequence[Story]) -> list[UUID]:
    """Persons whose stories are over."""
    over = {State.WITHDRAWN, State.DECLINED, State.COMPLETED}
    return [one.plan.person for one in stories if one.plan.ends_in in over]


def _break_glass(stage: Stage, opening: Opening, person: UUID) -> None:
    actor = stage.cast(opening.username)

    def act() -> None:
        opened = population.break_glass(
            actor, person, reason_code=opening.reason_code, reason=opening.reason
        )
        if opening.is_justified is not None:
            review = partial(_review, stage, opening, opened.id)
            stage.later(stage.now + timedelta(hours=3), review)

    stage.attempt(opening.username, "break_glass", act)


def _review(stage: Stage, opening: Opening, break_glass_id: UUID) -> None:
    act = partial(
        population.review_break_glass,
        stage.cast("security_admin"),
        break_glass_id,
        is_justified=bool(opening.is_justified),
        note=opening.note,
    )
    stage.attempt(opening.username, "review_break_glass", act)
