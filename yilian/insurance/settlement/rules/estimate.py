"""Before the fact: what a stay would cost with the referral and without it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from yilian.insurance.policy.rules.sets import ParameterSet
from yilian.insurance.settlement.rules.case import (
    REMOTE,
    Case,
    Place,
    Referral,
    Service,
)
from yilian.insurance.settlement.rules.result import Settled
from yilian.insurance.settlement.rules.settle import settle
from yilian.kernel.money import Fen


@dataclass(frozen=True, slots=True)
class Estimate:
    with_referral: Settled
    without_referral: Settled

    @property
    def saved(self) -> Fen:
        """What the referral spares the patient."""
        return self.without_referral.amount("patient_pay") - self.with_referral.amount(
            "patient_pay"
        )


def estimate(case: Case, planned: Service, parameters: ParameterSet) -> Estimate:
    """`planned` is the stay as the referral would make it; the case is what was."""
    without = replace(planned, referral=without_referral(planned), follows=None)
    return Estimate(
        _last_of(case, planned, parameters), _last_of(case, without, parameters)
    )


def without_referral(service: Service) -> Referral:
    is_remote = service.place is Place.OUTSIDE or service.referral in REMOTE
    return Referral.REMOTE_UNFILED if is_remote else Referral.NON_COMPLIANT


def _last_of(case: Case, planned: Service, parameters: ParameterSet) -> Settled:
    services: Sequence[Service] = (*case.services, planned)
    return settle(replace(case, services=services), parameters).services[-1]
