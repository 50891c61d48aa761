"""What a resident sees of their own referrals."""

from typing import Final
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from yilian.care.referral.queries import resident
from yilian.care.referral.services.reading import open_referral
from yilian.foundation.access.actor import Reach
from yilian.foundation.access.middleware import ActorRequest
from yilian.foundation.access.scope import require
from yilian.foundation.access.views import signed_in
from yilian.kernel.text import _

_WHO: Final = _("这一页给居民本人和代办人看。")


@signed_in
@require_GET
def mine(request: ActorRequest) -> HttpResponse:
    require(request.actor.reach is Reach.SELF, _WHO)
    now = timezone.now()
    page = resident.mine(request.actor, now, request.GET.get("cursor"))
    return render(request, "referral/mine.html", {"page": page})


@signed_in
@require_GET
def my_letter(request: ActorRequest, referral_id: UUID) -> HttpResponse:
    require(request.actor.reach is Reach.SELF, _WHO)
    open_referral(request.actor, referral_id)
    letter = resident.my_letter(request.actor, referral_id, timezone.now())
    return render(
        request, "referral/mine_detail.html", {"letter": letter, "hop": letter.hop}
    )
