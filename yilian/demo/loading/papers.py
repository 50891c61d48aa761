"""Papers for a few referrals, the cast's first, so that the pages show some: added
by the sender between the draft and its first step."""

import io
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from itertools import islice
from random import Random
from typing import Final
from uuid import UUID

from yilian.care.referral.rules.attachments import PaperKind, Part
from yilian.care.referral.services import attaching
from yilian.demo.loading.stage import Stage
from yilian.demo.loading.story import Story
from yilian.demo.world.chance import stream
from yilian.demo.world.papers.ecg import ecg
from yilian.demo.world.papers.sheet import Sheet, pdf
from yilian.kernel.ids import new_id
from yilian.kernel.tier import Direction

MOST: Final = 12
_CASTS: Final = "C"  # how the keys of the cast's scenes begin
_AFTER: Final = timedelta(minutes=1)
_SUGAR: Final = re.compile(r"血糖(\d+\.\d)")


@dataclass(frozen=True, slots=True)
class Given:
    """Who the paper is of, and where it was made."""

    story: Story
    name: str
    rng: Random

    @property
    def house(self) -> str:
        return self.story.sender.short_name

    @property
    def facts(self) -> list[str]:
        day = self.story.plan.drafted_at.date()
        return [f"姓名：{self.name}", f"诊断：{self.story.plan.diagnosis_name}",
                f"日期：{day:%Y-%m-%d}"]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Kind:
    kind: PaperKind
    title: str
    ending: str
    make: Callable[[Given], bytes]


def put_on(stage: Stage, stories: Sequence[Story]) -> None:
    ours = [one for one in stories if one.key.startswith(_CASTS)]
    others = [one for one in stories if not one.key.startswith(_CASTS)]
    chosen = list(islice(_with_room(stage, [*ours, *others]), MOST))
    names = _names(stage, {story.plan.person for story, _kind in chosen})
    for story, kind in chosen:
        rng = stream(stage.region.seed, "paper", story.key)
        given = Given(story, names[story.plan.person], rng)
        at = story.plan.drafted_at + _AFTER
        stage.later(at, partial(_attach, stage, given, kind))


def _with_room(stage: Stage, stories: Iterable[Story]) -> Iterator[tuple[Story, Kind]]:
    """Told until now, and with a moment before the first step."""
    for story in stories:
        plan, kind = story.plan, _fitting(story)
        first = plan.steps[0].at if plan.steps else stage.region.now
        is_time = plan.drafted_at + _AFTER < min(first, stage.region.now)
        if kind is not None and story.before is None and is_time:
            yield story, kind


def _fitting(story: Story) -> Kind | None:
    plan = story.plan
    if plan.direction is Direction.DOWN:
        return _SUMMARY
    if plan.diagnosis_code.startswith("I2"):
        return _ACUTE
    if plan.specialty == "cardiology":
        return _CALM
    return _BLOOD if plan.diagnosis_code.startswith("E1") else None


def _names(stage: Stage, persons: set[UUID]) -> dict[UUID, str]:
    everybody = stage.region.population.residents
    return {one.id: one.name for one in everybody if one.id in persons}


def _attach(stage: Stage, given: Given, kind: Kind) -> None:
    referral_id = given.story.referral_id
    if referral_id is None:
        return
    data = kind.make(given)
    paper = attaching.Paper(
        part=Part.HANDOVER,
        kind=kind.kind,
        title=kind.title,
        name=f"{kind.title}{kind.ending}",
        size=len(data),
        source=io.BytesIO(data),
    )
    actor = stage.actor(given.story.sender_post)
    act = partial(attaching.attach, actor, referral_id, paper, key=new_id())
    stage.attempt(given.story.key, "attach", act)


def _calm(given: Given) -> bytes:
    return ecg(given.rng, is_acute=False)


def _acute(given: Given) -> bytes:
    return ecg(given.rng, is_acute=True)


def _blood(given: Given) -> bytes:
    told = _SUGAR.search(given.story.plan.content.get("results", ""))
    sugar = told[1] if told else f"{given.rng.uniform(9, 14):.1f}"
    rows = [
        ("项目", "结果", "单位", "参考范围"),
        ("空腹血糖", f"{sugar} ↑", "mmol/L", "3.9–6.1"),
        ("糖化血红蛋白", "9.1 ↑", "%", "4.0–6.0"),
        ("肌酐", f"{given.rng.randrange(58, 92)}", "μmol/L", "41–111"),
        ("尿酮体", "阴性", "", "阴性"),
    ]
    return pdf(
        Sheet(given.house, "检验报告单", given.facts, rows, signed="检验科（演示）")
    )


def _summary(given: Given) -> bytes:
    content = given.story.plan.content
    words = [
        f"{title}：{content[key]}".replace("\n", "；")
        for key, title in _SECTIONS
        if content.get(key)
    ]
    return pdf(
        Sheet(given.house, "出院小结", given.facts, words=words, signed="医师（演示）")
    )


_SECTIONS: Final = (
    ("discharge_summary", "住院经过"),
    ("drugs", "出院用药"),
    ("targets", "控制目标"),
    ("warning_signs", "再次上转的征象"),
)
_CALM: Final = Kind(PaperKind.REPORT, "十二导联心电图", ".png", _calm)
_ACUTE: Final = Kind(PaperKind.REPORT, "急诊心电图（V1–V4 抬高）", ".png", _acute)
_BLOOD: Final = Kind(PaperKind.REPORT, "血糖检验报告单", ".pdf", _blood)
_SUMMARY: Final = Kind(PaperKind.DISCHARGE, "出院小结", ".pdf", _summary)
