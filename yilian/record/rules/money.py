"""Which resources are money; migration 0005 has the same list."""

from typing import Final

MONEY: Final = frozenset({
    "Account", "ChargeItem", "Claim", "ClaimResponse", "Coverage",
    "CoverageEligibilityRequest", "CoverageEligibilityResponse",
    "ExplanationOfBenefit", "Invoice", "PaymentNotice", "PaymentReconciliation",
})  # fmt: skip
