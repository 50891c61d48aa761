"""Who hears of what happened to a person's record."""

from django.urls import reverse

from yilian.foundation.access.actor import Role
from yilian.foundation.notify.services import tell
from yilian.kernel.text import _
from yilian.registry.population.events import GlassBroken


def tell_reviewers(event: GlassBroken) -> None:
    """An emergency opening waits for its review by somebody else."""
    tell(
        topic="review",
        template=_("有一次紧急调阅等待复核。"),
        link=reverse("population:reviews"),
        cause=f"glass:{event.break_glass_id}",
        institution_id=event.institution_id,
        roles=(Role.SECURITY_ADMIN, Role.AUDIT_ADMIN),
    )
