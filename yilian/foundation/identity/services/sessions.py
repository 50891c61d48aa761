"""Sessions opened, switched and closed, and sign-ins that failed."""

from django.db import transaction

from yilian.foundation.access.actor import Actor
from yilian.foundation.audit import services as audit
from yilian.foundation.identity.models import Account
from yilian.foundation.identity.services import tallies
from yilian.kernel.ids import NIL


@transaction.atomic
def open_session(actor: Actor, *, how: str) -> None:
    """`how`: password, code or cast."""
    remember_post(actor)
    audit.record(actor, "session.open", detail={"how": how})


@transaction.atomic
def switch_post(actor: Actor) -> None:
    """`actor` already stands in the new post."""
    remember_post(actor)
    audit.record(
        actor, "session.switch_post", object_kind="post", object_id=actor.post_id
    )


def remember_post(actor: Actor) -> None:
    """The post to open next time."""
    Account.objects.filter(pk=actor.account_id or NIL).exclude(
        last_post_id=actor.post_id
    ).update(last_post_id=actor.post_id)


def close_session(actor: Actor, *, how: str) -> None:
    """`how`: asked, idle, or wall (the browser became one)."""
    audit.record(actor, "session.close", detail={"how": how})


def refuse_session(*, origin: str, username: str = "", how: str) -> None:
    """A failed sign-in. A typed name may be a password by mistake: only the id of an
    account that exists is kept."""
    known = Account.objects.filter(username=username).values_list("pk", flat=True)
    audit.record_refusal(
        None,
        "session.refused",
        origin=origin,
        object_kind="account",
        object_id=known.first() if username else None,
        detail={"how": how},
    )


def require_room_to_try(origin: str) -> None:
    """Passwords and codes together: many names tried from one network address."""
    tallies.require_room(tallies.trying_limit(), origin)


def note_wrong_try(origin: str) -> None:
    tallies.note_wrong(tallies.trying_limit(), origin)
