"""Residents at the door: by identity number and a code sent to their phone."""

from datetime import date
from typing import Final
from uuid import uuid4

from django.db import transaction
from django.utils import timezone

from yilian.foundation.access.actor import system_actor
from yilian.foundation.identity import services as identity
from yilian.foundation.identity.models import Account
from yilian.foundation.identity.rules import AccountKind, CodePurpose
from yilian.foundation.vault.services import keyed_index
from yilian.kernel.calendar import local_day
from yilian.kernel.identity_number import IdentityKind, IdentityNumberWrong, check
from yilian.registry.population.models import Person, PersonQuerySet

# Their numbers carry a check character, so a slip is caught before anything is sent.
_CHECKED: Final = (
    IdentityKind.ID_CARD,
    IdentityKind.HMT_RESIDENCE,
    IdentityKind.FOREIGNER_RESIDENCE,
)


class ResidentDoor:
    """Supplied to `identity` by the settings (`YILIAN_RESIDENTS`)."""

    def subject(self, number: str) -> str:
        return _index(number, local_day(timezone.now()))

    def ask(self, subject: str) -> str | None:
        """Whether there is such a person shows neither in the answer nor in time."""
        person = _living(subject).only("phone_cipher").first()
        phone = person and person.phone_cipher
        return identity.ask_code(
            CodePurpose.SIGN_IN, subject, phone_cipher=bytes(phone) if phone else None
        )

    @transaction.atomic
    def enter(self, subject: str, code: str) -> Account | None:
        """The first time, the account is opened and linked."""
        if not identity.use_code(CodePurpose.SIGN_IN, subject, code):
            return None
        person = _living(subject).select_for_update(of=("self",)).first()
        if person is None or not person.phone_cipher:
            return None
        if person.account is None:
            person.account = _open_account()
            person.save(update_fields=["account"])
        return person.account


DOOR: Final = ResidentDoor()


def _index(number: str, today: date) -> str:
    first: IdentityNumberWrong | None = None
    for kind in _CHECKED:
        try:
            checked = check(kind, number, today=today)
        except IdentityNumberWrong as error:
            first = first or error
        else:
            return keyed_index(f"identity:{kind}", checked.value)
    raise first or IdentityNumberWrong("")


def _living(subject: str) -> PersonQuerySet:
    return Person.objects.filter(
        identifiers__value_index=subject,
        identifiers__kind__in=_CHECKED,
        identifiers__retired_at=None,
        died_at=None,
    )


def _open_account() -> Account:
    """Its name is a random handle: never a number that says who it is."""
    return identity.open_account(
        system_actor("resident-sign-in"),
        username=f"r-{uuid4().hex}",
        kind=AccountKind.RESIDENT,
    )
