"""What others ask of money: `use.daily_use` for budgets, `listing` for pages,
`detail.settlement_detail`, `estimating.estimate`, `costs`, `checking.check`."""

from yilian.insurance.settlement.queries.checking import check, check_all
from yilian.insurance.settlement.queries.costs import usual_cost, usual_costs
from yilian.insurance.settlement.queries.detail import settlement_detail
from yilian.insurance.settlement.queries.estimating import Estimate, estimate
from yilian.insurance.settlement.queries.listing import (
    Wanted,
    filings,
    settlements,
    waiting_bills,
)
from yilian.insurance.settlement.queries.use import UseLine, daily_use

__all__ = [
    "Estimate",
    "UseLine",
    "Wanted",
    "check",
    "check_all",
    "daily_use",
    "estimate",
    "filings",
    "settlement_detail",
    "settlements",
    "usual_cost",
    "usual_costs",
    "waiting_bills",
]
