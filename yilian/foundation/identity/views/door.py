"""The door: staff by name, password and, where they have one, a second factor;
residents by number and one-time code."""

from datetime import timedelta
from time import time
from typing import Any, Final
from uuid import UUID

from django.contrib import messages
from django.contrib.auth import authenticate, login, logout
from django.forms import Form
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render, resolve_url
from django.utils.crypto import constant_time_compare
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from yilian.foundation.access.forms import said
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
    RecoveryForm,
    SecondStepForm,
    SignInForm,
)
from yilian.foundation.identity.middleware import BY_NAME, HOW_KEY
from yilian.foundation.identity.models import Account
from yilian.foundation.identity.ports import residents
from yilian.foundation.identity.rules import (
    FEW_LEFT,
    HALF_WAY_LASTS,
    AccountKind,
    TooManyCodes,
    TooManyTries,
)
from yilian.kernel.errors import Invalid, NotFound

SUBJECT_KEY: Final = "code_subject"
HALF_WAY_KEY: Final = "half_way"  # the password was right; nobody is signed in yet
_NO_POST: Final = gettext_lazy("账号目前没有在任岗位。请联系本机构的系统管理员。")


# --- staff --------------------------------------------------------------------


@public("the way in for staff")
@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    if request.method == "GET":
        return _greet(request)
    form = SignInForm(request.POST)
    if not form.is_valid():
        return _sign_in_page(request, form, status=422)
    account = _by_password(request, form)
    if account is None:
        return _sign_in_page(request, form, status=form.refusal)
    if account.second_factor_id is not None:
        _stop_half_way(request, account)
        return redirect("identity:second_step")
    if not let_in(request, account, how="password"):
        form.add_error(None, _NO_POST)
        return _sign_in_page(request, form, status=422)
    return HttpResponseRedirect(_next(request))


def _greet(request: HttpRequest) -> HttpResponse:
    if getattr(request, "actor", None) is not None:
        return redirect("web:home")
    if _half_way(request) is not None:
        return redirect("identity:second_step")
    return _sign_in_page(request, SignInForm())


def _by_password(request: HttpRequest, form: SignInForm) -> Account | None:
    """None: the form says why not, in the same words for a wrong name, a wrong
    password and a locked account."""
    origin = origin_of(request)
    try:
        services.require_room_to_try(origin)
    except TooManyTries as error:
        form.refuse(said(error.text), status=error.status)
        return None
    account = authenticate(request, **form.cleaned_data)
    if account is not None and account.kind == AccountKind.STAFF:
        return account
    services.note_wrong_try(origin)
    services.refuse_session(
        origin=origin, username=form.cleaned_data["username"], how="password"
    )
    form.refuse(_("登录名或密码不对。请检查大小写后再试。"))
    return None


@public("the second step of the way in for staff; nobody is signed in before it")
@never_cache
@sensitive_post_parameters("code")
@require_http_methods(["GET", "POST"])
def second_step(request: HttpRequest) -> HttpResponse:
    account = _half_way(request)
    if account is None:
        messages.info(request, _("请重新输入登录名和密码。"))
        return redirect("identity:sign_in")
    if request.method == "GET":
        return _second_page(request, SecondStepForm(), RecoveryForm())
    is_paper = "recovery" in request.POST
    form = (RecoveryForm if is_paper else SecondStepForm)(request.POST)
    target = request.session[HALF_WAY_KEY]["next"]
    status = _pass(request, account, form) if form.is_valid() else 422
    if status is None:
        return HttpResponseRedirect(target)
    first = SecondStepForm() if is_paper else form
    second = form if is_paper else RecoveryForm()
    return _second_page(request, first, second, status=status)


def _pass(request: HttpRequest, account: Account, form: Form) -> int | None:
    """None: in. Otherwise the status of the page that says why not."""
    code, origin = form.cleaned_data["code"], origin_of(request)
    try:
        passed = services.pass_second_step(account.pk, code=code, origin=origin)
    except TooManyTries as error:
        services.refuse_session(origin=origin, username=account.username, how="rests")
        form.add_error("code", said(error.text))
        return error.status
    if passed is None:
        services.refuse_session(origin=origin, username=account.username, how="second")
        form.add_error("code", _("不对、已过期或已用过。请核对后再输。"))
        return 422
    del request.session[HALF_WAY_KEY]
    if not let_in(request, account, how=f"password+{passed.how}"):
        form.add_error("code", _NO_POST)
        return 422
    if passed.how == "recovery":
        _say_how_many(request, passed.left)
    return None


def _say_how_many(request: HttpRequest, left: int) -> None:
    words = _("已用恢复码登录，还剩 {n} 个。").format(n=left)
    if left <= FEW_LEFT:
        words += _("请在“登录安全”里重新生成。")
    messages.warning(request, words)


def _stop_half_way(request: HttpRequest, account: Account) -> None:
    """The password was right. The session has no user: every page answers as to a
    stranger, until the code."""
    request.session.flush()
    request.session[HALF_WAY_KEY] = {
        "account": str(account.pk),
        "fingerprint": account.get_session_auth_hash(),
        "since": int(time()),
        "next": _next(request),
    }


def _half_way(request: HttpRequest) -> Account | None:
    """Who may go on: for a few minutes, unless password or account changed since."""
    kept = request.session.get(HALF_WAY_KEY)
    if kept is None:
        return None
    account = Account.objects.filter(pk=kept["account"], is_active=True).first()
    age = timedelta(seconds=int(time()) - int(kept["since"]))
    if account is not None and age < HALF_WAY_LASTS and account.second_factor_id:
        mark = account.get_session_auth_hash()
        if constant_time_compare(kept["fingerprint"], mark):
            return account
    del request.session[HALF_WAY_KEY]
    return None


def _second_page(
    request: HttpRequest, form: Form, recovery: Form, status: int = 200
) -> HttpResponse:
    context = {"form": form, "recovery": recovery}
    return render(request, "identity/second_step.html", context, status=status)


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
    request.session[HOW_KEY] = how
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
        services.ask_from(origin_of(request))
        shown = door.ask(subject)
    except (Invalid, TooManyCodes, TooManyTries) as error:
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
    origin = origin_of(request)
    try:
        services.require_room_to_try(origin)
    except TooManyTries as error:
        form.add_error("code", said(error.text))
        return _code_page(request, form, status=error.status)
    account = residents().enter(subject, form.cleaned_data["code"])
    if account is None or not let_in(request, account, how="code"):
        services.note_wrong_try(origin)
        services.refuse_session(origin=origin, how="code")
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
