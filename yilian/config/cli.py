"""The command `yilian`. Heavy imports stay inside the commands that need them."""

import gc
import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import click

from yilian.config import cli_backup
from yilian.config.runtime import sign_of_life
from yilian.kernel.errors import DomainError

FILE: Final = click.Path(exists=True, dir_okay=False, path_type=Path)
FOLDER: Final = click.Path(exists=True, file_okay=False, path_type=Path)
RESIDENTS: Final = 2000
SEED: Final = 1
INSURER_FAULTS: Final = (
    "timeout-after-booking", "duplicate", "slow", "refuse", "bad-signature",
)  # fmt: skip


_CLICKS_OWN: Final = (click.ClickException, click.exceptions.Exit, click.Abort)


class _InWords(click.Group):
    """Refusals are shown in words; a bug still shows its trace."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except _CLICKS_OWN:
            raise
        except DomainError as refusal:
            click.echo(_in_both_languages(refusal), err=True)
            ctx.exit(1)
        except Exception as error:
            from yilian.config.runtime.environment import in_words

            words = in_words(error)
            if words is None:
                raise
            click.echo(str(words), err=True)
            ctx.exit(1)


def _in_both_languages(refusal: DomainError) -> str:
    """As far as the catalogues can be read by now."""
    django_apps = sys.modules.get("django.apps")
    if django_apps is None or not django_apps.apps.ready:
        return str(refusal)
    words = import_module("yilian.interfaces.web.words")
    return str(words.in_both_languages(refusal.text))


@click.group(cls=_InWords)
def main() -> None:
    """医联：区域医疗联合体平台。 Yilian, a platform for medical consortia."""


@main.command()
@click.option("--demo", is_flag=True, help="建立并使用演示区域。 With a demo region.")
@click.option("--port", type=click.IntRange(1, 65534), envvar="PORT", default=8000)
def up(demo: bool, port: int) -> None:
    """启动全部服务，Ctrl-C 停止。 Start everything; Ctrl-C stops it."""
    from yilian.config.runtime import supervisor

    sign_of_life.begin()
    is_demo = demo or os.environ.get("YILIAN_DEMO") == "1"
    supervisor.up(demo=is_demo, port=port, say=_say)


for command in cli_backup.COMMANDS:
    main.add_command(command)


@main.command()
def migrate() -> None:
    """升级数据库。 Bring the database up to this program."""
    from yilian.config.runtime import migration
    from yilian.config.runtime.environment import entered

    with entered() as place:
        migration.apply(place)
    _say("数据库已是最新。 The database is up to date.")


@main.command()
@click.option("--residents", type=click.IntRange(min=1), default=RESIDENTS)
@click.option("--seed", type=int, default=SEED)
def demo(residents: int, seed: int) -> None:
    """建立演示区域。 Build the demo region, all of it invented."""
    from yilian.config.runtime import demo_region, migration
    from yilian.config.runtime.environment import entered

    with entered() as place:
        demo_region.settle_purpose(place, demo=True)
        if demo_region.is_built(place):
            if migration.is_needed(place):
                migration.apply(place)
            _say("演示区域已经建好。 The demo region is already built.")
            return
        os.environ |= {"YILIAN_DEMO": "1", "YILIAN_DB_ROLE": "owner"}

        def tell(when_tables_stand: Callable[[], object]) -> None:
            _set_up_django()
            import_module("yilian.demo.build").build(
                residents=residents,
                seed=seed,
                progress=_progress,
                when_tables_stand=when_tables_stand,
            )

        demo_region.build(place, tell)


@main.command()
def cast() -> None:
    """演示区域的账号。 Who can be played in the demo."""
    with _django():
        for line in import_module("yilian.demo.cast").lines():
            _say(str(line))


@main.command()
@click.argument("server", type=click.Choice(["pages", "live"]))
@click.option("--port", type=click.IntRange(1, 65534), envvar="PORT", default=8000)
def serve(server: str, port: int) -> None:
    """只启动页面或实时消息，供 systemd 使用。 One server alone, for systemd.

    PORT 总是页面的端口，实时消息用下一个。 PORT is always that of the pages.
    """
    from yilian.config.runtime import serve as alone
    from yilian.config.runtime.environment import entered
    from yilian.config.runtime.supervisor import Address

    with entered() as place:
        host = os.environ.get("YILIAN_HOST", "127.0.0.1")
        alone.serve(place, server, Address(host, port))


@main.command()
def worker() -> None:
    """执行后台任务。 Do the jobs in the queue."""
    sign_of_life.begin()
    with _database():
        _manage("procrastinate", "worker")


@main.command()
def deliver() -> None:
    """把事件送给处理者。 Hand events to those who listen."""
    sign_of_life.begin()
    with _django():
        import_module("yilian.foundation.outbox.deliver").run_forever()


@main.command()
@click.option("--port", type=click.IntRange(1, 65534), envvar="PORT", default=8000)
@click.option("--json", "as_json", is_flag=True, help="给监控程序。 For programs.")
@click.option("--strict", is_flag=True, help="有警告时退出码为 2。 2 on warnings.")
def doctor(port: int, as_json: bool, strict: bool) -> None:
    """检查本机与数据库，说明该做什么。 Look for what is wrong, say what to do.

    退出码：0 正常，1 有故障。 Exit code: 0 well, 1 something has failed.
    """
    from yilian.config.runtime.doctor import findings as said
    from yilian.config.runtime.doctor.examine import examine

    found = examine(port)
    for line in [said.as_json(found)] if as_json else said.table(found):
        _say(line)
    sys.exit(said.exit_code(found, strict=strict))


@main.group()
def load() -> None:
    """导入数据。 Load data."""


@load.command("icd10")
@click.argument("file", type=FILE)
def load_icd10(file: Path) -> None:
    """ICD-10 医保版。 The insurance edition of ICD-10."""
    with _django():
        terminology = import_module("yilian.foundation.terminology.services")
        _say(str(terminology.load_icd10(file)))


@load.command("fhir")
@click.argument("folder", type=FOLDER)
@click.option("--institution", required=True, metavar="CODE")
def load_fhir(folder: Path, institution: str) -> None:
    """文件夹中的 FHIR Bundle。 FHIR bundles in a folder."""
    with _django():
        loader = import_module("yilian.interfaces.fhir_api.load")
        report = loader.load_folder(folder, institution, _progress)
        _say(str(report))
        failed = bool(report.failed)
    sys.exit(1 if failed else 0)


@load.command("hl7v2")
@click.argument("folder", type=FOLDER)
@click.option("--feed", required=True, metavar="NAME")
def load_hl7v2(folder: Path, feed: str) -> None:
    """文件夹中的 HL7 v2 消息。 HL7 v2 messages in a folder."""
    with _django():
        serving = import_module("yilian.interfaces.exchange.serving")
        report = serving.load_folder(folder, feed, _progress)
        _say(str(report))
        refused = bool(report.refused)
    sys.exit(1 if refused else 0)


@load.command("prices")
@click.argument("file", type=FILE)
@click.option("--area", default="64", metavar="CODE", help="地区。 Area.")
def load_prices(file: Path, area: str) -> None:
    """价格表（CSV）。 A price list; bad lines are told, good ones are kept."""
    with _django():
        command = import_module("yilian.insurance.policy.command")
        done = command.load_price_file(file, area)
        _say(str(done))
        has_bad = bool(done.bad)
    sys.exit(1 if has_bad else 0)


@main.command()
@click.option("--host", envvar="YILIAN_MLLP_HOST", default="127.0.0.1")
@click.option(
    "--port", type=click.IntRange(1, 65535), envvar="YILIAN_MLLP_PORT", default=2575
)
def exchange(host: str, port: int) -> None:
    """接收其他系统的 HL7 v2 消息。 Listen for HL7 v2 messages (MLLP)."""
    sign_of_life.begin()
    with _django():
        import_module("yilian.interfaces.exchange.serving").serve(host, port, _say)


@main.command()
@click.argument("file", type=FILE)
@click.option("--on", type=click.DateTime(["%Y-%m-%d"]))
def advise(file: Path, on: datetime | None) -> None:
    """临床规则对一份 Bundle 的意见。 What the rule packs say of one bundle."""
    command = import_module("yilian.record.advice.command")
    answers = command.advise_file(file, on.date() if on else None)
    _say(json.dumps(answers, ensure_ascii=False, indent=2))


@main.command()
@click.argument("file", type=FILE)
def settle(file: Path) -> None:
    """医保结算：病例文件，逐步给出依据。 Settle the cases of a file, step by step."""
    command = import_module("yilian.insurance.settlement.command")
    _say(json.dumps(command.settle_file(file), ensure_ascii=False, indent=2))


@main.command("check-settlements")
@click.option("--area", default="", metavar="CODE", help="参保地。 Place of insurance.")
def check_settlements(area: str) -> None:
    """逐张复核结算单。 Count every settlement again; 1 if one differs."""
    with _django():
        verifying = import_module("yilian.insurance.settlement.verifying")
        is_well = verifying.verify(area, _say)
    sys.exit(0 if is_well else 1)


@main.command()
@click.argument("scenario", type=FILE)
@click.argument("cases", type=FILE)
def whatif(scenario: Path, cases: Path) -> None:
    """医保试算：参数改变后谁多付、谁少付。 What other parameters would do."""
    command = import_module("yilian.insurance.whatif.command")
    _say(command.as_text(command.whatif_files(scenario, cases)))


@main.group()
def simulate() -> None:
    """模拟对方系统。 Play the other side."""


@simulate.command("insurer")
@click.option("--host", default="127.0.0.1")
@click.option("--port", type=click.IntRange(0, 65535), default=9100)
@click.option("--fault", "faults", multiple=True, type=click.Choice(INSURER_FAULTS))
@click.option("--share", type=click.FloatRange(0, 1), default=0.1)
@click.option("--seed", type=int, default=SEED)
@click.option("--hold", type=click.FloatRange(0), default=30.0, help="不答复的秒数。")
@click.option("--delay", type=click.FloatRange(0), default=3.0, help="慢答复的秒数。")
@click.option("--book", default=":memory:", help="账簿文件。 SQLite file.")
@click.option("--key-file", type=click.Path(dir_okay=False, path_type=Path))
def simulate_insurer(key_file: Path | None, **told: Any) -> None:
    """医保业务系统（docs/insurer.md）。 The insurer's system, faults included."""
    from yilian.config.runtime.folder import DataFolder

    command = import_module("yilian.insurance.insurer.simulator.command")
    key = key_file or DataFolder.named().keys / "insurer"
    command.simulate(key_file=key, say=_say, **told)


@main.group()
def audit() -> None:
    """审计。 The audit trail."""


@audit.command("verify")
def audit_verify() -> None:
    """重算审计链。 Recompute the whole chain."""
    with _django():
        report = import_module("yilian.foundation.audit.services").verify()
        _say(str(report))
        is_clean = bool(report.is_clean)
    sys.exit(0 if is_clean else 1)


@main.command(
    context_settings={"ignore_unknown_options": True, "help_option_names": []}
)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def manage(arguments: tuple[str, ...]) -> None:
    """Django 的管理命令。 Django's own commands."""
    with _database():
        _manage(*arguments)


def _say(line: str) -> None:
    try:
        click.echo(line)
    except OSError:  # whoever read our output is gone; the work goes on
        return


def _progress(*parts: object) -> None:
    """Takes a percentage with words, or only words."""
    words = [f"{p:3.0f} %" if isinstance(p, int | float) else str(p) for p in parts]
    _say("  ".join(words))


@contextmanager
def _database() -> Iterator[None]:
    from yilian.config.runtime.environment import entered

    with entered():
        yield


@contextmanager
def _django() -> Iterator[None]:
    with _database():
        _set_up_django()
        yield


def _set_up_django() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "yilian.config.settings")
    gc.disable()  # nothing of what is imported is ever garbage
    import_module("django").setup()
    gc.freeze()
    gc.enable()


def _manage(*arguments: str) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "yilian.config.settings")
    management = import_module("django.core.management")
    management.execute_from_command_line(["yilian manage", *arguments])


if __name__ == "__main__":
    main()
