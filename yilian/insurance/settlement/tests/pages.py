"""Browsers of insurers and officers for the tests of pages."""

from django.test import Client

from yilian.foundation.access.actor import Role
from yilian.foundation.identity.models import Account
from yilian.registry.directory.tests.cast import make_authority, make_post

_BACKEND = "django.contrib.auth.backends.ModelBackend"


def clerk_of(area: str) -> Client:
    """Of that area's insurer; each call another person."""
    return _at(f"医保局{area}", area, Role.INSURER)


def officer_of(area: str) -> Client:
    return _at(f"卫健委{area}", area, Role.OFFICER)


def _at(name: str, area: str, role: Role) -> Client:
    post = make_post(make_authority(name, area), role)
    client = Client()
    client.force_login(Account.objects.get(pk=str(post.account_id)), backend=_BACKEND)
    return client
