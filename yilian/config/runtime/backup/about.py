"""What a backup says of itself: the first part, read before anything is touched."""

import hashlib
import hmac
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import psycopg

from yilian import __version__
from yilian.config.runtime import facts, migration
from yilian.config.runtime.environment import Place
from yilian.config.runtime.trouble import CannotStart

ABOUT: Final = "about.json"
DATABASE: Final = "database"
FILES: Final = "files/"
KEYS: Final = "keys/"
MANIFEST: Final = "manifest.json"
_READ_BY_NOBODY_ELSE: Final = "django"  # signs sessions; encrypts nothing that stays


@dataclass(frozen=True, slots=True)
class About:
    program: str
    server_version: int
    size: int
    transactions: int  # every number of a transaction in it is smaller
    purpose: str
    migrations: Sequence[tuple[str, str]]
    keys: Mapping[str, str]  # name → what shows that it is the same key

    def dumped(self) -> bytes:
        return json.dumps(asdict(self), ensure_ascii=False).encode()

    @classmethod
    def read(cls, text: bytes) -> "About":
        said = json.loads(text)
        said["migrations"] = [(str(app), str(name)) for app, name in said["migrations"]]
        return cls(**said)


def about(place: Place, connection: psycopg.Connection) -> About:
    size = connection.execute("SELECT pg_database_size(current_database())").fetchone()
    purpose = connection.execute(facts.GET, [facts.PURPOSE]).fetchone()
    applied = connection.execute("SELECT app, name FROM django_migrations ORDER BY id")
    return About(
        program=__version__,
        server_version=connection.info.server_version // 10000,
        size=int(size[0]) if size else 0,
        transactions=_transactions(connection),
        purpose=str(purpose[0]) if purpose else "",
        migrations=[(str(app), str(name)) for app, name in applied],
        keys=fingerprints(place.folder.keys),
    )


def _transactions(connection: psycopg.Connection) -> int:
    known = connection.execute(
        "SELECT to_regprocedure('yilian_transactions_before()') IS NOT NULL"
    ).fetchone()
    counted = "SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint"
    if known == (True,):
        counted += " + yilian_transactions_before()"
    row = connection.execute(counted).fetchone()
    return int(row[0]) if row else 0


def fingerprints(folder: Path) -> dict[str, str]:
    """Tell whether two keys are the same, and nothing else about them."""
    found = {}
    for path in sorted(folder.iterdir()) if folder.exists() else ():
        if path.is_file() and path.name[0] != "." and path.name != _READ_BY_NOBODY_ELSE:
            key = path.read_bytes().strip()
            found[path.name] = hmac.digest(key, b"yilian backup", hashlib.sha256).hex()
    return {name: seen[:16] for name, seen in found.items()}


def refuse_newer(said: About, file: Path) -> None:
    unknown = migration.unknown_to_us(said.migrations)
    if unknown:
        raise CannotStart(
            f"备份 {file} 来自更新版本的医联（{said.program}，含有未知的升级步骤 "
            f"{unknown[0]}）。请用该版本的程序恢复。",
            f"The backup {file} is of a newer version ({said.program}, with the "
            f"unknown step {unknown[0]}). Restore it with that version.",
        )


def refuse_other_keys(said: About, keys: Path) -> None:
    mine = fingerprints(keys)
    missing = [name for name in said.keys if name not in mine]
    if missing:
        raise CannotStart(
            f"{keys} 中没有这份备份所用的密钥（{', '.join(missing)}），"
            "加密的数据将无法读取。"
            "请先执行 yilian restore-keys，或用 --keys 指定密钥备份。",
            f"The keys of this backup ({', '.join(missing)}) are not in {keys}; what "
            "is encrypted could not be read. Run yilian restore-keys first, or name "
            "the copy of the keys with --keys.",
        )
    other = [name for name, seen in said.keys.items() if mine[name] != seen]
    if other:
        raise CannotStart(
            f"{keys} 中的密钥（{', '.join(other)}）与这份备份所用的不同，"
            "加密的数据将无法读取。请恢复到另一个文件夹（--into），并带上原来的密钥（--keys）。",
            f"The keys in {keys} ({', '.join(other)}) are not those of this backup; "
            "what is encrypted could not be read. Restore into another folder "
            "(--into), with its own keys (--keys).",
        )


def is_older(said: About) -> bool:
    """Whether this program has steps that the backup's database has not had."""
    return bool(migration.steps() - {*said.migrations})


def default_cipher() -> str:
    return os.environ.get("YILIAN_CIPHER", "sm4")
