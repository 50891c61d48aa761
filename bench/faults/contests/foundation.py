"""Parameters, accounts and codes, notices, events, seals."""

from datetime import date, timedelta
from functools import partial
from uuid import UUID

from django.utils import timezone
from pyotp import TOTP

from bench.faults.contests.fight import Contests, Fight, Wins
from bench.faults.contests.players import SYSTEM, cast, county, number, officers
from yilian.foundation.access.actor import Actor, Reach
from yilian.foundation.audit.services import seal
from yilian.foundation.identity.rules import AccountKind, CodePurpose
from yilian.foundation.identity.services import (
    ask_code,
    begin_second_factor,
    confirm_second_factor,
    open_account,
    pass_second_step,
    use_code,
)
from yilian.foundation.notify.models import Notice, ShortMessage
from yilian.foundation.notify.services import send_short_message, tell, text_message
from yilian.foundation.outbox.models import Delivery, OutboxMessage
from yilian.foundation.outbox.services import dispatch, publish, resend
from yilian.foundation.parameters.rules import KEYS, example_of
from yilian.foundation.parameters.services import propose, reject, release
from yilian.foundation.vault.services import encrypt
from yilian.kernel.ids import new_id
from yilian.registry.population.events import PersonDied

FOUNDATION = Contests()


def _proposed(day: date) -> UUID:
    who, _ = officers()
    key = next(
        name for name, key in sorted(KEYS.items()) if type(example_of(key)) is int
    )
    value = example_of(KEYS[key])
    return propose(who, key, value=value, starts_on=day, source="争用").pk


def _day() -> date:
    return date(2030, 1, 1) + timedelta(days=number() % 1_000_000)


@FOUNDATION.add("two values of one parameter are released for one day")
def released_twice() -> Fight:
    day = _day()
    _, other = officers()
    return Fight([partial(release, other, _proposed(day)) for _ in range(2)])


@FOUNDATION.add("one value is released and rejected at once")
def released_or_rejected() -> Fight:
    _, other = officers()
    value = _proposed(_day())
    return Fight([partial(release, other, value), partial(reject, other, value, "否")])


@FOUNDATION.add("one account name is opened twice")
def account_twice() -> Fight:
    again = partial(
        open_account, SYSTEM, username=f"b{new_id().hex[-12:]}", kind=AccountKind.STAFF
    )
    return Fight([again] * 2)


@FOUNDATION.add("one code is used four times")
def code_once() -> Fight:
    subject = new_id().hex
    code = ask_code(CodePurpose.SIGN_IN, subject, phone_cipher=None)
    assert code is not None

    def use() -> None:
        if not use_code(CodePurpose.SIGN_IN, subject, code):
            raise Refused

    return Fight([use] * 4)


@FOUNDATION.add("one recovery code opens for four")
def recovery_once() -> Fight:
    password = f"清水河-{new_id().hex[-8:]}"
    account = open_account(
        SYSTEM, username=f"b{new_id().hex[-12:]}", kind=AccountKind.STAFF,
        password=password,
    )  # fmt: skip
    actor = Actor(account.pk, Reach.INSTITUTION)
    begun = begin_second_factor(actor, password=password)
    codes = confirm_second_factor(actor, code=TOTP(begun.secret).now())

    def come_in() -> None:
        if pass_second_step(account.pk, code=codes[0], origin=new_id().hex) is None:
            raise Refused

    return Fight([come_in] * 4)


class Refused(Exception):
    """A "no" that is an answer and no error."""


@FOUNDATION.add("one cause is told four times (one notice)", Wins.ALL)
def told_once() -> Fight:
    cause = f"bench:{new_id()}"
    again = partial(
        tell, topic="referral", template="争用", cause=cause,
        institution_id=county().pk,
    )  # fmt: skip
    one = Notice.objects.filter(cause=cause)
    return Fight([again] * 4, lambda: one.count() == 1)


@FOUNDATION.add("one short message is written and sent four times", Wins.ALL)
def sent_once() -> Fight:
    cause = f"bench:{new_id()}"
    text_message(phone_cipher=encrypt("13800000000"), text="争用", cause=cause)
    message = ShortMessage.objects.get(cause=cause)

    def both() -> None:
        text_message(phone_cipher=encrypt("13800000000"), text="争用", cause=cause)
        send_short_message(message.pk)

    def once() -> bool:
        return ShortMessage.objects.get(cause=cause).tries == 1

    return Fight([both] * 4, once)


@FOUNDATION.add("three deliverers dispatch one event (one delivery)", Wins.ALL)
def dispatched_once() -> Fight:
    person = new_id()
    publish(PersonDied(person_id=person, died_at=timezone.now()), person_id=person)

    def once() -> bool:
        dispatch()
        event = OutboxMessage.objects.get(person_id=person)
        found = Delivery.objects.filter(message=event)
        return event.dispatched_at is None or found.count() == 1

    return Fight([dispatch] * 3, once)


@FOUNDATION.add("one dead letter is sent again by two")
def resent_twice() -> Fight:
    person = new_id()
    publish(PersonDied(person_id=person, died_at=timezone.now()), person_id=person)
    message = OutboxMessage.objects.get(person_id=person)
    letter = Delivery.objects.create(message=message, handler="bench", state="dead")
    again = partial(resend, cast("system_admin"), letter.pk)
    return Fight([again] * 2)


@FOUNDATION.add("three seal the audit trail", Wins.ALL)
def sealed_once() -> Fight:
    return Fight([seal] * 3)
