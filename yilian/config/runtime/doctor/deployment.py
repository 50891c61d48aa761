"""Where strangers can reach it: names, TLS, certificates, the way to the database."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from psycopg import conninfo

from yilian.config.runtime.doctor.findings import Finding, Level, judge

NEARBY: Final = ("", "127.0.0.1", "::1", "localhost")
SECURE: Final = frozenset({"require", "verify-ca", "verify-full"})
SOON: Final = timedelta(days=30)
VERY_SOON: Final = timedelta(days=3)


def examine() -> Iterator[Finding]:
    yield _tls()
    yield from _certificate()
    yield from _way_to_the_database()


def _tls() -> Finding:
    """Open to the network without TLS, or behind TLS without a name."""
    host = os.environ.get("YILIAN_HOST", "127.0.0.1")
    hosts = os.environ.get("YILIAN_HOSTS", "")
    has_tls = os.environ.get("YILIAN_TLS") == "1"
    if has_tls:
        return judge(
            bool(hosts) and "*" not in hosts.split(","),
            "tls",
            "网络 network",
            f"TLS，{hosts or '—'}",
            "请在 YILIAN_HOSTS 中写明网站域名。 Name the site in YILIAN_HOSTS.",
        )
    is_open = host not in NEARBY or bool(hosts)
    return judge(
        not is_open,
        "tls",
        "网络 network",
        "对外开放而没有 TLS open without TLS"
        if is_open
        else "仅本机 this machine only",
        "请放在 nginx 之后，并设 YILIAN_TLS=1。 Put nginx in front; set YILIAN_TLS=1.",
        Level.WARN,
    )


def _certificate() -> Iterator[Finding]:
    """Only where `YILIAN_CERTIFICATE` names what nginx shows."""
    named = os.environ.get("YILIAN_CERTIFICATE")
    if not named:
        return
    key, subject = "certificate", f"证书 certificate {named}"
    advice = "请更新证书，并重载 nginx。 Renew it and reload nginx."
    try:
        found = x509.load_pem_x509_certificate(Path(named).read_bytes())
    except (OSError, ValueError) as error:
        yield Finding(key, Level.FAIL, subject, type(error).__name__, advice)
        return
    left = found.not_valid_after_utc - datetime.now(UTC)
    yield judge(
        left > SOON,
        key,
        subject,
        f"还有 {left.days} 天 days left",
        advice,
        Level.WARN if left > VERY_SOON else Level.FAIL,
    )


def _way_to_the_database() -> Iterator[Finding]:
    url = os.environ.get("DATABASE_URL")
    if not url:
        return
    said = conninfo.conninfo_to_dict(url)
    host = str(said.get("host") or said.get("hostaddr") or "")
    is_near = host.startswith("/") or host in NEARBY
    yield judge(
        is_near or said.get("sslmode") in SECURE,
        "database-tls",
        "到数据库的连接 way to the database",
        "本机 this machine" if is_near else str(said.get("sslmode") or "无 TLS no TLS"),
        "请在 DATABASE_URL 中加 sslmode=verify-full。 Add sslmode=verify-full.",
        Level.WARN,
    )
