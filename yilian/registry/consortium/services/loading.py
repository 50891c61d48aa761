"""Many rows at once, by COPY, with the same constraints (decisions 33)."""

from collections.abc import Sequence
from uuid import UUID

from django.db import models, transaction

from yilian.foundation.access.actor import Actor, Reach
from yilian.foundation.access.scope import require
from yilian.foundation.audit import services as audit
from yilian.kernel.areas import short
from yilian.kernel.errors import Invalid
from yilian.kernel.text import _
from yilian.registry.consortium.models import (
    Agreement,
    AgreementParty,
    Consortium,
    Membership,
)
from yilian.registry.consortium.rules import Form, governing_area
from yilian.registry.directory.models import Institution
from yilian.registry.directory.services.loading import copy_in, counted


@transaction.atomic
def load_many(
    actor: Actor,
    *,
    consortia: Sequence[Consortium] = (),
    memberships: Sequence[Membership] = (),
    agreements: Sequence[Agreement] = (),
    parties: Sequence[AgreementParty] = (),
) -> None:
    """Rows not saved yet; each consortium comes with its members."""
    require(actor.reach is Reach.SYSTEM, _("批量载入只由系统执行。"))
    _require_governed(consortia, memberships)
    batches: tuple[Sequence[models.Model], ...] = (
        consortia,
        memberships,
        agreements,
        parties,
    )
    for rows in batches:
        copy_in(rows)
    audit.record(actor, "consortium.load", detail=counted(batches))


def _require_governed(
    consortia: Sequence[Consortium], memberships: Sequence[Membership]
) -> None:
    """The authority named is the one that the rule names (NX-5.3-h)."""
    area_of = dict(Institution.objects.values_list("pk", "area_code"))
    areas: dict[UUID, set[str]] = {}
    for member in memberships:
        found = areas.setdefault(member.consortium_id, set())
        found.add(area_of.get(member.institution_id, ""))
    for body in consortia:
        expected = governing_area(Form(body.form), areas.get(body.pk, {body.area_code}))
        if short(area_of.get(body.governing_authority_id, "")) != expected:
            raise Invalid(
                _("医联体 {code} 的主管部门与其成员所在区域不符。"), code=body.code
            )
