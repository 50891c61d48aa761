"""Events survive the way through JSON."""

import json
from dataclasses import dataclass
from uuid import UUID

import pytest

from yilian.foundation.outbox import rules
from yilian.foundation.outbox.tests.events import Everything, everything
from yilian.kernel.event import Event


def test_every_plain_kind_of_field_comes_back_as_it_was() -> None:
    event = everything()
    body = json.loads(json.dumps(rules.to_body(event)))
    assert rules.from_body(Everything, body) == event


def test_a_field_added_later_has_its_default_for_old_rows() -> None:
    body = rules.to_body(everything())
    del body["said"]
    assert rules.from_body(Everything, body).said == "later added"


def test_a_field_that_is_not_plain_is_refused_when_it_is_announced() -> None:
    @dataclass(frozen=True)
    class Odd(Event):
        anything: object

    with pytest.raises(rules.NotPlain):
        rules.to_body(Odd(object()))


def test_a_failing_delivery_is_dead_within_three_minutes() -> None:
    waits = [rules.seconds_to_wait(n) for n in range(1, rules.MOST_TRIES)]
    assert waits == sorted(waits)
    assert 60 < sum(waits) < 180


def test_of_notices_for_the_same_pages_the_most_urgent_stands_for_all() -> None:
    here, there = UUID(int=1), UUID(int=2)
    said = [
        rules.LiveNotice("referral", here),
        rules.LiveNotice("referral", here, urgency="stat"),
        rules.LiveNotice("referral", here, urgency="urgent"),
        rules.LiveNotice("places", here),
        rules.LiveNotice("referral", there),
    ]
    assert rules.gathered(said) == [said[1], said[3], said[4]]
