"""Bringing a database up to what this program knows, as its owner."""

import os
import subprocess
import sys
from collections.abc import Iterable
from typing import Final

import psycopg

from yilian import __version__
from yilian.config.runtime import database, facts
from yilian.config.runtime.database import Urls
from yilian.config.runtime.environment import Place
from yilian.config.runtime.trouble import CannotStart

SETTINGS: Final = "yilian.config.settings"
MIGRATE: Final = "yilian.config.runtime.migrating"


class MigrationFailed(Exception):
    """Carries the end of what Django said."""


def is_needed(place: Place) -> bool:
    return facts.get(place.urls.owner, facts.MIGRATIONS) != facts.migrations_digest()


def apply(place: Place) -> None:
    """Safe to repeat; a database of a newer program is refused untouched."""
    _refuse_newer(place.urls.owner)
    if not place.embedded:
        database.prepare_foreign(place.urls.owner)
    try:
        run(place.urls)
    except MigrationFailed as error:
        log = place.folder.log("migrate")
        log.write_text(str(error), encoding="utf-8")
        raise CannotStart(
            f"数据库升级失败，详情见 {log}。数据没有丢失，请把该文件交给维护人员。",
            f"The database could not be upgraded; {log} says why. Nothing is lost. "
            "Hand that file to your maintainer.",
        ) from None
    facts.put(place.urls.owner, facts.MIGRATIONS, facts.migrations_digest())
    facts.put(place.urls.owner, facts.PROGRAM, __version__)


def run(urls: Urls) -> None:
    """In a process of its own, on the owner's connection."""
    settings = os.environ.get("DJANGO_SETTINGS_MODULE", SETTINGS)
    told = {"YILIAN_DB_ROLE": "owner", "DJANGO_SETTINGS_MODULE": settings}
    ran = subprocess.run(  # noqa: S603 our own command
        [sys.executable, "-m", MIGRATE],
        cwd=facts.PACKAGE.parent,
        env={**os.environ, **urls.environment(), **told},
        capture_output=True,
        text=True,
        check=False,
    )
    if ran.returncode != 0:
        raise MigrationFailed(ran.stderr[-6000:])


def steps() -> set[tuple[str, str]]:
    """Our own migrations, as Django notes them once they are applied."""
    names = {(path.parents[1].name, path.stem) for path in facts.migration_files()}
    return {(label, name) for label, name in names if name != "__init__"}


def unknown_to_us(applied: Iterable[tuple[str, str]]) -> list[str]:
    """Steps of our own modules that only a newer program can have taken."""
    known = steps()
    labels = {label for label, _ in known}
    return [
        f"{label}.{name}"
        for label, name in applied
        if label in labels and (label, name) not in known
    ]


def _refuse_newer(owner_url: str) -> None:
    unknown = unknown_to_us(_applied(owner_url))
    if unknown:
        raise CannotStart(
            f"该数据库由更新版本的医联建立（含有未知的升级步骤 {unknown[0]}）。"
            "请升级程序，或用 YILIAN_DATA 指定其他文件夹。",
            f"This database was made by a newer version (unknown step {unknown[0]}). "
            "Upgrade the program, or name another folder in YILIAN_DATA.",
        )


def _applied(owner_url: str) -> list[tuple[str, str]]:
    with psycopg.connect(owner_url) as connection:
        try:
            rows = connection.execute("SELECT app, name FROM django_migrations")
        except psycopg.errors.UndefinedTable:
            return []
        return [(str(label), str(name)) for label, name in rows.fetchall()]
