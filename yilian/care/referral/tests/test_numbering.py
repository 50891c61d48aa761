"""A number is drawn, and drawn again where another referral bears it."""

import secrets

import pytest

from yilian.care.referral.models import Referral
from yilian.care.referral.services import drafting
from yilian.care.referral.tests import world as region
from yilian.care.referral.tests.world import World
from yilian.foundation.audit.models import AuditEntry
from yilian.kernel.ids import new_id


def test_a_number_that_is_taken_is_drawn_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = iter("AAAAAA" + "AAAAAA" + "CCCCCC")
    monkeypatch.setattr(secrets, "choice", lambda _of: next(drawn))
    told = region.sheet(world.county)
    made = [
        drafting.draft(
            world.township.doctor, key=new_id(), person_id=world.resident.id, sheet=told
        )
        for _ in range(2)
    ]
    numbers = [hop.number.split("-")[1] for hop in made]
    assert numbers == ["AAAAAA", "CCCCCC"]
    assert Referral.objects.count() == 2
    assert AuditEntry.objects.filter(action="referral.draft").count() == 2
