"""Looking at many rows, printing and exporting: each is written down."""

from collections.abc import Iterable
from uuid import UUID

from django.db import transaction

from yilian.care.referral import policies
from yilian.care.referral.models import Referral
from yilian.foundation.access.actor import Actor
from yilian.foundation.access.scope import find, require
from yilian.foundation.audit.services import record as record_audit
from yilian.kernel.text import _
from yilian.registry.population.queries.sight import sight_of


@transaction.atomic
def open_print(actor: Actor, referral_id: UUID, *, paper: str) -> Referral:
    """`paper`: letter or feedback. A closed receiver has nothing to print."""
    row = find(Referral.objects.visible_to(actor), referral_id)
    require(
        policies.can_read_content(actor, row),
        _("这张转诊单的病情已不对本机构开放，不能打印。"),
    )
    seen = sight_of(actor, row.person_id)
    record_audit(
        actor,
        "referral.print",
        object_kind="referral",
        object_id=row.id,
        person_id=row.person_id,
        ground=seen.ground.value if seen.ground else "referral",
        grant_id=seen.grant_id,
        detail={"paper": paper},
    )
    return row


@transaction.atomic
def note_look(
    actor: Actor, what: str, person_ids: Iterable[UUID], *, rows: int
) -> None:
    """One row for a list: what it was, and whom it showed."""
    record_audit(
        actor,
        f"referral.{what}",
        object_kind="referral",
        person_ids=sorted(set(person_ids)),
        detail={"rows": rows},
    )


@transaction.atomic
def note_export(
    actor: Actor,
    what: str,
    *,
    rows: int,
    chosen: dict[str, str],
    person_ids: Iterable[UUID] = (),
) -> None:
    """What was taken away as a file, with the filter it was asked by."""
    record_audit(
        actor,
        "referral.export",
        object_kind=what,
        person_ids=sorted(set(person_ids)),
        detail={"rows": rows, **chosen},
    )
