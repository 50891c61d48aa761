from collections import Counter
from datetime import datetime
from itertools import islice

from yilian.demo.world.build import Region, region
from yilian.demo.world.institutions.build import by_code
from yilian.resources.scheduling.rules import Quota


def test_the_same_seed_gives_the_same_region(now: datetime) -> None:
    one, other = region(150, seed=3, now=now), region(150, seed=3, now=now)
    assert one == other
    assert list(islice(one.entries(), 800)) == list(islice(other.entries(), 800))


def test_another_seed_gives_other_people_in_the_same_houses(now: datetime) -> None:
    one, other = region(150, seed=3, now=now), region(150, seed=4, now=now)
    assert one.institutions == other.institutions
    assert one.population != other.population
    assert one.referrals != other.referrals


def test_beds_are_labelled_once_and_partly_reserved(world: Region) -> None:
    beds = list(world.beds())
    labels = [(bed.institution, bed.department, bed.label) for bed in beds]
    assert len(labels) == len(set(labels))
    assert {bed.quota for bed in beds} == set(Quota)
    for bed in beds:
        assert by_code()[bed.institution].department(bed.department)


def test_slots_are_open_from_today_on_and_partly_reserved(world: Region) -> None:
    slots = list(world.slots())
    assert len({slot.id for slot in slots}) == len(slots)
    assert all(slot.starts_at.date() >= world.now.date() for slot in slots)
    quotas = Counter(slot.quota for slot in slots)
    assert quotas[Quota.REFERRAL] >= quotas[Quota.OPEN] > quotas[Quota.CONTRACT] > 0
    assert any(slot.institution == "640121-A1" for slot in slots)
