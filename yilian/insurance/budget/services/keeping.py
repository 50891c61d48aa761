"""What every act on a pool begins with: in sight, in line, and the year still open."""

from typing import Any, Final
from uuid import UUID

from yilian.foundation.access.actor import Actor, Role
from yilian.foundation.access.database import one_at_a_time
from yilian.foundation.access.scope import find
from yilian.foundation.audit.services import record
from yilian.foundation.notify.services import tell
from yilian.insurance.budget.models import Pool
from yilian.insurance.budget.queries import sums
from yilian.kernel.errors import Conflict, NotPermitted
from yilian.kernel.text import _
from yilian.registry.consortium.models import Membership

INSURERS: Final = _("只有参保地的医保经办可以办理。")


class YearFrozen(Conflict):
    code = "budget-year-frozen"


def pool_in_line(actor: Actor, pool_id: UUID) -> Pool:
    """Whoever acts on the same pool waits here until we have committed."""
    pool = find(Pool.objects.visible_to(actor).select_related("consortium"), pool_id)
    one_at_a_time(f"budget.pool.{pool.pk}")
    return pool


def require_open(pool: Pool) -> None:
    final = sums.final_of(pool)
    if final is not None:
        raise YearFrozen(
            _("{year} 年已清算（{number}），数据已冻结。以后变动的结算记入下一年度并"
              "注明出处；确需重算的，请先在双方确认前退回清算。"),
            year=pool.year,
            number=final.number,
        )  # fmt: skip


def require_account(actor: Actor) -> UUID:
    if actor.account_id is None:
        raise NotPermitted(_("须由本人账号办理。"))
    return actor.account_id


def audited(
    actor: Actor, verb: str, pool: Pool, row: Any = None, **detail: Any
) -> None:
    record(
        actor,
        f"budget.{verb}",
        object_kind=type(row or pool).__name__,
        object_id=(row or pool).pk,
        detail={"pool": str(pool.pk), "year": pool.year, **detail},
    )


def tell_consortium(pool: Pool, template: str, cause: str, link: str) -> None:
    """The consortium offices of the leading houses."""
    for lead in Membership.objects.leads(pool.consortium_id):
        tell(
            topic="budget",
            template=template,
            values={"consortium": pool.consortium.alias, "year": pool.year},
            link=link,
            cause=f"{cause}:{lead}",
            institution_id=lead,
            roles=(Role.CONSORTIUM_OFFICE,),
        )
