"""`yilian simulate insurer`: start the other side and say where it listens."""

import os
import secrets
from collections.abc import Callable, Sequence
from pathlib import Path

from yilian.insurance.insurer.rules.signing import LEAST_KEY
from yilian.insurance.insurer.simulator.book import Book
from yilian.insurance.insurer.simulator.faults import Fault, Faults
from yilian.insurance.insurer.simulator.serving import Desk, Server


def simulate(
    *,
    host: str,
    port: int,
    key_file: Path,
    book: str,
    faults: Sequence[str],
    share: float,
    seed: int,
    hold: float,
    delay: float,
    say: Callable[[str], None],
) -> None:
    """Until it is stopped."""
    kinds = tuple(Fault(name) for name in faults)
    bad_days = Faults(kinds, share, seed, hold, delay)
    desk = Desk(Book(book), shared_key(key_file), bad_days, say=say)
    with Server(host, port, desk) as server:
        say(f"YILIAN_INSURER_URL=http://{host}:{server.server_address[1]}")
        say(f"YILIAN_INSURER_KEY_FILE={key_file}")
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            return


def shared_key(path: Path) -> bytes:
    """Made where there is none, for its owner alone."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_hex(LEAST_KEY) + "\n")
    return bytes.fromhex(path.read_text().strip())
