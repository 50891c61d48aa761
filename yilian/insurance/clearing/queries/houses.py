"""Names of houses, and who leads a consortium."""

from collections.abc import Iterable
from uuid import UUID

from yilian.foundation.access.actor import Actor
from yilian.insurance.clearing.models_statement import led_by
from yilian.registry.consortium.models import Consortium, Membership
from yilian.registry.directory.models import Institution
from yilian.registry.directory.queries import today


def name_of(institution_id: UUID) -> str:
    return names_of([institution_id])[institution_id]


def names_of(ids: Iterable[UUID]) -> dict[UUID, str]:
    rows = Institution.objects.filter(pk__in=set(ids))
    return dict(rows.values_list("pk", "short_name"))


def leads_of(consortium_id: UUID) -> list[UUID]:
    return Membership.objects.on(today()).leads(consortium_id)


def led(actor: Actor) -> frozenset[UUID]:
    """The consortia that this actor's house leads today."""
    if actor.institution_id is None:
        return frozenset()
    return frozenset(led_by(actor).values_list("consortium_id", flat=True))


def partners_of(institution_id: UUID) -> list[tuple[UUID, str]]:
    """Houses with whom something can be settled: of a consortium both are in."""
    on = Membership.objects.on(today())
    own = on.filter(institution=institution_id).values("consortium")
    rows = Institution.objects.filter(
        memberships__in=on.filter(consortium__in=own), tier__isnull=False
    ).exclude(pk=institution_id)
    return list(
        rows.order_by("tier", "short_name").distinct().values_list("pk", "short_name")
    )


def consortia_named(ids: Iterable[UUID]) -> dict[UUID, str]:
    rows = Consortium.objects.filter(pk__in=set(ids)).order_by("alias")
    return dict(rows.values_list("pk", "alias"))
