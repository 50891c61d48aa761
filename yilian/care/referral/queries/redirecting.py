"""Where a receiver may send a hop on to, without the patient coming first, 转荐."""

from typing import Final
from uuid import UUID

from django.utils import timezone

from yilian.care.referral.models import Referral
from yilian.kernel import calendar
from yilian.kernel.tier import Tier
from yilian.registry.consortium.queries import patient_consortia
from yilian.registry.directory.models import Institution

MOST: Final = 60
_HOSPITALS: Final = (Tier.TERTIARY.value, Tier.SECONDARY.value)


def redirect_targets(referral: Referral) -> list[tuple[UUID, str]]:
    """Open hospitals that treat it: first those of the sender's consortia (NX-2.2.4-c),
    then by rung and name."""
    day = calendar.local_day(timezone.now())
    parties = [referral.from_institution_id]
    if referral.to_institution_id is not None:
        parties.append(referral.to_institution_id)
    rows = list(
        Institution.objects.open_on(day)
        .filter(tier__in=_HOSPITALS, departments__specialty=referral.specialty)
        .exclude(pk__in=parties)
        .distinct()
        .order_by("-tier", "pinyin")
    )
    ids = [row.pk for row in rows]
    inside = patient_consortia(referral.from_institution_id, ids, day)
    rows.sort(key=lambda row: row.pk not in inside)
    return [(row.pk, row.short_name) for row in rows[:MOST]]
