"""The door: staff by name and password, residents by number and one-time code."""

from typing import Any, Final, cast
from uuid import UUID

from django.contrib.auth import authenticate, login, logout, update_session_auth_hash
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render, resolve_url
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from yilian.foundation.access.forms import said, show
from yilian.foundation.access.middleware import (
    POST_KEY,
    ActorRequest,
    actor_of,
    origin_of,
)
from yilian.foundation.access.views import public, signed_in
from yilian.foundation.identity import services
from yilian.foundation.identity.forms import (
    CodeForm,
    NumberForm,
    PasswordForm,
    SignInForm,
)
from yilian.foundation.identity.models import Account
from yilian.foundation.identity.ports import residents
from yilian.foundation.identity.rules import AccountKind, TooManyCodes
from yilian.kernel.errors import Invalid, NotFound

SUBJECT_KEY: Final = "code_subject"
BY_NAME: Final = "django.contrib.auth.backends.ModelBackend"


# --- staff --------------------------------------------------------------------


@public("the way in for staff")
@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    if request.method == "GET":
        if getattr(request, "actor", None) is not None:
            return redirect("web:home")
        return _sign_in_page(request, SignInForm())
    form = SignInForm(request.POST)
    if not form.is_valid():
        return _sign_in_page(request, form, status=422)
    account = authenticate(request, **form.cleaned_data)
    if account is None or account.kind != AccountKind.STAFF:
        services.refuse_session(
            origin=origin_of(request),
            username=form.cleaned_data["username"],
            how="password",
        )
        # The same words for a wrong name, a wrong password and a locked account.
        form.add_error(None, _("登录名或密码不对。请检查大小写后再试。"))
        return _sign_in_page(request, form, status=422)
    if not let_in(request, account, how="password"):
        form.add_error(None, _("账号目前没有在任岗位。请联系本机构的系统管理员。"))
        return _sign_in_page(request, form, status=422)
    return HttpResponseRedirect(_next(request))


def let_in(request: HttpRequest, account: Account, *, how: str) -> bool:
    """Opens a session under a new key; False when the account has nothing to act as."""
    login(request, account, backend=BY_NAME)
    actor = actor_of(request)
    if actor is None:
        services.refuse_session(
            origin=origin_of(request), username=account.username, how="no-post"
        )
        logout(request)
        return False
    if actor.post_id:
        request.session[POST_KEY] = str(actor.post_id)
    services.open_session(actor, how=how)
    return True


def locked_out(
    request: HttpRequest, response: object = None, credentials: object = None
) -> HttpResponse:
    """Named by `AXES_LOCKOUT_CALLABLE`: too many wrong passwords for one name, known
    or not."""
    form = SignInForm(request.POST)
    form.add_error(None, _("连续输错次数过多，请 15 分钟后再试，或请系统管理员解锁。"))
    return _sign_in_page(request, form, status=429)


def _sign_in_page(
    request: HttpRequest, form: SignInForm, status: int = 200
) -> HttpResponse:
    context = {"form": form, "next": _next(request)}
    return render(request, "identity/sign_in.html", context, status=status)


def _next(request: HttpRequest) -> str:
    given = request.POST.get("next") or request.GET.get("next") or ""
    if url_has_allowed_host_and_scheme(given, allowed_hosts=None):
        return given
    return resolve_url("web:home")


@public("leaving twice does no harm")
@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    actor = getattr(request, "actor", None)
    if actor is not None:
        services.close_session(actor, how="asked")
    logout(request)
    return redirect("identity:sign_in")


@signed_in
@require_POST
def switch_post(request: ActorRequest) -> HttpResponse:
    """Only a post of one's own that stands today; the work begins at the home page."""
    wanted = _uuid(request.POST.get("post", ""))
    actor = actor_of(request, wanted)
    if actor is None or wanted is None or actor.post_id != wanted:
        raise NotFound
    request.session[POST_KEY] = str(wanted)
    services.switch_post(actor)
    return redirect("web:home")


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


@signed_in
@never_cache
@sensitive_post_parameters("old", "new", "again")
@require_http_methods(["GET", "POST"])
def password(request: ActorRequest) -> HttpResponse:
    form = PasswordForm(request.POST if request.method == "POST" else None)
    status = 200
    if form.is_bound:
        if form.is_valid() and _changed(request, form):
            return redirect("web:home")
        status = 422
    context = {"form": form, "is_due": cast(Account, request.user).must_change_password}
    return render(request, "identity/password.html", context, status=status)


def _changed(request: ActorRequest, form: PasswordForm) -> bool:
    facts = form.cleaned_data
    try:
        account = services.change_password(
            request.actor, old=facts["old"], new=facts["new"]
        )
    except Invalid as error:
        show(form, error)
        return False
    update_session_auth_hash(request, account)
    return True


# --- residents ----------------------------------------------------------------


@public("the way in for residents")
@never_cache
@require_http_methods(["GET", "POST"])
def resident(request: HttpRequest) -> HttpResponse:
    """First step: the number, sent and never shown in an address."""
    form = NumberForm(request.POST if request.method == "POST" else None)
    if not form.is_bound or not form.is_valid():
        status = 422 if form.is_bound else 200
        return render(request, "identity/resident.html", {"form": form}, status=status)
    door = residents()
    try:
        subject = door.subject(form.cleaned_data["number"])
        shown = door.ask(subject)
    except (Invalid, TooManyCodes) as error:
        form.add_error("number", said(error.text))
        return render(
            request, "identity/resident.html", {"form": form}, status=error.status
        )
    request.session[SUBJECT_KEY] = subject
    return _code_page(request, CodeForm(), shown=shown)


@public("the second step of the way in for residents")
@never_cache
@require_POST
def resident_code(request: HttpRequest) -> HttpResponse:
    """Second step: the code."""
    subject = request.session.get(SUBJECT_KEY)
    if not subject:
        return redirect("identity:resident")
    form = CodeForm(request.POST)
    if not form.is_valid():
        return _code_page(request, form, status=422)
    account = residents().enter(subject, form.cleaned_data["code"])
    if account is None or not let_in(request, account, how="code"):
        services.refuse_session(origin=origin_of(request), how="code")
        form.add_error("code", _("验证码不对或已失效。请核对短信，或重新获取验证码。"))
        return _code_page(request, form, status=422)
    request.session.pop(SUBJECT_KEY, None)
    return redirect("web:home")


def _code_page(
    request: HttpRequest,
    form: CodeForm,
    *,
    shown: str | None = None,
    status: int = 200,
) -> HttpResponse:
    context: dict[str, Any] = {"form": form, "shown": shown}
    return render(request, "identity/resident_code.html", context, status=status)
