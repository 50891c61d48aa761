"""What is kept or to be borne, divided among the members once and for all."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Final
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from yilian.foundation.access.actor import Actor
from yilian.foundation.access.scope import find, require
from yilian.foundation.idempotency.services import once
from yilian.insurance.budget import policies
from yilian.insurance.budget.models import Clearing, Pool, Share
from yilian.insurance.budget.queries import clearings, members, sums
from yilian.insurance.budget.rules.members import (
    Member,
    MemberShare,
    borne_shares,
    kept_shares,
)
from yilian.insurance.budget.rules.states import Act, ClearingKind
from yilian.insurance.budget.rules.year import distributed
from yilian.insurance.budget.services.keeping import (
    audited,
    pool_in_line,
    require_account,
)
from yilian.kernel.errors import Conflict, Invalid
from yilian.kernel.money import from_fen, to_fen
from yilian.kernel.safe_text import required_text
from yilian.kernel.text import _
from yilian.registry.directory.services.loading import copy_in

_LONGEST: Final = 200
_MOST: Final = Decimal(10)
ONE: Final = Decimal(1)

Numbers = Mapping[UUID, Decimal]


@transaction.atomic
def distribute(
    actor: Actor,
    clearing_id: UUID,
    *,
    key: UUID,
    rule: str,
    weights: Numbers,
    performances: Numbers,
) -> list[Share]:
    """By the revision's shares of the levels, then weight × performance. Houses not
    named have weight and performance 1."""
    pools = Pool.objects.visible_to(actor)
    made = find(Clearing.objects.filter(pool__in=pools), clearing_id)
    pool = pool_in_line(actor, made.pool_id)
    require(policies.can_distribute(actor, pool), _("只有医联体办公室可以分配到成员。"))

    def make() -> UUID:
        _require_confirmed(made)
        words = required_text(rule, max_length=_LONGEST)
        shares = unsaved_shares(made, members_of(pool, weights, performances), words)
        for share in shares:
            share.made_by_id = require_account(actor)
        copy_in(shares)
        audited(actor, "distribute", pool, made, members=len(shares))
        return made.pk

    once(actor, key, "budget.distribute", make)
    return list(Share.objects.filter(clearing=made))


def members_of(pool: Pool, weights: Numbers, performances: Numbers) -> list[Member]:
    """Of the year's last day."""
    houses = members.houses_on(pool, date(pool.year, 12, 31))
    return [
        Member(
            str(house.id),
            house.level,
            _number(weights, house.id, "weights", least=Decimal("0.0001")),
            _number(performances, house.id, "performances", least=Decimal(0)),
        )
        for house in houses
        if house.level is not None
    ]


def unsaved_shares(
    made: Clearing,
    of: Sequence[Member],
    rule: str,
    at: datetime | None = None,
) -> list[Share]:
    divided = _difference(made, of) if made.supplements_id else _whole(made, of)
    return [_share(made, one, rule, at or timezone.now()) for one in divided]


def _whole(made: Clearing, of: Sequence[Member]) -> list[MemberShare]:
    if made.balance >= 0:
        return kept_shares(made.working["by_level"], of)
    return borne_shares(to_fen(made.consortium_share), _levels(made), of)


def _difference(made: Clearing, of: Sequence[Member]) -> list[MemberShare]:
    """What a supplementary clearing adds to what was shared, or takes of it."""
    more, levels = to_fen(clearings.to_share(made)), _levels(made)
    if more < 0:
        return borne_shares(-more, levels, of)
    weights = {level: Decimal(part) for level, part in levels.items()}
    return kept_shares(distributed(more, weights), of)


def _levels(made: Clearing) -> Mapping[str, int]:
    levels: Mapping[str, int] = sums.agreed(made.revision).value("budget.shares")
    return levels


def _share(made: Clearing, one: MemberShare, rule: str, at: datetime) -> Share:
    return Share(
        clearing=made,
        institution_id=UUID(one.member.id),
        level=one.member.level.value,
        level_amount=from_fen(one.of_level),
        weight=one.member.weight,
        performance=one.member.performance,
        amount=from_fen(one.amount),
        rule=rule,
        made_at=at,
    )


def _number(given: Numbers, house: UUID, field: str, *, least: Decimal) -> Decimal:
    value = given.get(house, ONE)
    if not least <= value <= _MOST:
        raise Invalid(fields={field: _("权重和绩效系数应在 0 到 10 之间。")})
    return value


def _require_confirmed(made: Clearing) -> None:
    said = set(made.acts.values_list("act", flat=True))
    if made.kind == ClearingKind.PRE or said != {Act.INSURER, Act.CONSORTIUM}:
        raise Conflict(_("年度清算经医保和医联体双方确认后才能分配。"))
    if Share.objects.filter(clearing=made).exists():
        raise Conflict(_("这份清算已经分配。请刷新页面查看。"))
    if not clearings.to_share(made):
        raise Conflict(_("没有可留用的结余，也没有需要承担的超支，不需要分配。"))
