"""Every address. Each module owns its own `urls.py`; this page puts them together."""

from importlib.util import find_spec
from typing import Final

from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path

# Asked one after another by every request: what is opened most stands first. Rooms
# within a room (`insurance/clearing/`) stand before it.
ROOMS: Final = (
    ("record/", "yilian.record.urls"),
    ("referrals/", "yilian.care.referral.urls"),
    ("residents/", "yilian.registry.population.urls"),
    ("notices/", "yilian.foundation.notify.urls"),
    ("fhir/", "yilian.interfaces.fhir_api.urls"),
    ("terminology/", "yilian.foundation.terminology.urls"),
    ("places/", "yilian.resources.scheduling.urls"),
    ("reception/", "yilian.resources.reception.urls"),
    ("insurance/clearing/", "yilian.insurance.clearing.urls"),
    ("insurance/scenarios/", "yilian.insurance.whatif.urls"),
    ("insurance/transactions/", "yilian.insurance.insurer.urls"),
    ("insurance/budget/", "yilian.insurance.budget.urls"),
    ("insurance/", "yilian.insurance.policy.urls"),
    ("insurance/", "yilian.insurance.settlement.urls"),
    ("account/", "yilian.foundation.identity.urls"),
    ("institutions/", "yilian.registry.directory.urls"),
    ("consortia/", "yilian.registry.consortium.urls"),
    ("audit/", "yilian.foundation.audit.urls"),
    ("events/", "yilian.foundation.outbox.urls"),
    ("parameters/", "yilian.foundation.parameters.urls"),
    ("exchange/", "yilian.interfaces.exchange.urls"),
    ("", "yilian.interfaces.web.urls"),
)


urlpatterns: list[URLPattern | URLResolver] = [
    path(prefix, include(module)) for prefix, module in ROOMS
]
if settings.YILIAN_DEMO and find_spec("yilian.demo.urls"):
    # Signing in with a click exists in a demo and nowhere else (decisions 22).
    urlpatterns.append(path("demo/", include("yilian.demo.urls")))

handler400 = "yilian.interfaces.web.errors.bad_request"
handler403 = "yilian.interfaces.web.errors.permission_denied"
handler404 = "yilian.interfaces.web.errors.page_not_found"
handler500 = "yilian.interfaces.web.errors.server_error"
