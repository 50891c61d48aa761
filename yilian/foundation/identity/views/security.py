"""What opens one's own door: the password and the second factor."""

from collections.abc import Callable
from typing import Any, cast

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from yilian.foundation.access.actor import SEPARATE_POWERS
from yilian.foundation.access.forms import said, show
from yilian.foundation.access.middleware import ActorRequest
from yilian.foundation.access.views import signed_in
from yilian.foundation.identity import services
from yilian.foundation.identity.forms import PasswordForm, ProofForm, SecondStepForm
from yilian.foundation.identity.middleware import owes_second_factor
from yilian.foundation.identity.models import Account
from yilian.foundation.identity.queries import enrolment_of, second_factor_of
from yilian.foundation.identity.rules import AccountKind, TooManyTries
from yilian.kernel.errors import Conflict, Invalid, NotFound


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
    except (Invalid, TooManyTries) as error:
        show(form, error)
        return False
    update_session_auth_hash(request, account)
    return True


@signed_in
@never_cache
@require_GET
def security(request: ActorRequest) -> HttpResponse:
    return _security_page(request)


@signed_in
@never_cache
@sensitive_post_parameters("password", "code")
@require_POST
def begin_second_factor(request: ActorRequest) -> HttpResponse:
    """The secret stands on this answer, and on those that ask for its code again."""
    form = _proof(request, request.POST)
    if not form.is_valid() or not _done(form, services.begin_second_factor, request):
        return _security_page(request, begin=form, status=_status_of(form))
    return _enrolment_page(request, SecondStepForm())


@signed_in
@never_cache
@sensitive_post_parameters("code")
@require_POST
def confirm_second_factor(request: ActorRequest) -> HttpResponse:
    """The recovery codes stand on this answer and nowhere else."""
    form = SecondStepForm(request.POST)
    if not form.is_valid():
        return _enrolment_page(request, form, status=422)
    try:
        codes = services.confirm_second_factor(request.actor, **form.cleaned_data)
    except Conflict as error:
        messages.error(request, said(error.text))
        return redirect("identity:security")
    except (Invalid, TooManyTries) as error:
        show(form, error)
        return _enrolment_page(request, form, status=error.status)
    _keep_session(request)
    return _codes_page(request, codes, is_new=True)


@signed_in
@never_cache
@sensitive_post_parameters("password", "code")
@require_POST
def renew_codes(request: ActorRequest) -> HttpResponse:
    form = _proof(request, request.POST)
    codes: list[str] = []

    def renew(actor: Any, **facts: str) -> None:
        codes.extend(services.renew_recovery_codes(actor, **facts))

    if not form.is_valid() or not _done(form, renew, request):
        return _security_page(request, renew=form, status=_status_of(form))
    return _codes_page(request, codes, is_new=False)


@signed_in
@never_cache
@sensitive_post_parameters("password", "code")
@require_POST
def end_second_factor(request: ActorRequest) -> HttpResponse:
    form = _proof(request, request.POST)
    if not form.is_valid() or not _done(form, services.end_second_factor, request):
        return _security_page(request, end=form, status=_status_of(form))
    _keep_session(request)
    messages.success(request, _("第二重验证已停用。"))
    return redirect("identity:security")


def _done(form: ProofForm, act: Callable[..., object], request: ActorRequest) -> bool:
    """False: what was wrong stands at its field."""
    try:
        act(request.actor, **form.facts())
    except (Invalid, TooManyTries, Conflict) as error:
        show(form, error)
        form.refusal = error.status
        return False
    return True


def _status_of(form: ProofForm) -> int:
    return form.refusal or 422


def _account(request: ActorRequest) -> Account:
    """Residents have a code sent to their phone, and nothing to keep here."""
    account = cast(Account, request.user)
    if account.kind != AccountKind.STAFF:
        raise NotFound
    return account


def _keep_session(request: ActorRequest) -> None:
    """Others end, this one goes on with the new fingerprint."""
    account = _account(request)
    account.refresh_from_db()
    update_session_auth_hash(request, account)


def _proof(request: ActorRequest, data: Any = None, prefix: str = "") -> ProofForm:
    account = _account(request)
    return ProofForm(
        data,
        auto_id=f"{prefix}_%s" if prefix else "id_%s",
        has_password=account.has_usable_password(),
        has_factor=account.second_factor_id is not None,
    )


def _security_page(
    request: ActorRequest, *, status: int = 200, **forms: ProofForm
) -> HttpResponse:
    account = _account(request)
    actor = request.actor
    context = {
        "standing": second_factor_of(account.pk),
        "has_password": account.has_usable_password(),
        "owes": owes_second_factor(request, actor),
        "may_end": not (actor.must_have_second_factor or actor.roles & SEPARATE_POWERS),
    }
    for name in ("begin", "renew", "end"):
        context[name] = forms.get(name) or _proof(request, prefix=name)
    return render(request, "identity/security.html", context, status=status)


def _enrolment_page(
    request: ActorRequest, form: SecondStepForm, status: int = 200
) -> HttpResponse:
    enrolment = enrolment_of(_account(request))
    if enrolment is None:
        messages.error(request, _("设置已超过 15 分钟，请重新开始。"))
        return redirect("identity:security")
    context = {
        "form": form,
        "enrolment": enrolment,
        "owes": owes_second_factor(request, request.actor),
    }
    return render(request, "identity/enrol.html", context, status=status)


def _codes_page(
    request: ActorRequest, codes: list[str], *, is_new: bool
) -> HttpResponse:
    context = {
        "codes": codes,
        "is_new": is_new,
        "username": _account(request).username,
    }
    return render(request, "identity/recovery_codes.html", context)
