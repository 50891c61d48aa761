"""Before the fact: about what a stay will cost with the referral and without it.

From the usual cost of the diagnosis group at the tier, by the person's own insurance
and what the year has used. The stay the patient lies in now is counted too, at its
own usual cost: it has begun the chain.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Final
from uuid import UUID

from yilian.foundation.access.actor import Actor
from yilian.foundation.parameters.queries import value_of
from yilian.insurance.settlement import policies
from yilian.insurance.settlement.models import Bill
from yilian.insurance.settlement.parameters import LEAST_CASES
from yilian.insurance.settlement.queries.casebook import (
    Casebook,
    as_covered,
    open_casebook,
    service_of,
    settle_all,
)
from yilian.insurance.settlement.queries.costs import CostLine, group_of, usual_cost
from yilian.insurance.settlement.rules.case import (
    REFERRAL_NAMES,
    CatalogClass,
    Kind,
    Line,
    Place,
    Referral,
)
from yilian.insurance.settlement.rules.deciding import Coming, decide
from yilian.insurance.settlement.rules.lines import kept
from yilian.insurance.settlement.rules.result import Settled
from yilian.insurance.settlement.rules.terms import TermsOf
from yilian.insurance.settlement.rules.trace import Step, steps_of
from yilian.kernel.calendar import CHINA
from yilian.kernel.errors import Conflict, NotFound
from yilian.kernel.ids import new_id
from yilian.kernel.money import MILLION, from_fen, to_fen
from yilian.kernel.text import _
from yilian.kernel.tier import Direction, Tier, direction
from yilian.registry.directory.models import Institution
from yilian.registry.population.models import Person
from yilian.registry.population.queries import sight_of, tags
from yilian.registry.population.rules import Scope
from yilian.resources.reception.queries import admission_of

_BY_DIRECTION: Final[Mapping[Direction, Referral]] = {
    Direction.UP: Referral.COMPLIANT_UP,
    Direction.DOWN: Referral.COMPLIANT_DOWN,
    Direction.SAME_TIER: Referral.COMPLIANT_SAME_TIER,
}


class NoEstimate(Conflict):
    """Nothing honest can be said; the words say why."""

    code = "no-estimate"


@dataclass(frozen=True, slots=True)
class Side:
    """One way of coming: what it gives, and the working a click away."""

    state: Referral
    state_name: str
    deductible: Decimal
    ratio: Decimal
    fund_pay: Decimal
    patient_pay: Decimal
    steps: list[Step]


@dataclass(frozen=True, slots=True)
class Estimate:
    """`saved` is what the referral spares the patient; `assumes_stay` says that the
    stay going on now was counted at its usual cost."""

    cost: CostLine
    with_referral: Side
    without_referral: Side
    saved: Decimal
    assumes_stay: bool
    ground: str
    day: date


def estimate(
    actor: Actor,
    *,
    person_id: UUID,
    diagnosis_code: str,
    from_institution_id: UUID | None,
    to_institution_id: UUID | None,
    day: date,
) -> Estimate:
    """For who sees the person. `to_institution_id` None: outside the region. Raises
    `NoEstimate` in words where the region has too few such cases."""
    ground = _require_sight(actor, person_id)
    source, target = _houses(from_institution_id, to_institution_id)
    place = Place(str(target.tier)) if target else Place.OUTSIDE
    cost = _cost(diagnosis_code, place, day)
    planned = _planned(person_id, diagnosis_code, target, cost, day)
    book = open_casebook(planned)
    if not any(as_covered(row).holds_on(day) for row in book.covers.values()):
        raise NoEstimate(_("这位居民现在没有参保记录，无法估算。"))
    assumes = _count_present_stay(book, diagnosis_code, source, day)
    if source is not None:
        book.sent_by[planned.id] = source.id
    state = _with(source, place)
    other = _without(book, planned, day)
    with_it, without = (
        settle_all(book, _states(book, planned, one))[planned.id].settled
        for one in (state, other)
    )
    spared = without.amount("patient_pay") - with_it.amount("patient_pay")
    return Estimate(
        cost=cost,
        with_referral=_side(with_it, state),
        without_referral=_side(without, other),
        saved=from_fen(spared),
        assumes_stay=assumes,
        ground=ground,
        day=day,
    )


def _require_sight(actor: Actor, person_id: UUID) -> str:
    """Whoever sees the person's summary, and the insurer that pays."""
    seen = sight_of(actor, person_id)
    if seen.scope >= Scope.SUMMARY and seen.ground is not None:
        return seen.ground.value
    if policies.is_insurer(actor):
        person = Person.objects.filter(
            pk=person_id, insured_area__startswith=actor.area_code
        )
        if person.exists():
            return "insurer"
    raise NotFound


def _houses(
    source_id: UUID | None, target_id: UUID | None
) -> tuple[Institution | None, Institution | None]:
    wanted = [one for one in (source_id, target_id) if one is not None]
    found = Institution.objects.filter(tier__isnull=False).in_bulk(wanted)
    if len(found) != len(set(wanted)):
        raise NotFound
    return (
        found[source_id] if source_id else None,
        found[target_id] if target_id else None,
    )


def _cost(diagnosis_code: str, place: Place, day: date) -> CostLine:
    cost = usual_cost(diagnosis_code, place)
    least = value_of(LEAST_CASES, day)
    if cost is None or cost.count < least:
        raise NoEstimate(
            _("本地同类病例（{group}）在这一级不足 {least} 例，暂不能估算。"),
            group=group_of(diagnosis_code),
            least=least,
        )
    return cost


def _planned(
    person_id: UUID,
    diagnosis_code: str,
    house: Institution | None,
    cost: CostLine,
    day: date,
) -> Bill:
    """A bill of the usual cost that nobody saves."""
    total = to_fen(cost.median)
    inside = int(total * cost.in_scope_share)
    lines = [Line(CatalogClass.A, inside), Line(CatalogClass.C, total - inside)]
    return Bill(
        id=new_id(),
        person_id=person_id,
        institution=house,
        place=cost.place.value,
        kind=Kind.INPATIENT.value,
        admitted_on=day,
        discharged_on=day,
        diagnosis_code=diagnosis_code,
        lines=[kept(line, {}) for line in lines],
        months=1,
    )


def _count_present_stay(
    book: Casebook, diagnosis_code: str, source: Institution | None, day: date
) -> bool:
    """The patient lies at the sender's: that stay is settled before the planned one."""
    if source is None or source.tier is None:
        return False
    admission = admission_of(book.person_id)
    if admission is None or admission.institution_id != source.id:
        return False
    cost = usual_cost(diagnosis_code, Place(source.tier))
    if cost is None:
        return False
    present = _planned(book.person_id, diagnosis_code, source, cost, day)
    present.admitted_on = min(admission.started_at.astimezone(CHINA).date(), day)
    book.bills[present.id] = present
    return True


def _states(book: Casebook, planned: Bill, state: Referral) -> dict[UUID, Referral]:
    """The stay going on now counts as first contact: how it came is not in question."""
    new = (one for one in book.bills if one not in book.live)
    return dict.fromkeys(new, Referral.FIRST_CONTACT) | {planned.id: state}


def _with(source: Institution | None, place: Place) -> Referral:
    if place is Place.OUTSIDE:
        return Referral.REMOTE_FILED
    if source is None or source.tier is None:
        return Referral.COMPLIANT_UP
    return _BY_DIRECTION[direction(Tier(source.tier), Tier(place.value))]


def _without(book: Casebook, planned: Bill, day: date) -> Referral:
    """As the insurer would take the same stay without any referral (RI-4, D4)."""
    cover = next(row for row in book.covers.values() if as_covered(row).holds_on(day))
    covered = as_covered(cover)
    born_on = Person.objects.values_list("born_on", flat=True).get(pk=book.person_id)
    terms = TermsOf(book.parameters(covered.area), covered.insured).on(day)
    decided = decide(
        Coming(
            service=service_of(planned, None, None),
            insured=replace(covered.insured, born_on=born_on),
            terms=terms,
            diagnosis=planned.diagnosis_code,
            has_remote_filing=cover.has_remote_filing,
            tags=frozenset(tag.value for tag in tags(book.person_id, day)),
            exemptions=frozenset(terms.in_force.value("exemptions")),
        )
    )
    return decided.state


def _side(settled: Settled, state: Referral) -> Side:
    return Side(
        state=state,
        state_name=REFERRAL_NAMES[state],
        deductible=from_fen(settled.amount("deductible_absorbed")),
        ratio=Decimal(settled.ratio) / MILLION,
        fund_pay=from_fen(settled.fund_pay),
        patient_pay=from_fen(settled.amount("patient_pay")),
        steps=[step for _year, step in steps_of(settled)],
    )
