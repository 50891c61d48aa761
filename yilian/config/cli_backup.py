"""`yilian backup`, `yilian restore`, and what opens them.

Heavy imports stay inside the commands that need them.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import click

FILE: Final = click.Path(exists=True, dir_okay=False, path_type=Path)
ANY: Final = click.Path(path_type=Path)
BACKUP: Final = "yilian.config.runtime.backup"
PHRASE: Final = click.option(
    "--passphrase-file",
    type=FILE,
    envvar="YILIAN_BACKUP_PASSPHRASE_FILE",
    help="口令所在的文件；没有则询问。 Where the passphrase stands; else it is asked.",
)
IDENTITY: Final = click.option(
    "--identity",
    type=FILE,
    envvar="YILIAN_BACKUP_IDENTITY",
    help="私钥文件。 The private key, for backups closed with its public half.",
)
TO: Final = click.option(
    "--to",
    type=FILE,
    envvar="YILIAN_BACKUP_KEY",
    help="用公钥加密，服务器上不留口令。 Encrypt with a public key.",
)
INTO: Final = click.option(
    "--into", type=ANY, help="数据文件夹。 The data folder (YILIAN_DATA)."
)


@click.command()
@click.argument("target", type=ANY, required=False, envvar="YILIAN_BACKUPS")
@PHRASE
@TO
@click.option("--verify", is_flag=True, help="恢复一遍再核对。 Restore it for a trial.")
@click.option(
    "--keep",
    type=click.IntRange(min=1),
    help="文件夹中只留最新的几份。 Keep only the newest of the folder.",
)
def backup(
    target: Path | None,
    passphrase_file: Path | None,
    to: Path | None,
    verify: bool,
    keep: int | None,
) -> None:
    """备份数据库和附件，加密。 Save database and files, encrypted, without keys.

    TARGET 是文件或文件夹，默认为数据文件夹的 backups/。 A file or a folder.
    """
    saving = import_module(f"{BACKUP}.save")
    lock = _lock(passphrase_file, to)
    with _entered(None) as place:
        where = target or place.folder.path / "backups"
        if target is None or not where.suffix:
            where.mkdir(parents=True, exist_ok=True, mode=0o700)
        saved = saving.save_region(place, where, lock, _percent())
        _say(
            f"已备份到 {saved.path}（{saved.size / 1e6:.1f} MB，{saved.tables} 张表，"
            f"{saved.rows} 行，{saved.files} 个附件）。 Saved."
        )
        if verify:
            checking = import_module(f"{BACKUP}.check")
            near = place.folder.path
            _tell_verified(checking.verify(saved.path, near, _say, key=saved.key))
            checking.note(place.urls.owner)
        if keep and where.is_dir():
            for path in saving.keep_newest(where, keep):
                _say(f"已删除旧备份 {path.name}。 Removed.")


@click.command()
@click.argument("file", type=FILE)
@INTO
@click.option("--keys", type=FILE, help="密钥备份。 The copy of the keys.")
@IDENTITY
@PHRASE
@click.option("--verify", is_flag=True, help="只核对，不恢复。 Only try it.")
def restore(  # noqa: PLR0917 click passes them by name
    file: Path,
    into: Path | None,
    keys: Path | None,
    identity: Path | None,
    passphrase_file: Path | None,
    verify: bool,
) -> None:
    """从备份恢复；完成前不改动现有数据。 Restore; what is there stays until the end."""
    folder = _folder(into)
    secrets = _secrets(identity, passphrase_file)
    if verify:
        checking = import_module(f"{BACKUP}.check")
        near = folder.path if folder.path.is_dir() else file.parent
        _tell_verified(checking.verify(file, near, _say, secrets=secrets))
        return
    if keys:
        _bring_keys(keys, folder.keys, secrets)
    back = import_module(f"{BACKUP}.bring_back").restore(file, folder, secrets, _say)
    _say(
        f"已恢复 {back.created_at} 的备份：{back.rows} 行，{back.files} 个附件。"
        "所有人需重新登录。 Restored; everybody signs in anew."
    )
    if back.missing_files:
        _say(f"备份中缺少 {len(back.missing_files)} 个附件。 Files missing in it.")
    if back.kept:
        _say(f"原数据库保留为 {back.kept}，下次恢复时删除。 The old one is kept once.")
    if back.older:
        _say(f"备份来自 {back.program} 版，请执行 yilian migrate。 Run yilian migrate.")


@click.command("backup-keys")
@click.argument("target", type=ANY)
@PHRASE
@TO
def backup_keys(target: Path, passphrase_file: Path | None, to: Path | None) -> None:
    """另存密钥，与数据库备份分开保管。 Save the keys; keep them apart."""
    escrow = import_module(f"{BACKUP}.escrow")
    folder = _folder(None)
    names = escrow.save_keys(folder.keys, target, _lock(passphrase_file, to))
    _say(f"已保存 {', '.join(names)} 到 {target}。 Keep it apart from the backups.")


@click.command("restore-keys")
@click.argument("file", type=FILE)
@INTO
@IDENTITY
@PHRASE
def restore_keys(
    file: Path,
    into: Path | None,
    identity: Path | None,
    passphrase_file: Path | None,
) -> None:
    """取回密钥；不覆盖已有的。 Bring the keys back; none is written over."""
    _bring_keys(file, _folder(into).keys, _secrets(identity, passphrase_file))


@click.command("backup-identity")
@click.argument("file", type=ANY)
@PHRASE
def backup_identity(file: Path, passphrase_file: Path | None) -> None:
    """生成备份用的密钥对。 A private key, and its public half in FILE.pub."""
    locks = import_module(f"{BACKUP}.locks")
    words = _passphrase(passphrase_file, confirm=True)
    private, public = locks.make_pair(file, words)
    _say(f"私钥 {private} 请离线保管；公钥 {public} 放到服务器上。 Made.")


COMMANDS: Final = (backup, restore, backup_keys, restore_keys, backup_identity)


def _lock(passphrase_file: Path | None, to: Path | None) -> Any:
    locks = import_module(f"{BACKUP}.locks")
    if to:
        return locks.PublicKey.read(to)
    return locks.Passphrase(_passphrase(passphrase_file, confirm=True))


def _secrets(identity: Path | None, passphrase_file: Path | None) -> list[Any]:
    locks = import_module(f"{BACKUP}.locks")
    words = _passphrase(passphrase_file, confirm=False)
    if identity:
        return [locks.PrivateKey.read(identity, words), locks.Passphrase(words)]
    return [locks.Passphrase(words)]


def _passphrase(file: Path | None, *, confirm: bool) -> str:
    if file:
        words = file.read_text(encoding="utf-8").strip()
    else:
        ask = "口令 Passphrase"
        words = click.prompt(ask, hide_input=True, confirmation_prompt=confirm)
    shortest = import_module(f"{BACKUP}.locks").SHORTEST
    if confirm and len(words) < shortest:
        raise click.UsageError(
            f"口令至少 {shortest} 个字符。 At least {shortest} characters."
        )
    return str(words)


def _bring_keys(file: Path, keys: Path, secrets: list[Any]) -> None:
    names = import_module(f"{BACKUP}.escrow").bring_keys(file, keys, secrets)
    _say(f"已取回密钥 {', '.join(names) or '（都已存在）'}。 Keys are in place.")


def _tell_verified(seen: Any) -> None:
    _say(
        f"核对无误：{seen.tables} 张表、{seen.rows} 行和权限与清单一致，"
        f"{seen.files} 个附件完好。 Verified by restoring."
    )
    _say(seen.audit)
    if seen.missing_files:
        _say(f"缺少 {len(seen.missing_files)} 个附件。 Files missing.")


def _folder(into: Path | None) -> Any:
    data = import_module("yilian.config.runtime.folder").DataFolder
    if into is None:
        return data.named()
    os.environ["YILIAN_DATA"] = str(into.absolute())
    return data(into.absolute())


@contextmanager
def _entered(folder: Any) -> Iterator[Any]:
    with import_module("yilian.config.runtime.environment").entered(folder) as place:
        yield place


def _percent() -> Callable[[float, str], None]:
    """One line for each new percent, not for each table."""
    said = [-1]

    def tell(percent: float, what: str) -> None:
        if int(percent) > said[0]:
            said[0] = int(percent)
            _say(f"{percent:3.0f} %  {what}")

    return tell


def _say(line: str) -> None:
    try:
        click.echo(line)
    except OSError:  # whoever read our output is gone; the work goes on
        return
