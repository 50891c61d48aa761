"""What the inbox and the SMS port do by themselves; listed in `config/wiring.py`."""

from collections.abc import Iterable

from yilian.foundation.notify import services
from yilian.foundation.notify.events import NoticePosted, ShortMessageWritten
from yilian.foundation.outbox.rules import LiveNotice


def send_short_message(event: ShortMessageWritten) -> None:
    services.send_short_message(event.message_id)


def wake_inbox(event: NoticePosted) -> Iterable[LiveNotice]:
    """For the table `LIVE`: the open pages of those it is for count anew."""
    yield LiveNotice(
        topic="inbox",
        institution_id=None if event.account_id else event.institution_id,
        account_id=event.account_id,
        urgency=event.urgency,
        cause=str(event.notice_id),
    )
