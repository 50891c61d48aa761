"""A region that lets bills settle themselves, for tests."""

from datetime import date

from yilian.foundation.identity.models import Account
from yilian.foundation.outbox.models import OutboxMessage
from yilian.foundation.parameters.models import ParameterValue
from yilian.foundation.parameters.queries import forget
from yilian.insurance.settlement.events import BillPosted
from yilian.insurance.settlement.handlers import settle_posted
from yilian.insurance.settlement.models import Bill
from yilian.insurance.settlement.tests.world import World


def let(
    world: World, scope: str, *, area: str = "64", since: date = date(2018, 1, 1)
) -> None:
    """Released: so far bills settle themselves."""
    _release(world, "settlement.auto_settle", scope, area, since)


def let_up_to(world: World, yuan: str) -> None:
    _release(world, "settlement.auto_settle_most", yuan, "64", date(2018, 1, 1))


def _release(world: World, key: str, value: str, area: str, since: date) -> None:
    ParameterValue.objects.create(
        key=key,
        area_code=area,
        starts_on=since,
        value=value,
        source="测试",
        state="released",
        proposed_by=Account.objects.get(pk=str(world.clerk.account_id)),
        decided_by=Account.objects.get(pk=str(world.second.account_id)),
    )
    forget()


def hear(bill: Bill) -> None:
    """The worker hands the event to the handler; it may do so again."""
    assert OutboxMessage.objects.filter(kind="BillPosted").exists()
    settle_posted(
        BillPosted(bill.id, bill.person_id, bill.institution_id, bill.insured_area)
    )
