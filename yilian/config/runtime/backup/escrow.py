"""The keys' own copy: a small file under its own passphrase, kept apart.

Whoever holds a backup and this file and both passphrases holds the region.
"""

import os
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from yilian import __version__
from yilian.config.runtime.backup import trouble
from yilian.config.runtime.backup.about import KEYS, default_cipher
from yilian.config.runtime.backup.bring_back import opened
from yilian.config.runtime.backup.locks import Lock, Secret
from yilian.config.runtime.backup.save import pour, writing
from yilian.config.runtime.backup.sealed import Opening, Writer
from yilian.config.runtime.trouble import CannotStart

KIND: Final = "keys"


def save_keys(keys: Path, target: Path, lock: Lock) -> list[str]:
    names = sorted(path.name for path in keys.iterdir() if path.is_file())
    if not names:
        raise CannotStart(f"{keys} 中没有密钥。", f"There are no keys in {keys}.")
    if target.exists():
        raise CannotStart(f"{target} 已存在。", f"{target} exists already.")
    now = datetime.now(UTC).isoformat()
    with writing(target) as file:
        opening = Opening(KIND, __version__, now, default_cipher())
        writer = Writer(file, opening, lock)
        for name in names:
            with (keys / name).open("rb") as source, writer.part(KEYS + name):
                pour(source, writer)
        writer.close()
    return names


def bring_keys(file: Path, keys: Path, secrets: Sequence[Secret]) -> list[str]:
    """A key that is there already stays; one that differs is never written over."""
    with opened(file, secrets, KIND) as reader:
        found = {
            _plain(name, file): part.whole()
            for name, part in reader.parts()
            if name.startswith(KEYS)
        }
    keys.mkdir(parents=True, exist_ok=True, mode=0o700)
    there = {name for name in found if (keys / name).exists()}
    other = [
        name for name in sorted(there) if (keys / name).read_bytes() != found[name]
    ]
    if other:
        raise CannotStart(
            f"{keys} 中已有不同的密钥（{', '.join(other)}），没有覆盖。"
            "请恢复到另一个文件夹（--into）。",
            f"Other keys stand in {keys} ({', '.join(other)}) and were not written "
            "over. Restore into another folder (--into).",
        )
    new = sorted({*found} - there)
    for name in new:
        handle = os.open(keys / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as target:
            target.write(found[name])
            target.flush()
            os.fsync(target.fileno())
    return new


def _plain(name: str, file: Path) -> str:
    inner = name.removeprefix(KEYS)
    if not inner or "/" in inner or inner.startswith("."):
        raise trouble.damaged(file)
    return inner
