"""Bills from a house's own system as JSON, and the clerk's act of settling one."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, Final
from uuid import UUID

from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from yilian.foundation.access.middleware import ActorRequest
from yilian.foundation.access.views import signed_in
from yilian.insurance.settlement.rules.posting import BillFacts, BillWrong
from yilian.insurance.settlement.services import post_bill, settle
from yilian.kernel.canonical import parse_object
from yilian.kernel.errors import Invalid
from yilian.kernel.text import _

_IDS: Final = frozenset({
    "person_id", "institution_id", "encounter_id", "referral_id", "follows",
})  # fmt: skip
_KNOWN: Final = frozenset(field.name for field in fields(BillFacts))
_NEEDED: Final = (
    "person_id", "number", "kind", "admitted_on", "lines", "catalogue",
    "diagnosis_code",
)  # fmt: skip


@signed_in
@require_POST
def bills(request: ActorRequest) -> HttpResponse:
    """One bill; the same `key` again answers with the same bill."""
    try:
        said = parse_object(request.body.decode())
    except UnicodeDecodeError:
        raise Invalid(_("内容应为 UTF-8 编码的 JSON。")) from None
    key = _uuid("key", said.pop("key", None))
    if key is None:
        raise BillWrong("key", _("缺少这一项"))
    bill = post_bill(request.actor, key=key, facts=_facts(said))
    return JsonResponse({"id": str(bill.id), "number": bill.number}, status=201)


@signed_in
@require_POST
def settle_bill(request: ActorRequest, bill_id: UUID) -> HttpResponse:
    settlement = settle(request.actor, bill_id)
    return redirect("settlement:detail", settlement.id)


def _facts(said: Mapping[str, Any]) -> BillFacts:
    for name in said:
        if name not in _KNOWN:
            raise BillWrong(name, _("没有这个字段"))
    for name in _NEEDED:
        if name not in said:
            raise BillWrong(name, _("缺少这一项"))
    if not isinstance(said["lines"], list):
        raise BillWrong("lines", _("应为费用明细的列表，至少一条"))
    ids = {name: _uuid(name, said[name]) for name in _IDS & said.keys()}
    return BillFacts(**{**said, **ids})


def _uuid(name: str, raw: object) -> UUID | None:
    if raw is None:
        return None
    try:
        return UUID(str(raw))
    except ValueError:
        raise BillWrong(name, _("应为编号（UUID）")) from None
