"""How a stay came, decided when it is first settled."""

from dataclasses import replace
from datetime import date, datetime
from typing import Final
from uuid import UUID

from yilian.care.referral.models import Referral
from yilian.foundation.access.actor import Actor
from yilian.foundation.access.composed import Composed
from yilian.insurance.settlement.models import Bill, Coverage, Decision
from yilian.insurance.settlement.queries.casebook import (
    Casebook,
    as_covered,
    service_of,
)
from yilian.insurance.settlement.rules.case import Kind
from yilian.insurance.settlement.rules.deciding import Coming, Decided, Hop, decide
from yilian.insurance.settlement.rules.terms import TermsOf
from yilian.kernel.ids import new_id
from yilian.registry.consortium.queries import patient_consortia
from yilian.registry.population.models import Person
from yilian.registry.population.queries import tags


def decide_first(
    actor: Actor, book: Casebook, bill: Bill, coverage: Coverage, now: datetime
) -> Decision | None:
    """In force at once, by rule; None for a visit and for what is decided already."""
    if bill.kind != Kind.INPATIENT or bill.id in book.decisions:
        return None
    decided = decided_for(book, bill, coverage)
    decision = unsaved_decision(bill, decided, at=now, by=actor.account_id)
    book.decisions[bill.id] = decision
    return decision


def decided_for(book: Casebook, bill: Bill, coverage: Coverage) -> Decided:
    [person] = _PERSON.ask(person_id=bill.person_id)
    return decided_by(
        book,
        bill,
        coverage,
        born_on=person.born_on,
        held=frozenset(tag.value for tag in tags(bill.person_id, bill.admitted_on)),
        hop=hop_of(bill, bill.referral) if bill.referral else None,
    )


_PERSON: Final = Composed(
    lambda person_id: Person.objects.filter(pk=person_id).only("born_on")
)


def decided_by(
    book: Casebook,
    bill: Bill,
    coverage: Coverage,
    *,
    born_on: date | None,
    held: frozenset[str],
    hop: Hop | None,
) -> Decided:
    """`held` are the tags of the person on the day of admission."""
    covered = as_covered(coverage)
    terms = TermsOf(book.parameters(covered.area), covered.insured)
    now = terms.on(bill.discharged_on)
    return decide(
        Coming(
            service=service_of(bill, None, None),
            insured=replace(covered.insured, born_on=born_on),
            terms=now,
            hop=hop,
            diagnosis=bill.diagnosis_code,
            has_remote_filing=coverage.has_remote_filing,
            tags=held,
            exemptions=frozenset(now.in_force.value("exemptions")),
        )
    )


def unsaved_decision(
    bill: Bill, decided: Decided, *, at: datetime, by: UUID | None
) -> Decision:
    return Decision(
        id=new_id(),
        person_id=bill.person_id,
        bill_id=bill.id,
        source=decided.source.value,
        referral_state=decided.state.value,
        reasons=decided.reasons_as_json(),
        referral_id=bill.referral_id,
        decided_at=at,
        decided_by_id=by,
    )


def hop_of(bill: Bill, referral: Referral) -> Hop:
    return Hop(
        verdict=str(referral.verdict.get("verdict", "")),
        checks=referral.verdict.get("checks", ()),
        leads_here=_leads_to(referral, bill),
    )


def _leads_to(referral: Referral, bill: Bill) -> bool:
    """To this house, or to one of the same tier in the same consortium (RI-4)."""
    meant = referral.to_institution
    if bill.institution is None or meant is None:
        return bill.institution is None and meant is None
    if meant.id == bill.institution.id:
        return True
    if meant.tier != bill.institution.tier:
        return False
    shared = patient_consortia(meant.id, [bill.institution.id], bill.admitted_on)
    return bool(shared.get(bill.institution.id))
