"""What supervision refuses of bills lowers what the pool has used."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from yilian.care.referral.tests.browsing import as_actor, plain
from yilian.config.wiring import SUBSCRIPTIONS
from yilian.foundation.outbox.models import OutboxMessage
from yilian.insurance.budget import handlers, services
from yilian.insurance.budget.models import Pool, Refusal
from yilian.insurance.budget.queries import pages, sums
from yilian.insurance.budget.tests import world as region
from yilian.insurance.budget.tests.world import World
from yilian.insurance.settlement.events import AmountRefused
from yilian.insurance.settlement.models import Anomaly
from yilian.insurance.settlement.rules.ledger import Suspicion
from yilian.insurance.settlement.services.supervising import judge
from yilian.kernel.ids import new_id
from yilian.registry.directory.models import Institution
from yilian.registry.population.tests import world as people


@pytest.fixture
def this_year(world: World) -> Pool:
    return region.opened(world, year=timezone.localdate().year)


def suspected(
    house: Institution | None, yuan: int, *, area: str = region.AREA
) -> Anomaly:
    return Anomaly.objects.create(
        person=people.person(),
        kind=Suspicion.SPLIT_ADMISSION.value,
        institution=house,
        insured_area=area,
        bills=[new_id(), new_id()],
        facts={},
        mark=str(new_id()),
        amount=Decimal(yuan),
        found_at=timezone.now(),
    )


def refuse(world: World, row: Anomaly, yuan: str) -> AmountRefused:
    judge(
        world.clerk, row.id, is_confirmed=True, note="病程无中断", amount=Decimal(yuan)
    )
    return AmountRefused(
        row.id, row.institution_id, row.insured_area, Decimal(yuan),
        timezone.localdate(),
    )  # fmt: skip


def test_a_confirmed_suspicion_is_taken_over_once(
    world: World, this_year: Pool
) -> None:
    event = refuse(world, suspected(world.county, 5000), "1234.56")
    assert OutboxMessage.objects.filter(kind="AmountRefused").count() == 1
    handlers.take_refusal_over(event)
    handlers.take_refusal_over(event)
    [row] = Refusal.objects.all()
    assert (row.amount, row.institution_id, row.anomaly_id) == (
        Decimal("1234.56"), world.county.pk, event.anomaly_id,
    )  # fmt: skip
    assert sums.sums_of(this_year).refused == 123_456


def test_who_is_judged_to_be_right_is_not_refused(
    world: World, this_year: Pool
) -> None:
    row = suspected(world.county, 5000)
    judge(world.clerk, row.id, is_confirmed=False, note="已说明必要")
    services.roll_up(
        world.clerk, this_year.pk, sums.first_day(this_year), sums.end_of(this_year)
    )
    assert Refusal.objects.count() == 0


def test_what_no_handler_heard_of_is_found_before_a_year_is_counted(
    world: World, this_year: Pool
) -> None:
    refuse(world, suspected(None, 900), "900.00")
    refuse(world, suspected(world.tertiary, 100), "50.00")
    refuse(world, suspected(world.county, 70, area="640122"), "70.00")  # of others
    today = timezone.localdate()
    region.settled(
        region.Line(today - timedelta(days=1), world.county.pk, Decimal(9000))
    )
    services.roll_up(world.clerk, this_year.pk, date(today.year, 1, 1), today)
    region.scored(world, this_year)
    pre = services.pre_settle(world.clerk, this_year.pk, key=new_id())
    assert pre.refused == Decimal(950)
    assert pre.actual == pre.inside + pre.outside - 950
    page = pages.pool_page(world.clerk, this_year.pk)
    assert {row.institution_id for row in page.refusals} == {None, world.tertiary.pk}


def test_one_taken_back_by_hand_does_not_come_again(
    world: World, this_year: Pool
) -> None:
    event = refuse(world, suspected(world.county, 5000), "100.00")
    handlers.take_refusal_over(event)
    services.take_back_refusal(
        world.supervisor, Refusal.objects.get().pk, key=new_id(), reason="复核更正"
    )
    handlers.take_refusal_over(event)
    assert sum(Refusal.objects.values_list("amount", flat=True)) == 0


def test_the_database_takes_a_suspicion_over_once(
    world: World, this_year: Pool
) -> None:
    handlers.take_refusal_over(refuse(world, suspected(world.county, 50), "10.00"))
    row = Refusal.objects.get()
    row.pk = new_id()
    with pytest.raises(IntegrityError, match="taken_over_once"), transaction.atomic():
        row.save(force_insert=True)


def test_the_pools_page_names_it_and_opens_its_bills(
    world: World, this_year: Pool
) -> None:
    row = suspected(None, 900)
    handlers.take_refusal_over(refuse(world, row, "900.00"))
    answer = as_actor(world.clerk).get(reverse("budget:pool", args=[this_year.pk]))
    said = plain(answer)
    assert "疑点查实：分解住院" in said
    assert "区外机构" in said
    for bill in row.bills:
        assert reverse("settlement:bill", args=[bill]) in answer.content.decode()
    office = as_actor(world.office).get(reverse("budget:pool", args=[this_year.pk]))
    assert str(row.bills[0]) not in office.content.decode()


def test_the_event_is_heard() -> None:
    assert handlers.take_refusal_over in SUBSCRIPTIONS[AmountRefused]
