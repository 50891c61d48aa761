"""Taking a bill in: everything wrong with it is said now, at its field."""

from datetime import timedelta
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from yilian.care.referral.models import Referral
from yilian.foundation.access.actor import Actor, Reach
from yilian.foundation.access.composed import Composed, Insertion
from yilian.foundation.access.database import one_at_a_time
from yilian.foundation.access.scope import require
from yilian.foundation.audit.services import record
from yilian.foundation.idempotency.services import once
from yilian.foundation.outbox.services import publish
from yilian.insurance.policy.rules.releases import NoParametersInForce
from yilian.insurance.settlement import policies
from yilian.insurance.settlement.events import BillPosted
from yilian.insurance.settlement.models import Bill, Coverage
from yilian.insurance.settlement.queries.casebook import as_covered, coverages_of
from yilian.insurance.settlement.queries.parameters import line_of
from yilian.insurance.settlement.rules.automatic import Hold, Scope
from yilian.insurance.settlement.rules.case import (
    Case,
    CaseWrong,
    Kind,
    Place,
    Service,
)
from yilian.insurance.settlement.rules.lines import kept
from yilian.insurance.settlement.rules.posting import (
    BillFacts,
    BillWrong,
    Checked,
    as_bill_wrong,
    check,
)
from yilian.insurance.settlement.rules.settle import settle
from yilian.insurance.settlement.services.automatic import (
    asks_a_person,
    hold,
    scope_of,
)
from yilian.insurance.settlement.services.recording import keep_claim
from yilian.insurance.settlement.services.writing import write
from yilian.kernel.calendar import local_day, start_of_day
from yilian.kernel.errors import Conflict, NotFound
from yilian.kernel.ids import new_id
from yilian.kernel.money import from_fen
from yilian.kernel.text import _
from yilian.registry.directory.models import Institution
from yilian.registry.population.models import Grant, Person
from yilian.resources.reception.models import Encounter

_MARGIN: Final = timedelta(days=1)  # an arrival is registered a little off
_WHO: Final = _("费用单据由就诊机构的医保财务人员上传，区外就医由参保地医保录入。")


class NumberTaken(Conflict):
    code = "bill-number-taken"


@transaction.atomic
def post_bill(actor: Actor, *, key: UUID, facts: BillFacts) -> Bill:
    """Kept as it was sent; the same key gives the same bill."""
    house = _house(actor, facts)
    require(policies.can_post_for(actor, house.id if house else None), _WHO)

    made: list[Bill] = []

    def make() -> UUID:
        made.append(_post(actor, house, facts))
        return made[0].id

    bill_id = once(actor, key, "settlement.post_bill", make)
    return made[0] if made else Bill.objects.get(id=bill_id)


def _house(actor: Actor, facts: BillFacts) -> Institution | None:
    """A house posts its own bills; only the system says whose."""
    house_id = facts.institution_id
    if policies.is_finance(actor) and house_id is None:
        house_id = actor.institution_id
    if house_id is None:
        return None
    found = _HOUSE.ask(house_id=house_id)
    if not found:
        raise BillWrong("institution_id", _("没有这家医疗机构。"))
    return found[0]


_HOUSE: Final = Composed(
    lambda house_id: Institution.objects.filter(pk=house_id, tier__isnull=False)
)
_BILL: Final = Insertion(Bill)


def _post(actor: Actor, house: Institution | None, facts: BillFacts) -> Bill:
    now = timezone.now()
    place = Place(str(house.tier)) if house else Place.OUTSIDE
    checked = check(facts, place=place, today=local_day(now))
    if house is None and not checked.texts["outside_name"]:
        raise BillWrong("outside_name", _("请写明区外就诊机构的名称。"))
    _require_person(actor, house, facts)
    coverage = _coverage(actor, facts, checked.service)
    _require_settleable(checked.service, coverage)
    _require_new_number(house, checked)
    bill = Bill(
        id=new_id(),
        person_id=facts.person_id,
        institution=house,
        insured_area=coverage.area_code,
        follows=_follows(facts, checked.service),
        encounter=_encounter(house, facts),
        place=place.value,
        posted_at=now,
        posted_by_id=actor.account_id,
        **_said(checked, is_outside=house is None),
    )
    bill.referral = _referral(bill, facts)
    why = _look_ahead(bill, coverage)
    write(_BILL, [bill])
    if why is not None:
        hold(bill, why)
    keep_claim(actor, bill, coverage.id)
    _tell(actor, bill)
    return bill


def _look_ahead(bill: Bill, coverage: Coverage) -> Hold | None:
    """Whether it will settle itself; if the region lets it, and why it does not."""
    scope = scope_of(bill.insured_area, bill.posted_at)
    if scope is Scope.OFF:
        return None
    why = asks_a_person(bill, coverage, scope)
    bill.settles_itself = why is None
    return why


def _said(checked: Checked, *, is_outside: bool) -> dict[str, object]:
    service, texts = checked.service, dict(checked.texts)
    if not is_outside:
        texts["outside_name"] = ""
    return texts | {
        "kind": service.kind.value,
        "scheme": service.scheme.value,
        "disease": service.disease or "",
        "months": service.months,
        "admitted_on": service.admitted_on,
        "discharged_on": service.discharged_on,
        "lines": [
            kept(line, besides)
            for line, besides in zip(service.lines, checked.besides, strict=True)
        ],
        "total": from_fen(sum(line.amount for line in service.lines)),
    }


def _require_person(actor: Actor, house: Institution | None, facts: BillFacts) -> None:
    """Somebody the house has to do with; else it is as if nobody were there."""
    if house is None or actor.reach is Reach.SYSTEM:
        if not Person.objects.filter(pk=facts.person_id).exists():
            raise NotFound
        return
    if Grant.objects.filter(person=facts.person_id, institution=house.id).exists():
        return
    if not Encounter.objects.filter(
        person=facts.person_id, institution=house.id
    ).exists():
        raise NotFound


def _coverage(actor: Actor, facts: BillFacts, service: Service) -> Coverage:
    day = service.discharged_on
    rows = coverages_of(facts.person_id).values()
    coverage = next((row for row in rows if day in row.period), None)
    if coverage is None:
        raise BillWrong(
            "discharged_on", _("{day} 没有有效的参保记录，不能按医保结算。"), day=day
        )
    is_by_hand = policies.is_insurer(actor)
    if is_by_hand and not policies.answers_for(actor, coverage.area_code):
        raise NotFound
    return coverage


def _require_settleable(service: Service, coverage: Coverage) -> None:
    """By the rules themselves: a scheme the person does not have, a tier without
    such care, a day before the first parameters are refused here, not at the desk."""
    covered = as_covered(coverage)
    try:
        parameters = line_of(covered.area).parameters
        settle(Case("bill", covered.insured, [service]), parameters)
    except CaseWrong as error:
        raise as_bill_wrong(error) from None
    except NoParametersInForce as error:
        raise BillWrong(
            "admitted_on", error.text.template, **error.text.values
        ) from None


def _require_new_number(house: Institution | None, checked: Checked) -> None:
    number, outside = checked.texts["number"], checked.texts["outside_name"]
    one_at_a_time(f"bill:{house.id if house else outside}:{number}")
    where = Q(institution=house) if house else Q(institution=None, outside_name=outside)
    if Bill.objects.filter(where, number=number, voided_at=None).exists():
        raise NumberTaken(
            _("单据号 {number} 已经上传过；如原单据有误，请先撤回或作废。"),
            number=number,
        )


def _follows(facts: BillFacts, service: Service) -> UUID | None:
    if facts.follows is None:
        return None
    rows = Bill.objects.filter(person=facts.person_id, id=facts.follows)
    before = rows.first()
    if before is None:
        raise BillWrong("follows", _("没有这位参保人的这张前次单据。"))
    if service.kind is not Kind.INPATIENT or before.kind != Kind.INPATIENT:
        raise BillWrong("follows", _("只有住院与住院才能前后相连。"))
    if service.admitted_on < before.discharged_on:
        raise BillWrong(
            "follows",
            _("入院早于前一次住院的出院：{day}"),
            day=before.discharged_on,
        )
    return before.id


def _encounter(house: Institution | None, facts: BillFacts) -> Encounter | None:
    if facts.encounter_id is None:
        return None
    rows = Encounter.objects.filter(
        pk=facts.encounter_id, person=facts.person_id, institution=house
    )
    found = rows.first()
    if found is None:
        raise BillWrong("encounter_id", _("没有这次就诊记录。"))
    return found


def _referral(bill: Bill, facts: BillFacts) -> Referral | None:
    """What the house says, else what the encounter came on, else what arrived."""
    own = Referral.objects.filter(person=bill.person_id)
    named = facts.referral_id or (
        bill.encounter.referral_id if bill.encounter else None
    )
    if named is not None:
        found = own.filter(pk=named).first()
        if found is None and facts.referral_id is not None:
            raise BillWrong("referral_id", _("没有这位参保人的这张转诊单。"))
        return found
    if bill.kind != Kind.INPATIENT or bill.institution is None:
        return None
    first = start_of_day(bill.admitted_on - _MARGIN)
    last = start_of_day(bill.discharged_on + _MARGIN)
    arrived = own.filter(
        to_institution=bill.institution, arrived_at__gte=first, arrived_at__lt=last
    )
    return arrived.order_by("-arrived_at").first()


def _tell(actor: Actor, bill: Bill) -> None:
    publish(
        BillPosted(bill.id, bill.person_id, bill.institution_id, bill.insured_area),
        person_id=bill.person_id,
    )
    record(
        actor,
        "settlement.post_bill",
        object_kind="bill",
        object_id=bill.id,
        person_id=bill.person_id,
        detail={"kind": bill.kind, "lines": len(bill.lines)},
    )
