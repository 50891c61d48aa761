"""The menu: one table of entries, each shown to the roles that work there.

An entry whose URL does not exist (a module not built yet, or switched off) is
left out, so this page may name what is still to come.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from typing import Final

from django.conf import settings
from django.http import HttpRequest
from django.urls import get_script_prefix

from yilian.foundation.access.actor import Actor, Role
from yilian.interfaces.web.addresses import maybe_url
from yilian.kernel.text import _

EVERYONE: Final[frozenset[Role]] = frozenset()
CARE: Final = frozenset({Role.PHYSICIAN, Role.NURSE, Role.REFERRAL_DESK})
DESK: Final = frozenset({Role.PHYSICIAN, Role.REFERRAL_DESK})


@dataclass(frozen=True, slots=True)
class Entry:
    """`roles` empty: everyone who is signed in. `count` names a URL whose answer is
    the small number at the end of the line; `topic` refreshes it."""

    label: str
    url_name: str
    icon: str
    group: str
    roles: frozenset[Role] = EVERYONE
    count: str | None = None
    topic: str | None = None


MENU: Final[tuple[Entry, ...]] = (
    Entry(
        _("接收台"), "referral:desk", "inbox-arrow-down", "work", DESK,
        "referral:desk_count", "referral",
    ),
    Entry(
        _("已发出"), "referral:sent", "paper-airplane", "work", DESK,
        "referral:sent_count", "referral",
    ),
    Entry(
        _("可下转"), "referral:candidates", "arrow-down-on-square", "work", DESK,
        "referral:candidates_count", "referral",
    ),
    Entry(_("随访联系"), "referral:follow_ups", "phone-arrow-up-right", "work", CARE),
    Entry(_("接诊登记"), "reception:today", "clipboard-document-check", "work", CARE),
    Entry(
        _("转诊统计"), "referral:counts", "chart-bar", "work",
        frozenset({Role.OFFICER, Role.CONSORTIUM_OFFICE}),
    ),
    Entry(
        _("床位号源"), "scheduling:places", "calendar-days", "work",
        frozenset({Role.REFERRAL_DESK, Role.NURSE, Role.CONSORTIUM_OFFICE}),
    ),
    Entry(
        _("接口消息"), "exchange:list", "arrows-right-left", "work",
        frozenset({Role.REFERRAL_DESK}), "exchange:count",
    ),
    Entry(_("超时说明"), "referral:breaches", "clock", "work", DESK),
    Entry(
        _("医保工作台"), "settlement:work", "clipboard-document-list", "work",
        frozenset({Role.INSURER, Role.FINANCE}), "settlement:count", "inbox",
    ),
    Entry(
        _("结算查询"), "settlement:list", "document-currency-yen", "work",
        frozenset({Role.INSURER, Role.FINANCE}),
    ),
    Entry(
        _("转诊合规"), "referral:compliance", "check-badge", "work",
        frozenset({Role.INSURER}),
    ),
    Entry(
        _("内部结算"), "clearing:home", "scale", "work",
        frozenset({Role.FINANCE, Role.CONSORTIUM_OFFICE, Role.OFFICER}),
        "clearing:count", "inbox",
    ),
    Entry(
        _("医保汇总"), "settlement:sums", "presentation-chart-bar", "work",
        frozenset({Role.OFFICER}),
    ),
    Entry(
        _("医保参数"), "policy:parameters", "adjustments-vertical", "work",
        frozenset({Role.INSURER}), "policy:count",
    ),
    Entry(
        _("价格目录"), "policy:prices", "tag", "work", frozenset({Role.PRICING}),
    ),
    Entry(
        _("总额付费"), "budget:list", "chart-pie", "work",
        frozenset(
            {Role.INSURER, Role.OFFICER, Role.CONSORTIUM_OFFICE, Role.FINANCE}
        ),
    ),
    Entry(
        _("财政补助"), "budget:subsidies", "banknotes", "work",
        frozenset({Role.OFFICER, Role.CONSORTIUM_OFFICE, Role.FINANCE}),
    ),
    Entry(
        _("绩效积分"), "budget:points", "star", "work", frozenset({Role.FINANCE})
    ),
    Entry(
        _("政策试算"), "whatif:list", "beaker", "work",
        frozenset({Role.INSURER, Role.OFFICER}),
    ),
    Entry(
        _("医保交易"), "insurer:list", "arrow-path-rounded-square", "work",
        frozenset({Role.INSURER, Role.FINANCE}), "insurer:count",
    ),
    Entry(
        _("我的转诊"), "referral:mine", "arrows-right-left", "work",
        frozenset({Role.RESIDENT}),
    ),
    Entry(
        _("我的医保"), "settlement:mine", "document-currency-yen", "work",
        frozenset({Role.RESIDENT}),
    ),
    Entry(
        _("我的资料"), "population:mine", "identification", "work",
        frozenset({Role.RESIDENT}),
    ),
    Entry(_("谁看过"), "audit:who_looked", "eye", "work", frozenset({Role.RESIDENT})),
    Entry(_("居民查询"), "population:search", "users", "look", CARE),
    Entry(
        _("医联体"), "consortium:list", "building-office-2", "look",
        CARE | {Role.CONSORTIUM_OFFICE, Role.OFFICER, Role.INSURER},
    ),
    Entry(
        _("机构名录"), "directory:list", "map-pin", "look",
        CARE | {Role.CONSORTIUM_OFFICE, Role.OFFICER, Role.INSURER, Role.SYSTEM_ADMIN},
    ),
    Entry(
        _("医保参数"), "policy:parameters", "adjustments-vertical", "look",
        frozenset({Role.FINANCE, Role.OFFICER, Role.CONSORTIUM_OFFICE}),
    ),
    Entry(
        _("价格目录"), "policy:prices", "tag", "look",
        frozenset({
            Role.INSURER, Role.FINANCE, Role.OFFICER, Role.CONSORTIUM_OFFICE,
            Role.PHARMACIST,
        }),
    ),
    Entry(
        _("审计"), "audit:list", "shield-check", "keep",
        frozenset({Role.AUDIT_ADMIN}),
    ),
    Entry(
        _("紧急调阅复核"), "population:reviews", "lock-open", "keep",
        frozenset({Role.AUDIT_ADMIN, Role.SECURITY_ADMIN}),
    ),
    Entry(
        _("账号"), "directory:accounts", "key", "keep",
        frozenset({Role.SECURITY_ADMIN, Role.SYSTEM_ADMIN}),
    ),
    Entry(
        _("参数"), "parameters:list", "adjustments-horizontal", "keep",
        frozenset({Role.SYSTEM_ADMIN, Role.OFFICER}),
    ),
    Entry(
        _("接口"), "exchange:feeds", "arrows-right-left", "keep",
        frozenset({Role.SYSTEM_ADMIN}),
    ),
    Entry(
        _("事件"), "outbox:list", "queue-list", "keep", frozenset({Role.SYSTEM_ADMIN})
    ),
    Entry(
        _("登录安全"), "identity:security", "finger-print", "self",
        frozenset(Role) - {Role.RESIDENT},
    ),
    Entry(_("消息"), "notify:inbox", "bell", "self", EVERYONE, "notify:count", "inbox"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Line:
    entry: Entry
    href: str
    count_href: str | None
    is_current: bool


def menu(request: HttpRequest) -> list[list[Line]]:
    """What this person works with, in groups; nothing for somebody not signed in."""
    hrefs = _hrefs_of(request)
    current = _current(request, hrefs)
    return [
        [Line(e, hrefs[e], _count(e), e is current) for e in group]
        for _name, group in groupby(hrefs, key=lambda entry: entry.group)
    ]


def current_name(request: HttpRequest) -> str:
    """The entry of the menu under which this page stands."""
    entry = _current(request, _hrefs_of(request))
    return entry.url_name if entry else ""


def _hrefs_of(request: HttpRequest) -> Mapping[Entry, str]:
    actor: Actor | None = getattr(request, "actor", None)
    if actor is None:
        return {}
    return _open_to(actor.roles, settings.ROOT_URLCONF, get_script_prefix())


@lru_cache(maxsize=200)
def _open_to(
    roles: frozenset[Role], _addresses: str, _prefix: str
) -> Mapping[Entry, str]:
    found = {
        entry: maybe_url(entry.url_name) for entry in MENU if _may_use(roles, entry)
    }
    return {entry: href for entry, href in found.items() if href}


def _may_use(roles: frozenset[Role], entry: Entry) -> bool:
    return not entry.roles or not entry.roles.isdisjoint(roles)


def _count(entry: Entry) -> str | None:
    return maybe_url(entry.count)


def _current(request: HttpRequest, hrefs: Mapping[Entry, str]) -> Entry | None:
    match = request.resolver_match
    for entry in hrefs:
        if match and match.view_name == entry.url_name:
            return entry
    return max(_above(request.path, hrefs), key=lambda e: len(hrefs[e]), default=None)


def _above(path: str, hrefs: Mapping[Entry, str]) -> Iterator[Entry]:
    return (entry for entry, href in hrefs.items() if path.startswith(href))
