"""A small consortium with books for tests: a county, two townships, an outsider."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

from django.db import connection
from django.utils import timezone

from yilian.foundation.access.actor import Actor, Role, system_actor
from yilian.insurance.clearing.models import Entry, Posting, SharedService
from yilian.insurance.clearing.models_statement import Statement
from yilian.insurance.clearing.rules import months
from yilian.insurance.clearing.rules.ledger import owed
from yilian.insurance.clearing.rules.slip import Kind
from yilian.insurance.clearing.services import drawing, posting, slips
from yilian.insurance.clearing.services.slips import Facts
from yilian.insurance.policy.models import PriceItem
from yilian.kernel.ids import new_id
from yilian.kernel.tier import Tier
from yilian.registry.consortium.models import Consortium
from yilian.registry.consortium.rules import MemberRole
from yilian.registry.consortium.tests.cast import make_consortium, make_member
from yilian.registry.directory.models import Institution
from yilian.registry.directory.tests.cast import SINCE, actor_at, make_authority
from yilian.registry.population.tests import world as people

ECG = "T-ECG"
SYSTEM = system_actor("test")
THIS_MONTH = months.month_of(timezone.localdate())
LAST_MONTH = months.before(THIS_MONTH)


@dataclass(frozen=True)
class House:
    institution: Institution
    finance: Actor
    office: Actor
    doctor: Actor

    @property
    def id(self) -> UUID:
        return self.institution.id


@dataclass(frozen=True)
class Books:
    consortium: Consortium
    county: House
    township: House
    second: House
    stranger: House
    officer: Actor


def make_books() -> Books:
    authority = make_authority()
    consortium = make_consortium(authority=authority)
    county = make_house("永宁县人民医院", Tier.SECONDARY)
    township = make_house("望远镇卫生院")
    second = make_house("李俊镇卫生院")
    stranger = make_house("平罗县人民医院", Tier.SECONDARY)
    make_member(consortium, county.institution, MemberRole.LEAD)
    for house in (township, second):
        make_member(consortium, house.institution)
    make_price()
    officer = actor_at(authority, Role.OFFICER)
    return Books(consortium, county, township, second, stranger, officer)


def make_house(name: str, tier: Tier = Tier.PRIMARY) -> House:
    institution = people.institution(name, tier)
    return House(
        institution,
        actor_at(institution, Role.FINANCE, name="苏会计"),
        actor_at(institution, Role.CONSORTIUM_OFFICE, name="周主任"),
        actor_at(institution, Role.PHYSICIAN),
    )


def make_price(code: str = ECG, price: str = "20.00") -> PriceItem:
    return PriceItem.objects.create(
        code=code, kind="tele_service", name="远程心电诊断", unit="次",
        price=Decimal(price), validity=(SINCE, None), source="test",
    )  # fmt: skip


def posted(
    books: Books,
    fen: int = 1400,
    *,
    creditor: House | None = None,
    debtor: House | None = None,
    day: date | None = None,
    event: UUID | None = None,
) -> Entry:
    """An event of last month between the county and the township."""
    return posting.post(
        SYSTEM,
        event_kind="test",
        event_id=event or new_id(),
        day=day or LAST_MONTH,
        lines=owed((creditor or books.county).id, (debtor or books.township).id, fen),
        text="远程心电诊断",
        clause="NX-2.3.4-d",
    )


def drawn(books: Books, fen: int = 1400, back: int = 0) -> Statement:
    """A statement of last month, in which the township owes the county."""
    entry = posted(books, fen)
    if back:
        posted(books, back, creditor=books.township, debtor=books.county)
    drawing.draw(SYSTEM, books.consortium.id, LAST_MONTH)
    return Statement.objects.get(one=entry.one_id, other=entry.other_id)


def facts(books: Books, **changes: object) -> Facts:
    told: dict[str, object] = {
        "requester_id": books.township.id,
        "kind": Kind.TELE_ECG,
        "item_code": ECG,
        "quantity": Decimal(10),
        "performed_on": LAST_MONTH + timedelta(days=3),
    }
    return Facts(**(told | changes))  # type: ignore[arg-type]


def recorded(books: Books, **changes: object) -> SharedService:
    return slips.record(
        books.county.finance, key=new_id(), facts=facts(books, **changes)
    )


def check_now() -> None:
    """Ask the deferred triggers now instead of at the transaction's end."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")


def balances() -> Mapping[UUID, Decimal]:
    """By entry, what its legs sum to."""
    found: dict[UUID, Decimal] = dict.fromkeys(
        Entry.objects.values_list("pk", flat=True), Decimal(0)
    )
    for entry, amount in Posting.objects.values_list("entry_id", "amount"):
        found[entry] += amount
    return found
