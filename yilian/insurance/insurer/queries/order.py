"""What is said to the insurer of a transaction: no name, no number of a person."""

from yilian.insurance.insurer.models import AMOUNTS, Transaction
from yilian.insurance.insurer.ports import Order
from yilian.insurance.insurer.rules import messages

_NAMES = dict(zip(messages.AMOUNTS, AMOUNTS, strict=True))


def order_of(row: Transaction) -> Order:
    original = row.reverses
    return Order(
        serial=row.serial,
        institution=row.institution_code,
        number=row.number,
        insured=row.person_id,
        area=row.insured_area,
        day=row.booked_on,
        amounts={name: getattr(row, column) for name, column in _NAMES.items()},
        reverses=original.serial if original else "",
    )
