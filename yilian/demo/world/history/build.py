"""A person's two years, gathered; people who died stop being seen.

Nobody of the cast's household (0) is in hospital: their story is yet to come.
"""

from collections.abc import Iterable, Iterator
from datetime import date, timedelta

from yilian.demo.world.chance import stream
from yilian.demo.world.history import chronic, minor, stays
from yilian.demo.world.history.model import History
from yilian.demo.world.history.pen import CHINA, Pen
from yilian.demo.world.people.model import Resident


def histories(
    residents: Iterable[Resident], seed: int, today: date
) -> Iterator[History]:
    """One for each, in the same order."""
    for resident in residents:
        yield history(resident, seed, today)


def history(resident: Resident, seed: int, today: date) -> History:
    """A person's history is the same, however many others there are."""
    pen = Pen(stream(seed, "history", resident.id), resident, today)
    if resident.likely_same_as is None:
        chronic.tell(pen)
        stays.tell(pen)
        if resident.died_at is None and resident.household:
            stays.tell_present(pen)
    minor.tell(pen)
    first, last = _lifetime(resident, today)
    return History(
        person=resident.id,
        problems=tuple(one for one in pen.problems if one.since <= last),
        visits=tuple(
            sorted(
                (
                    one
                    for one in pen.visits
                    if first <= one.starts_at.date()
                    and (one.ends_at or one.starts_at).date() <= last
                ),
                key=lambda visit: visit.starts_at,
            )
        ),
        prescriptions=tuple(
            one for one in pen.prescriptions if first <= one.starts_on <= last
        ),
    )


def _lifetime(resident: Resident, today: date) -> tuple[date, date]:
    if resident.died_at is None:
        return resident.born_on, today
    died_on = resident.died_at.astimezone(CHINA).date()
    return resident.born_on, died_on - timedelta(days=1)
