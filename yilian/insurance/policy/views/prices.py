"""The price catalogue: searching it, one item through time, keeping it."""

import csv
import io
from typing import Any, Final

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from yilian.foundation.access.forms import show
from yilian.foundation.access.middleware import ActorRequest
from yilian.foundation.access.scope import require
from yilian.foundation.access.views import signed_in
from yilian.foundation.files.uploads import takes_files
from yilian.insurance.policy import policies
from yilian.insurance.policy.forms import AREAS, EndForm, PriceFileForm, PriceForm
from yilian.insurance.policy.queries import catalogue
from yilian.insurance.policy.rules.price_file import COLUMNS, LARGEST
from yilian.insurance.policy.rules.prices import PRICE_KIND_NAMES
from yilian.insurance.policy.services import prices as services
from yilian.insurance.policy.services.looking import take_prices
from yilian.insurance.policy.views.price_book import price_book
from yilian.kernel.areas import NINGXIA
from yilian.kernel.errors import Conflict, Invalid

_WRONG: Final = 422
_FORMULA: Final = ("=", "+", "-", "@", "\t")


@signed_in
@never_cache
@require_GET
def listing(request: ActorRequest) -> HttpResponse:
    asked = _asked(request)
    page = catalogue.search(request.actor, asked, request.GET.get("cursor"))
    context = {
        "page": page,
        "asked": asked,
        "today": timezone.localdate(),
        "kinds": [(kind.value, name) for kind, name in PRICE_KIND_NAMES.items()],
        "areas": AREAS,
        "may_keep": policies.keeps_prices(request.actor),
    }
    return render(request, "policy/prices.html", context)


@signed_in
@never_cache
@require_GET
def item(request: ActorRequest, code: str) -> HttpResponse:
    return _item_page(request, code, EndForm())


@signed_in
@never_cache
@require_http_methods(["GET", "POST"])
def set_price(request: ActorRequest) -> HttpResponse:
    require(policies.keeps_prices(request.actor), services.ONLY_KEEPERS)
    form = PriceForm(request.POST or None, initial=_initial(request))
    if request.method == "POST" and form.is_valid():
        key = form.cleaned_data.pop("idempotency_key")
        try:
            wanted = form.wanted()
            services.set_price(
                request.actor, key=key, wanted=wanted, area_code=_area(request)
            )
        except (Invalid, Conflict) as error:
            show(form, error)
        else:
            messages.success(request, gettext("已登记，自生效日起使用。"))
            return redirect("policy:price", wanted.code)
    status = _WRONG if form.errors else 200
    context = {"form": form, "area": AREAS.get(_area(request), _area(request))}
    return render(request, "policy/price_form.html", context, status=status)


@signed_in
@require_POST
def end_price(request: ActorRequest, code: str) -> HttpResponse:
    form = EndForm(request.POST)
    if form.is_valid():
        try:
            services.end_price(
                request.actor, code=code, area_code=_area(request), **form.cleaned_data
            )
        except Invalid as error:
            show(form, error)
        else:
            messages.success(request, gettext("已登记停用。"))
            return redirect("policy:price", code)
    return _item_page(request, code, form)


@takes_files
@signed_in
@never_cache
@require_http_methods(["GET", "POST"])
def import_prices(request: ActorRequest) -> HttpResponse:
    require(policies.keeps_prices(request.actor), services.ONLY_KEEPERS)
    form = PriceFileForm(request.POST or None, request.FILES or None)
    context: dict[str, Any] = {"form": form, "columns": COLUMNS}
    if request.method == "POST" and form.is_valid():
        content = form.cleaned_data["file"].read(LARGEST + 1)
        try:
            context["done"] = services.import_prices(
                request.actor, content, area_code=_area(request)
            )
        except Invalid as error:
            show(form, error)
    status = _WRONG if form.errors else 200
    return render(request, "policy/price_import.html", context, status=status)


@signed_in
@require_GET
def export(request: ActorRequest) -> HttpResponse:
    """What the list shows, all of it, as a file that the import reads back."""
    asked = _asked(request)
    text = io.StringIO()
    rows = csv.writer(text)
    rows.writerow(COLUMNS)
    for line in take_prices(request.actor, asked, form="csv"):
        rows.writerow([_cell(getattr(line, name)) for name in COLUMNS])
    response = HttpResponse(
        "\ufeff" + text.getvalue(), content_type="text/csv; charset=utf-8"
    )
    response["Content-Disposition"] = f'attachment; filename="prices-{asked.day}.csv"'
    response["Cache-Control"] = "no-store"
    return response


@signed_in
@require_GET
def export_sheet(request: ActorRequest) -> HttpResponse:
    """The same lines as a spreadsheet to read and print."""
    asked = _asked(request)
    return price_book(asked, take_prices(request.actor, asked, form="xlsx"))


def _item_page(request: ActorRequest, code: str, form: EndForm) -> HttpResponse:
    lines = catalogue.history(request.actor, code)
    today = timezone.localdate()
    own = [line for line in lines if line.area_code == _area(request)]
    context = {
        "lines": lines,
        "shown": next((line for line in lines if line.holds(today)), lines[0]),
        "today": today,
        "areas": AREAS,
        "form": form,
        "may_keep": policies.keeps_prices(request.actor),
        "may_end": any(line.ends_on is None for line in own),
    }
    status = _WRONG if form.errors else 200
    return render(request, "policy/price.html", context, status=status)


def _asked(request: ActorRequest) -> catalogue.Asked:
    told = request.GET
    return catalogue.read_asked(
        told.get("q", ""),
        told.get("kind", ""),
        told.get("day", ""),
        timezone.localdate(),
    )


def _area(request: ActorRequest) -> str:
    """A price keeper works for the area of the own bureau."""
    return request.actor.area_code or NINGXIA


def _initial(request: ActorRequest) -> dict[str, Any]:
    """A new price of a known item begins with what it is today."""
    code = request.GET.get("code", "")
    lines = catalogue.known(request.actor, code) if code else []
    if not lines:
        return {}
    last = lines[0]
    return {
        "code": last.code,
        "kind": last.kind.value,
        "name": last.name,
        "specification": last.specification,
        "unit": last.unit,
        "catalog_class": last.catalog_class.value,
        "first_self_pay_rate": last.rate_words,
        "payment_standard": last.payment_standard or "",
    }


def _cell(value: Any) -> str:
    """A text that a spreadsheet would run as a formula gets a sign before it."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text
