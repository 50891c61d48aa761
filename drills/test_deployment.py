"""An ordinary PostgreSQL with two logins, each process by itself, nginx with TLS in
front: `deploy/` as it stands, with other ports and folders."""

import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from drills.conftest import REGIONS, free_pair
from yilian.config.runtime import binaries
from yilian.config.runtime.postgres import PORT, SUPERUSER, Cluster

DEPLOY = Path(__file__).resolve().parent.parent / "deploy"
NGINX = shutil.which("nginx", path="/usr/sbin:/usr/bin")
SITE = "yilian.example.cn"
PATIENCE = 150


class Site:
    """What `/etc/yilian/yilian.env` says, and the processes of `yilian.target`."""

    def __init__(self, folder: Path, database_port: int) -> None:
        self.folder = folder
        self.port = free_pair()
        self.processes: list[subprocess.Popen[bytes]] = []
        address = f"127.0.0.1:{database_port}/yilian"
        kept = {k: v for k, v in os.environ.items() if not k.startswith("YILIAN_")}
        kept.pop("DJANGO_SETTINGS_MODULE", None)
        self.told = {
            **kept,
            "YILIAN_DATA": str(folder / "data"),
            "YILIAN_KEYS": str(folder / "keys"),
            "PORT": str(self.port),
            "DATABASE_URL": f"postgresql://yilian_app:serves@{address}",
            "YILIAN_TLS": "1",
            "YILIAN_HOSTS": f"{SITE},127.0.0.1",
            "YILIAN_REQUEST_LOG": "stderr",
            "YILIAN_BACKUP_PASSPHRASE_FILE": str(REGIONS / "passphrase"),
        }
        owner = f"postgresql://yilian_owner:migrates@{address}"
        self.as_owner = {"YILIAN_OWNER_URL": owner}

    def yilian(self, *words: str, code: int = 0, **told: str) -> str:
        ran = subprocess.run(
            [sys.executable, "-m", "yilian.config.cli", *words],
            env={**self.told, **told},
            capture_output=True,
            text=True,
            check=False,
        )
        assert ran.returncode == code, ran.stdout + ran.stderr
        return ran.stdout + ran.stderr

    def start(self, *words: str) -> None:
        with (self.folder / f"{words[-1]}.log").open("wb") as log:
            command = [sys.executable, "-m", "yilian.config.cli", *words]
            process = subprocess.Popen(command, env=self.told, stdout=log, stderr=log)
        self.processes.append(process)

    def stop(self) -> None:
        for process in self.processes:
            process.send_signal(signal.SIGTERM)
        for process in self.processes:
            process.wait(timeout=30)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    home = binaries.private_folder() / "deployment"
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(mode=0o755)
    port = free_pair()
    settings = {"listen_addresses": "127.0.0.1", "port": str(port)}
    cluster = Listening(home / "pg", home / "pg.log", settings)
    site = Site(tmp_path_factory.mktemp("site"), port)
    try:
        cluster.start()
        _run_roles(cluster, port)
        _ask_for_passwords(cluster, port)
        site.yilian("migrate", **site.as_owner)
        for words in (
            ("serve", "pages"),
            ("serve", "live"),
            ("worker",),
            ("deliver",),
        ):
            site.start(*words)
        _wait(f"http://127.0.0.1:{site.port}/healthz")
        _wait(f"http://127.0.0.1:{site.port + 1}/healthz")
        yield site
    finally:
        site.stop()
        cluster.stop()
        shutil.rmtree(home, ignore_errors=True)


class Listening(Cluster):
    """A server on TCP as well, as another machine's would be."""

    def url(self, user: str, database: str) -> str:
        port = self.settings["port"]
        return super().url(user, database).replace(f"port={PORT}", f"port={port}")

    def _options(self, home: Path) -> Iterator[str]:
        yield from super()._options(home)
        yield from ("-c", f"port={self.settings['port']}")


def test_the_doctor_finds_the_site_well(site: Site) -> None:
    said = site.yilian("doctor", "--port", str(site.port), **site.as_owner)
    assert "[fail]" not in said
    assert "yilian_app" in said
    assert f"port {site.port}: 正在运行 running" in said


def test_a_process_that_serves_does_not_know_the_owner(site: Site) -> None:
    url = site.told["DATABASE_URL"]
    with (
        psycopg.connect(url) as line,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        line.execute("SET ROLE yilian_owner")


def test_the_site_is_backed_up_and_restored_into_an_empty_database(
    site: Site, tmp_path: Path
) -> None:
    said = site.yilian("backup", str(tmp_path), "--verify", **site.as_owner)
    assert "Verified by restoring" in said
    [path] = tmp_path.iterdir()
    said = site.yilian("restore", str(path), code=1, **site.as_owner)
    assert "is not empty" in said

    owner = site.as_owner["YILIAN_OWNER_URL"]
    other = owner.removesuffix("/yilian") + "/other"
    told = {"YILIAN_OWNER_URL": other, "DATABASE_URL": other}
    told["YILIAN_DATA"] = str(site.folder / "elsewhere")
    assert "Restored" in site.yilian("restore", str(path), **told)
    with psycopg.connect(other) as line:
        may = line.execute(
            "SELECT has_table_privilege('yilian_app', 'audit_auditentry', 'UPDATE')"
        ).fetchone()
    assert may == (False,), "what could only be added to still can only be added to"


@pytest.mark.skipif(NGINX is None, reason="nginx is not installed")
def test_nginx_joins_pages_and_live_updates_behind_tls(
    site: Site, tmp_path: Path
) -> None:
    port = free_pair()
    configuration = _nginx(tmp_path, site, port)
    nginx = [str(NGINX), "-c", str(configuration), "-p", str(tmp_path)]
    subprocess.run([*nginx, "-t", "-q"], check=True)
    with subprocess.Popen([*nginx, "-g", "daemon off;"]) as process:
        try:
            _wait_for_port(port)
            page = _ask(port, "/account/sign-in")
            assert page.status == 200
            assert "secure" in page.headers["Set-Cookie"].lower()
            assert len(page.headers["X-Request-ID"]) == 32
            assert _ask(port, "/live").status == 401  # reached, and asks who it is
            assert _ask(port, "/metrics").status == 404
        finally:
            process.terminate()
    logged = (tmp_path / "access.log").read_text()
    assert "sign-in" not in logged, "addresses stay out of nginx's log"


def _ask_for_passwords(cluster: Cluster, port: int) -> None:
    """Over TCP nobody is trusted."""
    rules = cluster.folder / "pg_hba.conf"
    rules.write_text("local all all trust\nhost all all 127.0.0.1/32 scram-sha-256\n")
    with psycopg.connect(cluster.url(SUPERUSER, "postgres"), autocommit=True) as line:
        line.execute("SELECT pg_reload_conf()")
        line.execute("CREATE DATABASE other OWNER yilian_owner")
    with psycopg.connect(cluster.url(SUPERUSER, "other"), autocommit=True) as line:
        for name in ("pg_trgm", "btree_gist", "btree_gin"):
            line.execute(f"CREATE EXTENSION {name}")
        line.execute("GRANT ALL ON SCHEMA public TO yilian_owner")


def _run_roles(cluster: Cluster, port: int) -> None:
    subprocess.run(
        [
            binaries.usable() / "psql",
            *("--host", str(cluster.socket_folder), "--port", str(port)),
            *("--username", SUPERUSER, "--dbname", "postgres", "--quiet"),
            *("-v", "ON_ERROR_STOP=1"),
            *("-v", "owner_password=migrates", "-v", "app_password=serves"),
            *("-f", str(DEPLOY / "postgresql" / "roles.sql")),
        ],
        check=True,
    )


def _nginx(folder: Path, site: Site, port: int) -> Path:
    text = (DEPLOY / "nginx" / "yilian.conf").read_text()
    (folder / "key.pem").write_bytes(_certificate(folder / "fullchain.pem"))
    for old, new in (
        ("127.0.0.1:8000", f"127.0.0.1:{site.port}"),
        ("127.0.0.1:8001", f"127.0.0.1:{site.port + 1}"),
        ("listen [::]:443 ssl http2;", ""),
        ("listen [::]:80;", ""),
        ("listen 443", f"listen 127.0.0.1:{port}"),
        ("listen 80", f"listen 127.0.0.1:{port + 1}"),
        ("/etc/ssl/yilian/", f"{folder}/"),
        ("/var/log/nginx/yilian.log", f"{folder}/access.log"),
        ("/var/log/nginx/yilian-error.log", f"{folder}/error.log"),
    ):
        assert old in text, old
        text = text.replace(old, new)
    path = folder / "nginx.conf"
    places = "".join(
        f"{kind}_temp_path {folder}/{kind};\n"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    path.write_text(
        f"pid {folder}/nginx.pid;\nerror_log {folder}/error.log;\n"
        f"events {{}}\nhttp {{\n{places}{text}}}\n"
    )
    return path


def _certificate(path: Path) -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, SITE)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=2))
        .sign(key, hashes.SHA256())
    )
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def _ask(port: int, path: str):  # type: ignore[no-untyped-def]
    """Through nginx, as a browser would: by the site's name."""
    trusting = ssl.create_default_context()
    trusting.check_hostname = False
    trusting.verify_mode = ssl.CERT_NONE
    asked = urllib.request.Request(
        f"https://127.0.0.1:{port}{path}", headers={"Host": SITE}
    )
    try:
        return urllib.request.urlopen(asked, timeout=10, context=trusting)  # noqa: S310
    except urllib.error.HTTPError as error:
        return error


def _wait(url: str) -> None:
    give_up_at = time.monotonic() + PATIENCE
    while True:
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310
                if answer.status == 200:
                    return
        except OSError:
            assert time.monotonic() < give_up_at
        time.sleep(0.2)


def _wait_for_port(port: int) -> None:
    give_up_at = time.monotonic() + 10
    while time.monotonic() < give_up_at:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError("nginx does not listen")
