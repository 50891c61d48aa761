"""Short messages leave once, by a job, and no number is ever printed."""

from typing import ClassVar

import pytest
from pytest_django import Settings

from yilian.foundation.notify import services
from yilian.foundation.notify.events import ShortMessageWritten
from yilian.foundation.notify.handlers import send_short_message
from yilian.foundation.notify.models import ShortMessage
from yilian.foundation.outbox.models import OutboxMessage
from yilian.foundation.vault.services import encrypt

pytestmark = pytest.mark.django_db
NUMBER = "13800005678"


class Carrier:
    """Stands for the way out to phones."""

    sent: ClassVar[list[tuple[str, str]]] = []
    is_down: ClassVar[bool] = False

    def send(self, phone: str, text: str) -> None:
        if Carrier.is_down:
            raise ConnectionError
        Carrier.sent.append((phone, text))


@pytest.fixture(autouse=True)
def _carrier(settings: Settings) -> None:
    settings.YILIAN_SHORT_MESSAGES = f"{__name__}.Carrier"
    Carrier.sent.clear()
    Carrier.is_down = False


@pytest.fixture
def written() -> ShortMessageWritten:
    for _twice in range(2):
        services.text_message(
            phone_cipher=encrypt(NUMBER), text="验证码 123456", cause="code-1"
        )
    return ShortMessageWritten(ShortMessage.objects.get().id)


def test_one_cause_makes_one_message_and_one_job(written: ShortMessageWritten) -> None:
    assert OutboxMessage.objects.filter(kind="ShortMessageWritten").count() == 1


def test_a_message_is_sent_once(written: ShortMessageWritten) -> None:
    send_short_message(written)
    send_short_message(written)
    assert Carrier.sent == [(NUMBER, "验证码 123456")]
    assert ShortMessage.objects.get().sent_at is not None


def test_a_carrier_that_is_down_leaves_the_message_to_be_tried_again(
    written: ShortMessageWritten,
) -> None:
    Carrier.is_down = True
    with pytest.raises(ConnectionError):
        send_short_message(written)
    assert ShortMessage.objects.get().sent_at is None
    Carrier.is_down = False
    send_short_message(written)
    assert len(Carrier.sent) == 1


def test_number_and_code_lie_only_in_their_ciphers(
    written: ShortMessageWritten,
) -> None:
    send_short_message(written)
    row = ShortMessage.objects.values().get()
    kept = b"|".join(
        bytes(part) if isinstance(part, memoryview | bytes) else str(part).encode()
        for part in row.values()
    )
    body = OutboxMessage.objects.get(kind="ShortMessageWritten").body
    for secret in (NUMBER, "123456"):
        assert secret.encode() not in kept
        assert secret not in str(body)


@pytest.mark.parametrize("is_demo", [True, False])
def test_the_console_shows_a_masked_number_and_in_a_demo_alone_the_code(
    written: ShortMessageWritten,
    settings: Settings,
    capsys: pytest.CaptureFixture[str],
    is_demo: bool,
) -> None:
    settings.YILIAN_DEMO = is_demo
    settings.YILIAN_SHORT_MESSAGES = (
        "yilian.interfaces.exchange.sms_console.ConsoleGateway"
    )
    send_short_message(written)
    said = capsys.readouterr().out
    assert "138****5678" in said
    assert NUMBER not in said
    assert ("123456" in said) is is_demo
