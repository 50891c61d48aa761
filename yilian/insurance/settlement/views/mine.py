"""我的医保: a resident's year, and of those they stand for, in plain words."""

from typing import Any, Final
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from yilian.foundation.access.actor import Reach
from yilian.foundation.access.middleware import ActorRequest
from yilian.foundation.access.scope import require
from yilian.foundation.access.views import signed_in
from yilian.insurance.settlement.queries.mine import my_year
from yilian.insurance.settlement.services.looking import note_look
from yilian.kernel.text import _
from yilian.registry.population.queries import cards

_WHO: Final = _("这一页给居民本人和代办人看。")
_FIRST_YEAR: Final = 2000
LEFTS: Final = {
    "serious": (
        _("大病保险"), _("今年合规自付累计"), _("再自付 {left} 元后，大病保险开始支付"),
        _("已达到大病保险起付线，之后的合规自付由大病保险分段支付"),
    ),
    "ceiling": (
        _("住院统筹"), _("今年统筹基金已支付"), _("今年还可支付 {left} 元"),
        _("今年已到封顶线"),
    ),
    "visits": (
        _("普通门诊"), _("今年门诊已报销"), _("今年门诊还可报销 {left} 元"),
        _("今年门诊额度已用完"),
    ),
}  # fmt: skip


@signed_in
@require_GET
def mine(request: ActorRequest) -> HttpResponse:
    require(request.actor.reach is Reach.SELF, _WHO)
    persons = sorted(request.actor.person_ids)
    today = timezone.localdate()
    chosen = _person(request, persons)
    year = _year(request.GET.get("year", ""), today.year)
    context: dict[str, Any] = {"found": None, "lefts": LEFTS, "people": []}
    if chosen is not None:
        context["found"] = my_year(request.actor, chosen, year, today)
        note_look(request.actor, "mine", [chosen])
    if len(persons) > 1:
        known = cards(request.actor, persons)
        context["people"] = [
            (known[one].name, f"?person={one}", one == chosen, None) for one in persons
        ]
    return render(request, "settlement/mine.html", context)


def _person(request: ActorRequest, persons: list[UUID]) -> UUID | None:
    asked = request.GET.get("person", "")
    return next(
        (one for one in persons if str(one) == asked), persons[0] if persons else None
    )


def _year(raw: str, this_year: int) -> int:
    if not (raw.isascii() and raw.isdigit()):
        return this_year
    return min(max(int(raw[:4]), _FIRST_YEAR), this_year)
