"""`yilian check-settlements`: every settlement is counted again."""

from collections.abc import Callable

from yilian.insurance.settlement.queries.checking import check_all

Say = Callable[[str], object]


def verify(area_code: str, say: Say) -> bool:
    """Whether all are what they were; each fault is told as it is found."""
    is_well = True
    for fault in check_all(area_code):
        is_well = False
        say(f"{fault.number}: {fault.says}")
    if is_well:
        say("全部结算单复核一致。 Every settlement comes out the same.")
    return is_well
