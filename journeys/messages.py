"""A foreign system that sends referrals by HL7 v2 and goes on whatever happens: what
was not acknowledged is sent again, the same message with the same control id.

Each sender writes a referral and takes it back, again and again for patients of its
own. Its client is python-hl7's: it knows nothing of us.
"""

import contextlib
import os
import re
import signal
import socket
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from secrets import token_hex
from typing import Any, Final

from hl7.client import MLLPClient

from bench import region

HOST: Final = "127.0.0.1"
WAIT: Final = 0.1  # seconds before the same is sent again
PATIENCE: Final = 20.0  # for an answer
LAST_CHANCE: Final = 60.0
REFER, CANCEL = "REF^I12", "REF^I14"
_ACKNOWLEDGED: Final = re.compile(rb"\rMSA\|AA\|([^|\r]+)")

Patient = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Sender:
    """How the foreign system names itself, and the house it writes to."""

    feed: str
    facility: str
    house: str

    def message(self, kind: str, control_id: str, number: str, who: Patient) -> bytes:
        lines = [
            f"MSH|^~\\&|BENCH|{self.facility}|YILIAN|NX|20260301080000+0800||{kind}|"
            f"{control_id}|P|2.5||||||UNICODE UTF-8",
            f"RF1|P|R|MED||O|{number}^BENCH|20260301|||^血压两次随访未达标|",
            "PRD|RP|周^医生|||||D001^LOCAL",
            f"PRD|RT|||^^^{self.house}",
            f"PID|1||{who['number']}^^^MPI^NI||{who['name']}||{who['born']}|"
            f"{who['sex']}|||望远镇一村||13800000000",
            "DG1|1||I10.x00^高血压病^I10||20260301|W",
            "NTE|1||主诉：胸闷 3 天",
            "NTE|2||体格检查：血压 182/112 mmHg",
            "NTE|3||已做处理：氨氯地平 5 mg 每日一次",
        ]
        return ("\r".join(lines) + "\r").encode()


@dataclass
class Senders:
    """What was acknowledged, by control id; and what was said instead."""

    sender: Sender
    port: int
    acknowledged: dict[str, str] = field(default_factory=dict)  # its kind
    took: list[float] = field(default_factory=list)  # seconds until acknowledged
    moments: list[float] = field(default_factory=list)
    others: Counter[str] = field(default_factory=Counter)
    sent_again: int = 0
    unsettled: list[str] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)

    def start(self, groups: Sequence[Sequence[Patient]]) -> "Senders":
        self._threads = [
            threading.Thread(target=self._send, args=(group,), daemon=True)
            for group in groups
        ]
        for thread in self._threads:
            thread.start()
        return self

    def stop(self) -> None:
        """Once nothing is under way any more."""
        self._stop.set()
        for thread in self._threads:
            thread.join(LAST_CHANCE + PATIENCE)
            assert not thread.is_alive(), "a sender never got an answer"

    def _send(self, patients: Sequence[Patient]) -> None:
        line = _Line(self.port)
        for who in cycle(patients):
            number = f"N{token_hex(8)}"
            for kind in (REFER, CANCEL):
                if self._stop.is_set() and kind == REFER:
                    line.hang_up()
                    return
                control_id = f"B{token_hex(9)}"
                text = self.sender.message(kind, control_id, number, who)
                if not self._insist(line, control_id, kind, text):
                    break

    def _insist(self, line: "_Line", control_id: str, kind: str, text: bytes) -> bool:
        begun = time.monotonic()
        while time.monotonic() < begun + LAST_CHANCE:
            answer = line.ask(text)
            found = _ACKNOWLEDGED.search(answer)
            if found and found[1].decode() == control_id:
                now = time.monotonic()
                self.acknowledged[control_id] = kind
                self.took.append(now - begun)
                self.moments.append(now)
                return True
            self.others[_said(answer)] += 1
            self.sent_again += 1
            threading.Event().wait(WAIT)
        self.unsettled.append(f"{kind} {control_id}: not acknowledged")
        return False


def _said(answer: bytes) -> str:
    found = re.search(rb"\rMSA\|(\w\w)\|[^|\r]*\|?([^\r|]*)", answer)
    if not found:
        return answer.decode(errors="replace") if len(answer) < 40 else "?"
    return b" ".join(found.groups()).decode(errors="replace")


class _Line:
    """One kept connection, opened anew when it breaks."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._client: MLLPClient | None = None

    def ask(self, text: bytes) -> bytes:
        """The answer; without one the name of what happened instead."""
        try:
            if self._client is None:
                self._client = MLLPClient(HOST, self.port)
                self._client.socket.settimeout(PATIENCE)
            answer: bytes = self._client.send_message(text)
        except OSError as error:
            self.hang_up()
            return type(error).__name__.encode()
        if not answer:
            self.hang_up()
            return b"hung up"
        return answer

    def hang_up(self) -> None:
        if self._client is not None:
            self._client.close()
        self._client = None


@dataclass
class Listener:
    """`yilian exchange` beside a running region, to be killed and started again."""

    data: Path
    port: int
    process: "subprocess.Popen[bytes] | None" = None

    def start(self) -> None:
        ours = ("PYTEST", "YILIAN_", "DATABASE_URL", "DJANGO_")
        kept = {k: v for k, v in os.environ.items() if not k.startswith(ours)}
        with (self.data / "logs" / "exchange_drill.log").open("ab") as log:
            self.process = subprocess.Popen(
                [*region.YILIAN, "exchange", "--port", str(self.port)],
                cwd=region.ROOT, stdout=log, stderr=log,
                env=kept | {"YILIAN_DATA": str(self.data), "YILIAN_DEMO": "1"},
            )  # fmt: skip
        self._wait()

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait(30)

    def stop(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(30) == 0

    def _wait(self, seconds: float = 60.0) -> None:
        assert self.process is not None
        give_up_at = time.monotonic() + seconds
        while time.monotonic() < give_up_at:
            assert self.process.poll() is None, "the listener has ended"
            with (
                contextlib.suppress(OSError),
                socket.create_connection((HOST, self.port), 1),
            ):
                return
            time.sleep(0.1)
        raise AssertionError("the listener does not listen")


@contextlib.contextmanager
def listening(data: Path) -> Iterator[Listener]:
    with socket.socket() as one:
        one.bind((HOST, 0))
        port: int = one.getsockname()[1]
    listener = Listener(data, port)
    listener.start()
    try:
        yield listener
    finally:
        if listener.process is not None and listener.process.poll() is None:
            listener.process.terminate()
            listener.process.wait(30)


def groups_of(told: Mapping[str, Any], count: int) -> list[list[Patient]]:
    """Patients of its own for each sender."""
    patients: list[Patient] = told["patients"]
    return [patients[number::count] for number in range(count)]


def sender_of(told: Mapping[str, Any]) -> Sender:
    return Sender(told["feed"], told["facility"], told["house"])


Pause = Callable[[], float]
