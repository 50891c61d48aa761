"""Who may do what with money, as a matrix."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

import pytest

from yilian.foundation.access.actor import Actor, Reach, Role
from yilian.insurance.settlement import policies
from yilian.insurance.settlement.models import Bill, Decision, Filing, Settlement
from yilian.insurance.settlement.models_deciding import Anomaly
from yilian.kernel.ids import new_id

HOUSE, OTHER, PERSON = new_id(), new_id(), new_id()
_STAFF = Actor(new_id(), Reach.INSTITUTION, institution_id=HOUSE)
_OFFICE = Actor(new_id(), Reach.AREA, frozenset({Role.FINANCE}), area_code="6401")
ACTORS = {
    "clerk": Actor(new_id(), Reach.AREA, frozenset({Role.INSURER}), area_code="6401"),
    "clerk elsewhere": Actor(
        new_id(), Reach.AREA, frozenset({Role.INSURER}), area_code="6404"
    ),
    "region": Actor(new_id(), Reach.AREA, frozenset({Role.INSURER}), area_code="64"),
    "finance": replace(_OFFICE, institution_id=HOUSE),
    "finance elsewhere": replace(_OFFICE, institution_id=OTHER),
    "physician": replace(_STAFF, roles=frozenset({Role.PHYSICIAN})),
    "desk": replace(_STAFF, roles=frozenset({Role.REFERRAL_DESK})),
    "officer": Actor(new_id(), Reach.AREA, frozenset({Role.OFFICER}), area_code="64"),
    "consortium": Actor(
        new_id(), Reach.CONSORTIUM, frozenset({Role.CONSORTIUM_OFFICE}),
        institution_id=HOUSE,
    ),
    "resident": Actor(
        new_id(), Reach.SELF, frozenset({Role.RESIDENT}),
        person_ids=frozenset({PERSON}),
    ),
    "stranger": Actor(new_id(), Reach.SELF, frozenset({Role.RESIDENT})),
    "auditor": Actor(new_id(), Reach.AUDIT, frozenset({Role.AUDIT_ADMIN})),
    "clock": Actor(None, Reach.SYSTEM),
}  # fmt: skip
BILL = Bill(person_id=PERSON, institution_id=HOUSE, insured_area="640121")
ROW = Settlement(person_id=PERSON, institution_id=HOUSE, insured_area="640121")
FILING = Filing(insured_area="640121", filed_by_id=new_id())
DECISION = Decision(decided_by_id=new_id())
INSURERS = {"clerk", "region"}
ALLOWED = {
    "list": INSURERS
    | {"clerk elsewhere", "finance", "finance elsewhere", "resident", "stranger"},
    "post": {"finance", "clock"},
    "post outside": {"clerk", "clerk elsewhere", "region", "clock"},
    "cover": INSURERS | {"clock"},
    "settle": INSURERS | {"clock"},
    "void": INSURERS | {"clock"},
    "take back": INSURERS | {"finance", "clock"},
    "file late": INSURERS | {"finance", "clock"},
    "appeal": INSURERS | {"finance", "resident", "clock"},
    "decide": INSURERS,
    "confirm": INSURERS,
    "judge": INSURERS,
}
ASKED: Final[Mapping[str, Callable[[Actor], bool]]] = {
    "list": policies.may_list,
    "post": lambda a: policies.can_post_for(a, HOUSE),
    "post outside": lambda a: policies.can_post_for(a, None),
    "cover": lambda a: policies.can_keep_coverage(a, "640121"),
    "settle": lambda a: policies.can_settle(a, BILL),
    "void": lambda a: policies.can_void(a, ROW),
    "take back": lambda a: policies.can_take_back(a, BILL),
    "file late": lambda a: policies.can_file_late(a, BILL),
    "appeal": lambda a: policies.can_appeal(a, BILL),
    "decide": lambda a: policies.can_decide(a, FILING),
    "confirm": lambda a: policies.can_confirm(a, DECISION, "640121"),
    "judge": lambda a: policies.can_judge(a, Anomaly(insured_area="640121")),
}


@pytest.mark.parametrize("who", ACTORS)
@pytest.mark.parametrize("act", ASKED)
def test_who_may_do_what(who: str, act: str) -> None:
    assert ASKED[act](ACTORS[who]) is (who in ALLOWED[act])


def test_not_the_same_person_twice() -> None:
    clerk = ACTORS["clerk"]
    own = Filing(insured_area="640121", filed_by_id=clerk.account_id)
    assert not policies.can_decide(clerk, own)
    decided = Decision(decided_by_id=clerk.account_id)
    assert not policies.can_confirm(clerk, decided, "640121")


@pytest.mark.django_db
@pytest.mark.parametrize("who", ACTORS)
def test_who_sees_rows(who: str) -> None:
    """A query that can find nothing is not even asked of the database."""
    is_shut = Settlement.objects.visible_to(ACTORS[who]).query.is_empty()
    assert is_shut is (who in {"physician", "desk", "officer", "consortium", "auditor"})
