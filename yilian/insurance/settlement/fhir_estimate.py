"""An estimate as a CoverageEligibilityResponse. Pure mapping.

Two items: the stay with a referral, the same stay without one.
"""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from yilian.insurance.settlement.fhir import (
    AMOUNT,
    REFERRAL,
    cny,
    coded,
    patient,
)
from yilian.insurance.settlement.queries.estimating import Estimate, Side
from yilian.kernel.text import _

NAMES: Final = {
    "deductible": _("起付线"),
    "fund_pay": _("基金支付"),
    "patient_pay": _("个人负担"),
}


def response(
    key: UUID, person_id: UUID, found: Estimate, at: datetime
) -> dict[str, Any]:
    sides = (
        (_("经转诊"), found.with_referral),
        (_("不经转诊"), found.without_referral),
    )
    return _frame(key, person_id, at) | {
        "outcome": "complete",
        "disposition": _("按本地同类病例的通常费用估算，以实际结算为准"),
        "insurance": [
            {
                "coverage": {"display": _("参保记录")},
                "inforce": True,
                "item": [_item(words, side) for words, side in sides],
            }
        ],
    }


def refusal(key: UUID, person_id: UUID, words: str, at: datetime) -> dict[str, Any]:
    return _frame(key, person_id, at) | {
        "outcome": "error",
        "disposition": words,
        "error": [{"code": {"text": words}}],
    }


def _frame(key: UUID, person_id: UUID, at: datetime) -> dict[str, Any]:
    return {
        "resourceType": "CoverageEligibilityResponse",
        "id": str(key),
        "status": "active",
        "purpose": ["benefits"],
        "patient": patient(person_id),
        "created": at.isoformat(),
        "request": {"reference": f"CoverageEligibilityRequest/{key}"},
        "insurer": {"display": _("参保地医保")},
    }


def _item(words: str, side: Side) -> dict[str, Any]:
    return {
        "category": coded(REFERRAL, side.state.value, side.state_name),
        "name": words,
        "description": f"{_('报销比例')} {side.ratio}",
        "benefit": list(_benefits(side)),
    }


def _benefits(side: Side) -> Iterator[dict[str, Any]]:
    for name, words in NAMES.items():
        amount: Decimal = getattr(side, name)
        yield {"type": coded(AMOUNT, name, words), "allowedMoney": cny(amount)}
