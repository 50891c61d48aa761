"""Every arrow that points upwards in the architecture, on one page.

A module announces an event and does not know who listens. `SUBSCRIPTIONS` is read
by the deliverer; a handler may run twice, so it must be idempotent. `LIVE` says
which open pages are woken. Ports get their adapters here.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from yilian.care.referral import handlers as referral
from yilian.care.referral.events import (
    AnswerOverdue,
    CancellationRefused,
    CancellationRequested,
    CareBegan,
    CareEnded,
    InformationRequested,
    InformationSupplied,
    PatientArrived,
    PatientDeparted,
    PatientDidNotShow,
    ReferralAccepted,
    ReferralCancelled,
    ReferralChased,
    ReferralClosedByDeath,
    ReferralCompleted,
    ReferralDeclined,
    ReferralEnteredInError,
    ReferralExpired,
    ReferralRedirected,
    ReferralScheduled,
    ReferralSubmitted,
    ReferralWithdrawn,
)
from yilian.foundation.notify import handlers as notify
from yilian.foundation.notify.events import NoticePosted, ShortMessageWritten
from yilian.foundation.outbox.rules import LiveNotice
from yilian.insurance.budget import handlers as budget
from yilian.insurance.insurer import handlers as insurer
from yilian.insurance.settlement import handlers as settlement
from yilian.insurance.settlement.events import (
    AmountRefused,
    BillPosted,
    BillSettled,
    BillVoided,
    SettlementReversed,
)
from yilian.interfaces.exchange.outgoing import handlers as exchange
from yilian.kernel.event import Event
from yilian.record.sink import RecordSink
from yilian.registry.directory.events import PostLeft
from yilian.registry.population import handlers as population
from yilian.registry.population.events import GlassBroken, PersonDied
from yilian.resources.reception.events import EncounterClosed, EncounterOpened
from yilian.resources.scheduling.events import HoldExpired, PlacesChanged, SlotCancelled

RECORD_SINK = RecordSink()

Handler = Callable[[Any], None]

SUBSCRIPTIONS: Mapping[type[Event], Sequence[Handler]] = {
    NoticePosted: [],
    ShortMessageWritten: [notify.send_short_message],
    PostLeft: [referral.give_back_work],
    PersonDied: [referral.close_for_death],
    GlassBroken: [population.tell_reviewers],
    HoldExpired: [referral.note_hold_expired],
    SlotCancelled: [referral.note_slot_cancelled],
    PlacesChanged: [],
    EncounterOpened: [referral.close_for_admission],
    EncounterClosed: [],
    ReferralSubmitted: [referral.tell_people, exchange.tell_peers],
    InformationRequested: [referral.tell_people, exchange.tell_peers],
    InformationSupplied: [referral.tell_people, exchange.tell_peers],
    ReferralAccepted: [
        referral.tell_people,
        referral.tell_patient,
        exchange.tell_peers,
    ],
    ReferralDeclined: [referral.tell_people, exchange.tell_peers],
    ReferralRedirected: [referral.tell_people, exchange.tell_peers],
    ReferralScheduled: [
        referral.tell_people,
        referral.tell_patient,
        exchange.tell_peers,
    ],
    PatientDeparted: [referral.tell_people],
    PatientArrived: [referral.tell_people, exchange.tell_peers],
    PatientDidNotShow: [referral.tell_people, exchange.tell_peers],
    CareBegan: [],
    CareEnded: [],
    ReferralCompleted: [referral.tell_people, exchange.tell_peers],
    ReferralWithdrawn: [referral.tell_people, exchange.tell_peers],
    CancellationRequested: [referral.tell_people, exchange.tell_peers],
    CancellationRefused: [referral.tell_people, exchange.tell_peers],
    ReferralCancelled: [referral.tell_people, exchange.tell_peers],
    ReferralExpired: [referral.tell_people, exchange.tell_peers],
    ReferralClosedByDeath: [referral.tell_people, exchange.tell_peers],
    ReferralEnteredInError: [referral.tell_people, exchange.tell_peers],
    AnswerOverdue: [],
    ReferralChased: [],
    BillPosted: [settlement.settle_posted],
    BillSettled: [insurer.tell_insurer, budget.count_use],
    SettlementReversed: [insurer.tell_insurer, budget.count_use],
    BillVoided: [],
    AmountRefused: [budget.take_refusal_over],
}


def _places(event: PlacesChanged) -> Iterable[LiveNotice]:
    yield LiveNotice("places", institution_id=event.institution_id)


def _reception(event: EncounterOpened | EncounterClosed) -> Iterable[LiveNotice]:
    yield LiveNotice("reception", institution_id=event.institution_id)


_HOPS = {kind: referral.live for kind in SUBSCRIPTIONS if kind in referral.NOTICES}
LIVE: Mapping[type[Event], Callable[[Any], Iterable[LiveNotice]]] = {
    NoticePosted: notify.wake_inbox,
    PlacesChanged: _places,
    EncounterOpened: _reception,
    EncounterClosed: _reception,
    **_HOPS,
}
