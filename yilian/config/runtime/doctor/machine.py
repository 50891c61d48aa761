"""The machine: its Python, its disk, and our folder on it."""

import locale
import os
import shutil
import socket
import stat
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Final

from yilian.config.runtime.doctor.findings import Finding, Level, judge
from yilian.config.runtime.folder import KEYS, NEEDED_BYTES, DataFolder
from yilian.config.runtime.locks import try_exclusive

PYTHON: Final = (3, 11)
ROOMY: Final = 5_000_000_000
MANY_LOGS: Final = 500_000_000
ANYBODY: Final = stat.S_IRWXG | stat.S_IRWXO


def examine(folder: DataFolder, port: int) -> Iterator[Finding]:
    yield _python()
    yield _locale()
    yield _disk(folder)
    yield from _folder(folder)
    yield from _ports(folder, port)


def _python() -> Finding:
    return judge(
        sys.version_info >= PYTHON,
        "python",
        "Python",
        sys.version.split()[0],
        "请安装 Python 3.11 或更高版本。 Install Python 3.11 or newer.",
    )


def _locale() -> Finding:
    known = True
    try:
        locale.setlocale(locale.LC_CTYPE, "C.UTF-8")
    except locale.Error:
        known = False
    return judge(
        known,
        "locale",
        "语言环境 locale",
        "C.UTF-8" if known else "没有 C.UTF-8",
        "请安装 locales（libc-bin）。 Install locales (libc-bin).",
    )


def _disk(folder: DataFolder) -> Finding:
    place = next(p for p in (folder.path, *folder.path.parents) if p.exists())
    free = shutil.disk_usage(place).free
    return judge(
        free >= ROOMY,
        "disk",
        "磁盘 disk",
        f"剩余 {free / 1e9:.1f} GB free",
        "请腾出空间。 Free some space.",
        Level.WARN if free >= NEEDED_BYTES else Level.FAIL,
    )


def _folder(folder: DataFolder) -> Iterator[Finding]:
    key, subject = "data-folder", f"数据文件夹 data folder {folder.path}"
    if not folder.path.exists():
        advice = "yilian up 会建立它。 yilian up makes it."
        yield Finding(key, Level.WARN, subject, "还没有 absent", advice)
        return
    is_ours = os.access(folder.path, os.W_OK | os.X_OK)
    yield judge(
        is_ours,
        key,
        subject,
        "可写 writable" if is_ours else "不可写 not writable",
        "请检查属主和权限。 Check its owner and rights.",
    )
    yield _keys(folder)
    yield _logs(folder)


def _keys(folder: DataFolder) -> Finding:
    missing = [name for name in KEYS if not (folder.keys / name).exists()]
    present = [folder.keys, *(folder.keys / n for n in KEYS if n not in missing)]
    open_to_all = [
        path.name for path in present if path.exists() and path.stat().st_mode & ANYBODY
    ]
    wrong = [f"缺少 {name} missing" for name in missing]
    wrong += [f"{name} 他人可读 readable by others" for name in open_to_all]
    return judge(
        not wrong,
        "keys",
        "密钥 keys",
        "；".join(wrong) or "齐全，仅本人可读 complete and private",
        f"请恢复缺少的密钥，并执行 chmod -R go= {folder.keys}。 "
        "Restore what is missing; close the folder to others.",
    )


def _logs(folder: DataFolder) -> Finding:
    logs = folder.log("any").parent
    size = sum(path.stat().st_size for path in logs.glob("*") if path.is_file())
    return judge(
        size < MANY_LOGS,
        "logs",
        "日志 logs",
        f"{size / 1e6:.0f} MB",
        f"请清理或缩短保留期：{logs}。 Clear them, or keep them for less long.",
        Level.WARN,
    )


def _ports(folder: DataFolder, port: int) -> Iterator[Finding]:
    key, subject = "service", "服务 service"
    if _is_up(folder):
        yield Finding(key, Level.OK, subject, "正在运行 running")
        return
    for number in port, port + 1:
        found, is_well = "空闲 free", _is_free(number)
        if not is_well and _answers(number):
            found, is_well = "正在运行 running", True
        yield judge(
            is_well,
            f"port-{number}",
            f"端口 port {number}",
            found if is_well else "不可用 taken",
            "请用 PORT 另选端口。 Choose another with PORT.",
        )


def _is_up(folder: DataFolder) -> bool:
    lock = folder.lock("up")
    if not lock.exists():
        return False
    handle = try_exclusive(lock)
    if handle is None:
        return True
    os.close(handle)
    return False


def _answers(port: int) -> bool:
    """One of ours is there, started by systemd and not by `yilian up`."""
    try:
        url = f"http://127.0.0.1:{port}/healthz"
        with urllib.request.urlopen(url, timeout=3) as answer:
            return b'"status"' in answer.read(200)
    except urllib.error.HTTPError as error:
        return b'"status"' in error.read(200)
    except OSError:
        return False


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((os.environ.get("YILIAN_HOST", "127.0.0.1"), port))
        except OSError:
            return False
    return True
