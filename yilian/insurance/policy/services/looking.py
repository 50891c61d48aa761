"""The catalogue taken away as a file: everybody may, and it is written down."""

from django.db import transaction

from yilian.foundation.access.actor import Actor
from yilian.foundation.access.scope import require
from yilian.foundation.audit import services as audit
from yilian.insurance.policy import policies
from yilian.insurance.policy.queries.catalogue import Asked, PriceLine, everything
from yilian.kernel.text import _

WHO = _("价格目录给登录用户查看和导出。")


@transaction.atomic
def take_prices(actor: Actor, asked: Asked, *, form: str) -> list[PriceLine]:
    """`form`: csv or xlsx. What was typed stays out of the audit."""
    require(policies.can_read(actor), WHO)
    lines = everything(actor, asked)
    audit.record(
        actor,
        "prices.export",
        object_kind=form,
        detail={
            "rows": len(lines),
            "day": str(asked.day),
            "kind": asked.kind.value if asked.kind else "",
        },
    )
    return lines
