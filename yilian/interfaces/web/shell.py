"""What the frame around every page shows: who acts, where, and what is new."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext

from yilian.foundation.access.actor import ROLE_NAMES, Actor, Role
from yilian.interfaces.web.addresses import maybe_url
from yilian.interfaces.web.navigation import Line, menu
from yilian.kernel.text import _

# Topics a page may listen to; the live process names its events after them.
LIVE_PATH: Final = "/live"
TOPICS: Final = ("referral", "places", "reception", "inbox", "outbox", "audit")


LETTERS_COOKIE: Final = "yilian_letters"
LETTER_SIZES: Final[Mapping[str, str]] = {
    "": _("标准"),
    "large": _("大"),
    "huge": _("特大"),
}


@dataclass(frozen=True, slots=True)
class Shell:
    actor: Actor | None
    groups: list[list[Line]]
    posts: list[Any]
    roles: list[str]
    urls: dict[str, str | None]
    live_url: str
    topics: str
    is_demo: bool

    @property
    def first(self) -> list[Line]:
        """The four that fit on a phone's bottom bar."""
        return [line for group in self.groups for line in group][:4]


def shell(request: HttpRequest) -> Shell:
    groups = menu(request)
    here = {line.entry.url_name for group in groups for line in group}
    return Shell(
        actor=getattr(request, "actor", None),
        groups=groups,
        posts=list(getattr(request, "posts", ())),
        roles=_roles(request),
        urls={
            key: maybe_url(name) for key, name in _URLS.items() if _belongs(key, here)
        },
        live_url=live_url(request),
        topics=" ".join(TOPICS),
        is_demo=settings.YILIAN_DEMO,
    )


def _roles(request: HttpRequest) -> list[str]:
    actor: Actor | None = getattr(request, "actor", None)
    return [ROLE_NAMES[role] for role in Role if actor and role in actor.roles]


def _belongs(key: str, here: set[str]) -> bool:
    """The find box is for those who look for residents, the red tag for a desk."""
    return _ONLY_BESIDE.get(key) in here or key not in _ONLY_BESIDE


_ONLY_BESIDE: Final = {"find": "population:search", "urgent": "referral:desk"}
_URLS: Final = {
    "home": "web:home",
    "find": "population:search",
    "switch": "identity:switch_post",
    "logout": "identity:sign_out",
    "urgent": "referral:urgent_tag",
    "inbox": "notify:inbox",
    "inbox_count": "notify:count",
    "language": "web:language",
}


def letters_of(request: HttpRequest | None) -> str:
    """The size the reader chose; the usual one for anything else."""
    chosen = request.COOKIES.get(LETTERS_COOKIE, "") if request else ""
    return chosen if chosen in LETTER_SIZES else ""


def letter_sizes() -> list[tuple[str, str]]:
    return list(LETTER_SIZES.items())


def live_url(request: HttpRequest) -> str:
    """Live updates stand on the port after ours; behind nginx, on the same one."""
    host, _colon, port = request.get_host().rpartition(":")
    if not port.isdigit():
        return LIVE_PATH
    return f"{request.scheme}://{host}:{settings.YILIAN_LIVE_PORT}{LIVE_PATH}"


def page_words() -> dict[str, str]:
    """What yilian.js says by itself."""
    return {
        "lost": gettext("没有连上服务器，填写的内容还在。请检查网络后再试。"),
        "failed": gettext("这一步没有完成，填写的内容还在。请稍后再试。"),
        "denied": gettext("您没有权限做这一步。"),
        "gone": gettext("没有找到，或不在您可见的范围内。"),
        "signin": gettext("登录已过期，请重新登录。"),
        "offline": gettext("实时更新中断，正在重连。列表可能不是最新。"),
        "close": gettext("关闭"),
        "show": gettext("查看"),
        "hours": gettext("小时"),
        "days": gettext("{n} 天"),
        "overdue": gettext("已超时"),
        **_words_of_drafts(),
    }


def _words_of_drafts() -> dict[str, str]:
    """What drafts.js says of forms that wait for the line."""
    return {
        "kept": gettext(
            "没有连上服务器。内容已保存在本机，尚未发送；联网后会自动发送，可以先去做别的。"
        ),
        "unsent": gettext("有 {n} 份内容尚未发送"),
        "waits": gettext("联网后自动发送"),
        "signin_kept": gettext("登录已过期。内容已保存在本机，重新登录后会继续发送。"),
        "too_old": gettext("放置已超过 12 小时，病情可能有变，请核对后再发送"),
        "edited": gettext("修改后还没有提交"),
        "changed_since": gettext(
            "这张单子在此期间被他人更新过。您填写的内容已放回表中，请核对后再提交。"
        ),
        "sent_now": gettext("联网后已发送："),
        "send_now": gettext("现在发送"),
        "open": gettext("打开修改"),
        "discard": gettext("删除"),
        "discard_sure": gettext("删除后不能找回。确定删除这份没有发送的内容吗？"),
        "leaving": gettext("有 {n} 份内容尚未发送，退出后会从本机删除。仍要退出吗？"),
    }
