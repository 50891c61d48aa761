"""The cast of settlement, and an insurer's system in a process of its own."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.utils import timezone

from yilian.insurance.insurer.models import Line, Transaction
from yilian.insurance.insurer.services import sending
from yilian.insurance.insurer.tests.peer import Peer
from yilian.insurance.settlement.tests.conftest import (
    county,
    resident,
    tertiary,
    township,
    village,
    world,
)

__all__ = ["county", "resident", "tertiary", "township", "village", "world"]

Connect = Callable[..., Peer]


@pytest.fixture
def connect(tmp_path: Path, settings: object) -> Iterator[Connect]:
    """Starts a simulator with these arguments and points us to it."""
    started: list[Peer] = []

    def start(*arguments: str, patience: float = 2.0) -> Peer:
        for peer in started:
            peer.stop()
        peer = Peer.started(tmp_path, *arguments)
        started.append(peer)
        settings.YILIAN_INSURER_URL = peer.url  # type: ignore[attr-defined]
        settings.YILIAN_INSURER_KEY_FILE = str(peer.key)  # type: ignore[attr-defined]
        settings.YILIAN_INSURER_PATIENCE = patience  # type: ignore[attr-defined]
        return peer

    yield start
    for peer in started:
        peer.stop()


def deliver_all(rounds: int = 12) -> None:
    """As the worker would, without its pauses, until nothing is left to do."""
    for _round in range(rounds):
        rows = Transaction.objects.filter(state__in=["queued", "unknown"])
        if not rows.exists():
            return
        rows.update(due_at=timezone.now())
        Line.objects.update(not_before=None)
        for person_id in set(rows.values_list("person_id", flat=True)):
            sending.send_of(person_id)
