"""`yilian check-settlements`: every settlement is counted again, every sum added up."""

from collections.abc import Callable
from itertools import chain

from yilian.insurance.settlement.queries.checking import check_all, check_sums

Say = Callable[[str], object]


def verify(area_code: str, say: Say) -> bool:
    """Whether all are what they were; each fault is told as it is found."""
    is_well = True
    for fault in chain(check_all(area_code), check_sums(area_code)):
        is_well = False
        say(f"{fault.number}: {fault.says}")
    if is_well:
        say("全部结算单复核一致。 Every settlement comes out the same.")
    return is_well
