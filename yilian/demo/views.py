"""Signing in with a click, as one of the cast. Only in the demo (decisions 22)."""

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from yilian.demo.cast import CAST, groups
from yilian.foundation.access.views import public
from yilian.foundation.identity.models import Account
from yilian.foundation.identity.views.door import let_in
from yilian.kernel.errors import NotFound


@public("演示角色，只在演示模式存在")
@never_cache
@require_GET
def cast(request: HttpRequest) -> HttpResponse:
    """Within the sign-in page a fragment, alone a page."""
    _require_demo()
    is_part = request.headers.get("HX-Request") == "true"
    template = "demo/_cast.html" if is_part else "demo/cast.html"
    return render(request, template, {"groups": groups()})


@public("演示角色进入，只在演示模式存在")
@require_POST
def enter(request: HttpRequest) -> HttpResponse:
    """The session of whoever was in before ends first."""
    _require_demo()
    username = request.POST.get("username", "")
    if username not in {member.username for member in CAST}:
        raise NotFound
    account = Account.objects.filter(username=username).first()
    logout(request)
    if account is None or not let_in(request, account, how="cast"):
        messages.error(request, _("演示数据里还没有这个角色，请等演示区域建好再试。"))
        return redirect("identity:sign_in")
    return redirect("web:home")


def _require_demo() -> None:
    if not settings.YILIAN_DEMO:
        raise NotFound
