"""The clerk's pages: who sees them, what stands there, comparing a day."""

from datetime import date

import pytest
from django.test import Client

from yilian.care.referral.tests.world import Place as House
from yilian.foundation.access.actor import Actor
from yilian.foundation.audit.models import AuditEntry
from yilian.foundation.identity.models import Account
from yilian.insurance.insurer.models import Difference, Reconciliation, Transaction
from yilian.insurance.insurer.rules import comparing
from yilian.insurance.insurer.rules.comparing import Ours, Theirs
from yilian.insurance.insurer.rules.states import NEXT, State
from yilian.insurance.insurer.services import handing, reconciling
from yilian.insurance.insurer.services.looking import open_transaction
from yilian.insurance.insurer.tests.conftest import Connect, deliver_all
from yilian.insurance.settlement.tests.world import World, settled, visit
from yilian.kernel.errors import Conflict, NotFound
from yilian.kernel.money import yuan
from yilian.registry.population.models import Person

pytestmark = pytest.mark.django_db


def browser(actor: Actor) -> Client:
    client = Client()
    client.force_login(
        Account.objects.get(pk=str(actor.account_id)),
        backend="django.contrib.auth.backends.ModelBackend",
    )
    return client


@pytest.mark.parametrize(
    ("who", "lists", "days"),
    [("clerk", 200, 200), ("finance", 200, 403), ("physician", 403, 403)],
)
def test_who_opens_which_page(
    who: str, lists: int, days: int, world: World, township: House
) -> None:
    actor = {
        "clerk": world.clerk,
        "finance": world.finance[township.id],
        "physician": township.doctor,
    }[who]
    client = browser(actor)
    assert client.get("/insurance/transactions/").status_code == lists
    assert client.get("/insurance/transactions/days").status_code == days


def test_without_a_connection_the_pages_say_so(world: World) -> None:
    text = browser(world.clerk).get("/insurance/transactions/").content.decode()
    assert "医保接口已关闭" in text


def test_a_refused_transaction_is_shown_with_what_to_do_and_sent_again(
    connect: Connect, world: World, township: House, resident: Person
) -> None:
    connect("--fault", "refuse", "--share", "1")
    row = settled(township, resident)
    handing.hand_over(row.id)
    deliver_all()
    refused = Transaction.objects.get()
    client = browser(world.clerk)
    listed = client.get("/insurance/transactions/").content.decode()
    assert refused.serial in listed
    assert resident.name not in listed
    address = f"/insurance/transactions/{refused.id}"
    shown = client.get(address).content.decode()
    assert "对方按规定拒付" in shown
    assert AuditEntry.objects.filter(
        action="insurer.read", person_id=resident.id, ground="insurer"
    ).exists()
    assert client.post(f"{address}/resend").status_code == 302
    assert client.post(f"{address}/resend").status_code == 409
    assert client.post(f"{address}/ask").status_code == 409
    with pytest.raises(NotFound):
        open_transaction(world.elsewhere, refused.id)
    assert Transaction.objects.count() == 2


def test_a_day_agrees_and_what_does_not_is_listed_for_the_clerk(
    connect: Connect, world: World, village: House, resident: Person
) -> None:
    peer = connect()
    for n in range(3):
        handing.hand_over(visit(village, resident, 20 + n, day=n).id)
    deliver_all()
    today = Transaction.objects.first().booked_on  # type: ignore[union-attr]
    agreed = reconciling.ask(world.clerk, today)
    with pytest.raises(Conflict):
        reconciling.ask(world.clerk, today)
    reconciling.run(agreed.id)
    agreed.refresh_from_db()
    assert (agreed.state, agreed.differences) == ("done", 0)
    assert agreed.ours_fund == agreed.theirs_fund > 0
    assert agreed.ours_count == agreed.theirs_count == 3
    peer.stop()
    peer.book.unlink()  # they lost their book
    connect()
    lost = reconciling.ask(world.clerk, today)
    reconciling.run(lost.id)
    assert Difference.objects.filter(kind="not_there").count() == 3
    client = browser(world.clerk)
    assert "已完成" in client.get("/insurance/transactions/days").content.decode()
    page = client.get(f"/insurance/transactions/days/{lost.id}").content.decode()
    assert "我方已入账，对方没有" in page
    one = Difference.objects.first()
    assert one is not None
    close = f"/insurance/transactions/differences/{one.id}/close"
    assert client.post(close, {"note": ""}).status_code == 422
    assert client.post(close, {"note": "对方已补记"}).status_code == 302
    assert client.post(close, {"note": "再来一次"}).status_code == 409
    with pytest.raises(NotFound):
        reconciling.close(world.elsewhere, one.id, note="别处")


def test_a_day_that_cannot_be_fetched_says_why(
    connect: Connect, world: World, settings: object
) -> None:
    connect()
    settings.YILIAN_INSURER_URL = "http://127.0.0.1:9"  # type: ignore[attr-defined]
    row = reconciling.ask(world.clerk, date(2026, 1, 5))
    reconciling.run(row.id)
    assert Reconciliation.objects.get().state == "failed"


@pytest.mark.parametrize(
    ("here", "there", "kind"),
    [
        (State.BOOKED, None, "not_there"),
        (State.REVERSED, None, "not_there"),
        (State.QUEUED, None, None),
        (State.REFUSED, None, None),
        (None, "10", "not_here"),
        (State.UNKNOWN, "10", "unresolved"),
        (State.SENT, "10", "unresolved"),
        (State.REFUSED, "10", "they_booked"),
        (State.BOOKED, "10", None),
        (State.BOOKED, "10.01", "amounts"),
    ],
)
def test_how_a_line_of_two_books_differs(
    here: State | None, there: str | None, kind: str | None
) -> None:
    key = ("H", "S")
    ours = {key: Ours("1", here, yuan("10"), yuan("10"))} if here else {}
    theirs = {key: Theirs(yuan(there), yuan(there))} if there else {}
    found = [one.kind.value for one in comparing.compare(ours, theirs)]
    assert found == ([kind] if kind else [])


def test_the_database_allows_the_moves_of_the_table_and_no_others() -> None:
    from pathlib import Path

    text = (Path(__file__).parents[1] / "migrations" / "0002_guards.py").read_text()
    moves = {
        (one.value, other.value)
        for one in State
        for other in State
        if f"('{one.value}', '{other.value}')" in text
    }
    assert moves == {(one.value, to.value) for (one, _step), to in NEXT.items()}
