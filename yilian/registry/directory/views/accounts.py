"""Accounts and posts, for those who keep them."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from yilian.foundation.access.actor import Role
from yilian.foundation.access.forms import show
from yilian.foundation.access.middleware import ActorRequest
from yilian.foundation.access.scope import find, require
from yilian.foundation.access.views import signed_in
from yilian.foundation.identity.models import Account
from yilian.foundation.identity.queries import lock_outs, second_factor_of
from yilian.kernel.errors import Conflict, Invalid, NotFound, NotPermitted
from yilian.kernel.ids import NIL
from yilian.kernel.text import _
from yilian.registry.directory import policies, queries, services
from yilian.registry.directory.forms import PostForm, ResetFactorForm, TakeOnForm
from yilian.registry.directory.models import Institution, PractitionerRole

ONLY_KEEPERS = _("只有系统管理员和安全管理员可以查看账号。")


@signed_in
@require_GET
def accounts(request: ActorRequest) -> HttpResponse:
    _require_keeper(request)
    text = request.GET.get("q", "").replace("\0", "").strip()[:64]
    page = queries.account_lines(
        request.actor, text=text, cursor=request.GET.get("cursor", "")
    )
    watches = request.actor.has(Role.SECURITY_ADMIN) and request.actor.is_authority
    context = {
        "page": page,
        "text": text,
        "lock_outs": lock_outs() if watches else None,
    }
    return render(request, "directory/accounts.html", context)


@signed_in
@never_cache
@require_http_methods(["GET", "POST"])
def take_on(request: ActorRequest) -> HttpResponse:
    _require_keeper(request)
    form = TakeOnForm(
        request.POST if request.method == "POST" else None, initial=_here(request)
    )
    if form.is_valid():
        try:
            done = services.take_on(request.actor, **form.facts())
        except (Invalid, Conflict, NotPermitted) as error:
            show(form, error)
        else:
            return render(request, "directory/taken_on.html", {"done": done})
    status = 422 if form.is_bound else 200
    return render(request, "directory/take_on.html", {"form": form}, status=status)


@signed_in
@require_GET
def account(request: ActorRequest, account_id: UUID) -> HttpResponse:
    return _account_page(request, account_id)


@signed_in
@require_POST
def add_post(request: ActorRequest, account_id: UUID) -> HttpResponse:
    posts = _posts_in_sight(request, account_id)
    form = PostForm(request.POST)
    if form.is_valid():
        facts = form.facts()
        facts.pop("key")  # a second post of the same place is refused anyway
        try:
            services.appoint(
                request.actor,
                practitioner_id=posts[0].practitioner_id,
                account_id=account_id,
                period=(facts.pop("starts_on"), None),
                **facts,
            )
        except (Invalid, Conflict, NotPermitted) as error:
            show(form, error)
        else:
            return redirect("directory:account", account_id)
    return _account_page(request, account_id, form=form, status=422)


@signed_in
@never_cache
@require_POST
def reset_password(request: ActorRequest, account_id: UUID) -> HttpResponse:
    """The password stands on this answer and nowhere else."""
    given = services.reset_password(request.actor, account_id)
    return _account_page(request, account_id, password=given)


@signed_in
@require_POST
def reset_second_factor(request: ActorRequest, account_id: UUID) -> HttpResponse:
    _posts_in_sight(request, account_id)
    form = ResetFactorForm(request.POST)
    if not form.is_valid():
        return _account_page(request, account_id, reset_form=form, status=422)
    services.reset_second_factor(request.actor, account_id, **form.facts())
    return redirect("directory:account", account_id)


@signed_in
@require_POST
def lock(request: ActorRequest, account_id: UUID) -> HttpResponse:
    services.lock_account(request.actor, account_id)
    return redirect("directory:account", account_id)


@signed_in
@require_POST
def unlock(request: ActorRequest, account_id: UUID) -> HttpResponse:
    services.unlock_account(request.actor, account_id)
    return redirect("directory:account", account_id)


@signed_in
@require_POST
def leave(request: ActorRequest, post_id: UUID) -> HttpResponse:
    post = services.leave_post(request.actor, post_id)
    if post.account_id is None or post.account_id == request.actor.account_id:
        return redirect("directory:staff", post.institution_id)
    return redirect("directory:account", post.account_id)


def _require_keeper(request: ActorRequest) -> None:
    require(request.actor.has(Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN), ONLY_KEEPERS)


def _here(request: ActorRequest) -> dict[str, Any]:
    own = Institution.objects.filter(pk=request.actor.institution_id or NIL).first()
    return {
        "institution_code": own.code if own else "",
        "starts_on": queries.today(),
    }


def _posts_in_sight(request: ActorRequest, account_id: UUID) -> list[PractitionerRole]:
    """All posts of the account, if any of them is within the keeper's sight."""
    _require_keeper(request)
    posts = list(
        PractitionerRole.objects.filter(account=account_id).select_related(
            "institution"
        )
    )
    seen = [p for p in posts if policies.can_see_staff(request.actor, p.institution)]
    if not seen:
        raise NotFound
    return posts


def _account_page(
    request: ActorRequest,
    account_id: UUID,
    *,
    form: PostForm | None = None,
    reset_form: ResetFactorForm | None = None,
    password: str | None = None,
    status: int = 200,
) -> HttpResponse:
    posts = _posts_in_sight(request, account_id)
    context = {
        "account": find(Account.objects.all(), account_id),
        "posts": queries.posts_held(account_id),
        "may_keep": policies.can_keep_account(request.actor, posts),
        "second_factor": second_factor_of(account_id),
        "may_reset": policies.can_reset_second_factor(request.actor, posts)
        and account_id != request.actor.account_id,
        "reset_form": reset_form or ResetFactorForm(),
        "form": form or PostForm(initial=_here(request)),
        "password": password,
    }
    return render(request, "directory/account.html", context, status=status)
