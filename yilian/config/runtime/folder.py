"""The data folder: database, keys, logs, and the number of its format."""

import errno
import os
import secrets
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from yilian.config.runtime import binaries
from yilian.config.runtime.postgres import Cluster
from yilian.config.runtime.trouble import CannotStart

FORMAT: Final = 1
NEEDED_BYTES: Final = 300_000_000
REPOSITORY: Final = Path(__file__).parents[3]

KEYS: Final[Mapping[str, Callable[[], str]]] = {
    "django": lambda: secrets.token_urlsafe(64),
    "field-1": lambda: secrets.token_hex(32),  # encrypts columns
    "index-1": lambda: secrets.token_hex(32),  # HMAC for exact search
}


@dataclass(frozen=True, slots=True)
class DataFolder:
    path: Path

    @classmethod
    def named(cls) -> "DataFolder":
        """The one that `YILIAN_DATA` names, not yet looked at."""
        named = os.environ.get("YILIAN_DATA")
        return cls(Path(named).absolute() if named else REPOSITORY / "data")

    @property
    def keys(self) -> Path:
        """Outside of the folder where `YILIAN_KEYS` says so."""
        named = os.environ.get("YILIAN_KEYS")
        return Path(named).absolute() if named else self.path / "keys"

    @property
    def files(self) -> Path:
        return self.path / "files"

    @property
    def cluster(self) -> Cluster:
        return Cluster(self.path / "pg", self.log("postgres"))

    def log(self, name: str) -> Path:
        return self.path / "logs" / f"{name}.log"

    def lock(self, name: str) -> Path:
        return self.path / "locks" / name

    def prepare(self) -> None:
        """Make whatever is missing, and refuse what cannot be used."""
        self.make()
        self._check_format()
        self._check_space()
        self._make_keys()
        _write(self._version, f"{FORMAT}\n")

    @property
    def _version(self) -> Path:
        return self.path / "VERSION"

    def make(self) -> None:
        """The folders alone; nothing is refused yet but what cannot be written."""
        try:
            # The server's own user passes through to its folder, and sees no other.
            passable = 0o711 if binaries.server_account() else 0o700
            self.path.mkdir(parents=True, exist_ok=True, mode=passable)
            self.keys.mkdir(parents=True, exist_ok=True, mode=0o700)
            for name in ("logs", "locks", "static"):
                (self.path / name).mkdir(exist_ok=True, mode=0o700)
            probe = self.path / f".probe.{os.getpid()}"
            probe.write_bytes(b"\0" * 4096)
            probe.unlink()
        except OSError as error:
            raise explain(error, self.path) from error

    def _check_format(self) -> None:
        if not self._version.exists():
            return
        found = self._version.read_text(encoding="utf-8").strip()
        if not (found.isdecimal() and int(found) <= FORMAT):
            raise CannotStart(
                f"数据文件夹 {self.path} 由更新版本的医联建立（格式 {found[:20]}，"
                f"本程序支持到 {FORMAT}）。"
                "请升级程序，或用 YILIAN_DATA 指定其他文件夹。",
                f"The data folder {self.path} was made by a newer version (format "
                f"{found[:20]}; this program knows up to {FORMAT}). Upgrade the "
                "program, or name another folder in YILIAN_DATA.",
            )

    def _check_space(self) -> None:
        if shutil.disk_usage(self.path).free < NEEDED_BYTES:
            raise disk_full(self.path)

    def _make_keys(self) -> None:
        """A folder in use never gets a new key: its data could not be read again."""
        missing = [name for name in KEYS if not (self.keys / name).exists()]
        if missing and self._version.exists():
            raise CannotStart(
                f"{self.keys} 中缺少密钥 {missing}，已加密的数据将无法读取。"
                "请从密钥备份恢复后重试。",
                f"Keys are missing in {self.keys}: {missing}. Encrypted data could not "
                "be read. Restore them from your copy of the keys and retry.",
            )
        for name in missing:
            _write(self.keys / name, f"{KEYS[name]()}\n")


def _write(path: Path, text: str) -> None:
    """All of it or nothing, even when we are killed meanwhile."""
    if path.exists() and path.read_text(encoding="utf-8") == text:
        return
    half = path.with_name(f".{path.name}.{os.getpid()}")
    handle = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    half.replace(path)


def disk_full(path: Path) -> CannotStart:
    return CannotStart(
        f"磁盘空间不足：{path} 所在磁盘剩余不到 {NEEDED_BYTES // 1_000_000} MB。"
        "请腾出空间后重试。",
        f"Too little disk space: less than {NEEDED_BYTES // 1_000_000} MB are left "
        f"where {path} lies. Free some space and retry.",
    )


def explain(error: OSError, path: Path) -> CannotStart:
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return disk_full(path)
    return CannotStart(
        f"无法写入数据文件夹 {path}（{error.strerror}）。"
        "请检查权限，或用 YILIAN_DATA 指定其他文件夹。",
        f"The data folder {path} cannot be written ({error.strerror}). Check its "
        "rights, or name another folder in YILIAN_DATA.",
    )
