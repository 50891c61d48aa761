"""Accounts and how they prove themselves: no posts, no persons (decisions 2)."""

from collections.abc import Mapping
from typing import Any, ClassVar, Final
from uuid import UUID

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import Q
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _
from oauth2_provider.models import AbstractApplication

from yilian.foundation.access.choices import values
from yilian.foundation.access.composed import Composed
from yilian.foundation.identity.rules import AccountKind
from yilian.kernel.ids import new_id


class AccountManager(BaseUserManager["Account"]):
    """Only what Django's own login needs; accounts are opened by `services`."""

    def get_by_natural_key(self, username: str | None) -> "Account":
        return self.get(username=username)

    def get(self, *args: Any, **facts: Any) -> "Account":
        """By key, which every request asks, without composing the question anew."""
        if args or set(facts) != {"pk"} or not isinstance(facts["pk"], UUID):
            return super().get(*args, **facts)
        found = _BY_KEY.ask(key=facts["pk"])
        if not found:
            raise Account.DoesNotExist
        return found[0]


class Account(AbstractBaseUser):  # type: ignore[django-manager-missing]
    """Somebody who may sign in: staff by name and password, residents by code."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    # For residents a random handle: never an identity number or a phone.
    username = models.CharField(_("登录名"), max_length=64, unique=True)
    kind = models.CharField(max_length=16)
    is_active = models.BooleanField(default=True)
    must_change_password = models.BooleanField(default=False)
    language = models.CharField(max_length=8, default="zh-hans")
    created_at = models.DateTimeField(auto_now_add=True)
    locked_at = models.DateTimeField(null=True)
    # The post last worked in; a weak link, posts live above.
    last_post_id = models.UUIDField(null=True)
    # The one in force; None: a password alone opens.
    second_factor = models.ForeignKey(
        "identity.SecondFactor", models.PROTECT, null=True, related_name="+"
    )

    USERNAME_FIELD: ClassVar[str] = "username"
    REQUIRED_FIELDS: ClassVar[list[str]] = []
    objects = AccountManager()

    # Django's admin and allauth ask these; nobody is a superuser here.
    is_staff: Final = False
    is_superuser: Final = False

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=values(AccountKind)), name="account_kind_known"
            ),
        ]

    def __str__(self) -> str:
        return self.username

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        """The fingerprint each session carries: another second factor, as another
        password, ends the sessions opened before it."""
        if self.second_factor_id is None:
            own = super()._get_session_auth_hash(secret=secret)  # type: ignore[misc]
            return str(own)
        return salted_hmac(
            "yilian.identity.Account.session",
            f"{self.password}\0{self.second_factor_id}",
            secret=secret,
            algorithm="sha256",
        ).hexdigest()

    def has_perm(self, perm: str, obj: Any = None) -> bool:
        return False

    def has_module_perms(self, app_label: str) -> bool:
        return False


_BY_KEY: Final = Composed(lambda key: Account.objects.filter(pk=key))


class OneTimeCode(models.Model):
    """A code sent to a resident's phone: sign in, or show presence at a desk.

    The code is kept as a keyed digest; `subject_index` is the keyed index of the
    identity number or the person it was asked for (decisions 12).
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    purpose = models.CharField(max_length=16)
    subject_index = models.CharField(max_length=64, db_index=True)
    code_digest = models.CharField(max_length=64)
    asked_by = models.ForeignKey(Account, models.PROTECT, null=True)
    tries = models.PositiveSmallIntegerField(default=0)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)


class SecondFactor(models.Model):
    """A secret shared with the authenticator app of one phone (TOTP, RFC 6238).

    `confirmed_at` None: shown to its owner, who has not yet typed a code of it.
    `last_step` only grows, so that each code opens once.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    account = models.ForeignKey(Account, models.PROTECT, related_name="second_factors")
    secret_cipher = models.BinaryField()
    last_step = models.BigIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)
    confirmed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account"],
                condition=Q(confirmed_at=None),
                name="second_factor_one_to_confirm",
            ),
        ]


class RecoveryCode(models.Model):
    """Opens once where the phone is not at hand; kept as a keyed digest."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    factor = models.ForeignKey(
        SecondFactor, models.PROTECT, related_name="recovery_codes"
    )
    code_digest = models.CharField(max_length=64)
    used_at = models.DateTimeField(null=True)


class Tally(models.Model):
    """How often something was tried since a moment; `index` names the limit and,
    by a keyed digest, the account or network address it counts."""

    index = models.CharField(max_length=64, primary_key=True)
    count = models.PositiveIntegerField(default=0)
    since = models.DateTimeField()


class Application(AbstractApplication):  # type: ignore[misc]
    """An outside system that may ask for a token (SMART backend services)."""

    class Meta(AbstractApplication.Meta):  # type: ignore[misc]
        pass


ACCOUNT_KIND_NAMES: Final[Mapping[AccountKind, Any]] = {
    AccountKind.STAFF: _("工作人员"),
    AccountKind.RESIDENT: _("居民"),
}
