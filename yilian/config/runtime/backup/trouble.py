"""What can be wrong with a backup, in words."""

import errno
from pathlib import Path

from yilian.config.runtime.trouble import CannotStart


def no_backup(path: Path) -> CannotStart:
    return CannotStart(
        f"{path} 不是医联的备份文件。",
        f"{path} is no backup of Yilian.",
    )


def newer(path: Path, program: str) -> CannotStart:
    return CannotStart(
        f"备份 {path} 由更新版本的医联（{program}）写成，本程序读不了。请先升级程序。",
        f"The backup {path} was written by a newer version ({program}), which this "
        "program cannot read. Upgrade the program first.",
    )


def wrong_secret(path: Path) -> CannotStart:
    return CannotStart(
        f"口令或私钥打不开 {path}。请检查口令；备份本身没有被改动。",
        f"This passphrase or private key does not open {path}. Check it; the backup "
        "itself is untouched.",
    )


def needs(path: Path, what: str, english: str) -> CannotStart:
    return CannotStart(f"{path} 需要{what}才能打开。", f"{path} needs {english}.")


def truncated(path: Path) -> CannotStart:
    return CannotStart(
        f"备份 {path} 不完整（文件被截断）。没有改动任何数据，请换一份备份。",
        f"The backup {path} is cut short. Nothing was changed; take another one.",
    )


def damaged(path: Path) -> CannotStart:
    return CannotStart(
        f"备份 {path} 已损坏或被改动。没有改动任何数据，请换一份备份。",
        f"The backup {path} is damaged or was changed. Nothing was changed here; take "
        "another one.",
    )


def not_written(path: Path, error: OSError) -> CannotStart:
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return CannotStart(
            f"磁盘已满，备份没有写完：{path}。请腾出空间或换一个位置。",
            f"The disk is full, so the backup was not finished: {path}. Free some "
            "space, or choose another place.",
        )
    return CannotStart(
        f"无法写入 {path}（{error.strerror}）。请检查路径和权限。",
        f"{path} cannot be written ({error.strerror}). Check the path and its rights.",
    )
