"""The work behind the pages: what waits too long, and when it was last saved."""

import os
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from importlib import import_module
from typing import Any, Final

import psycopg

from yilian.config.runtime import facts
from yilian.config.runtime.doctor.findings import Finding, Level, by_limits, judge
from yilian.config.runtime.environment import Place
from yilian.config.runtime.pulse import Pulse, feel

MINUTE: Final = 60
HOUR: Final = 3600
A_DAY: Final = timedelta(hours=26)  # a nightly backup is late by then
A_WEEK: Final = timedelta(days=7)
TWO_MONTHS: Final = timedelta(days=60)
A_MONTH: Final = timedelta(days=35)


def examine(place: Place) -> Iterator[Finding]:
    try:
        with psycopg.connect(place.urls.owner) as connection:
            pulse = feel(connection)
            released = released_years(connection)
    except psycopg.errors.UndefinedTable:  # not migrated yet: said elsewhere
        return
    yield from _pulse(pulse)
    yield holidays(released, date.today())  # noqa: DTZ011 the machine's own day
    if facts.get(place.urls.owner, facts.PURPOSE) in {facts.DEMO, facts.DEMO_BEGUN}:
        return
    yield _short_messages()
    yield from _backups(place)


def _pulse(pulse: Pulse) -> Iterator[Finding]:
    yield judge(
        pulse.workers > 0,
        "worker",
        "后台任务 worker",
        f"{pulse.workers}",
        "没有在运行；请启动服务。 None is running; start the service.",
        Level.WARN,
    )
    yield from _events(pulse)
    yield from _jobs(pulse)


def _events(pulse: Pulse) -> Iterator[Finding]:
    """From the outbox to who hears of it."""
    yield by_limits(
        pulse.events_age,
        MINUTE,
        15 * MINUTE,
        "outbox",
        f"待发事件 events waiting（{pulse.events_waiting}）",
        "请检查 deliverer 是否在运行。 Is the deliverer running?",
    )
    yield by_limits(
        pulse.deliveries_age,
        5 * MINUTE,
        HOUR,
        "deliveries",
        f"待处理事件 deliveries waiting（{pulse.deliveries_waiting}）",
        "请检查 worker 的日志。 See the worker's log.",
    )
    yield judge(
        not pulse.dead_letters,
        "dead-letters",
        "未送达 dead letters",
        f"{pulse.dead_letters}",
        "请由系统管理员在“事件”页查看并重发。 Look at them on the page of events.",
        Level.WARN,
    )
    yield judge(
        not pulse.dead_messages,
        "dead-messages",
        "对外消息未送达 messages not taken",
        f"{pulse.dead_messages}",
        "请在“发出的消息”页查看并重发。 Look at what was sent to other systems.",
        Level.WARN,
    )


def _jobs(pulse: Pulse) -> Iterator[Finding]:
    yield judge(
        not pulse.jobs_stuck,
        "jobs",
        f"任务 jobs（{pulse.jobs_waiting} 等待 waiting）",
        f"{pulse.jobs_stuck} 个中断 left by a dead worker",
        "几秒内会自动重做；若不减少，请重启服务。 They are taken up again within "
        "seconds; if not, restart the service.",
        Level.WARN,
    )
    yield by_limits(
        pulse.unsealed_age,
        5 * MINUTE,
        HOUR,
        "audit-seal",
        f"未封存审计 unsealed audit rows（{pulse.unsealed}）",
        "封存每分钟一次，由 worker 执行。 The worker seals every minute.",
    )


def released_years(connection: "psycopg.Connection[Any]") -> set[int]:
    """Those whose days off somebody has written down and another released."""
    days = connection.execute(
        "SELECT jsonb_object_keys(value) FROM parameters_parametervalue"
        " WHERE key = 'referral.working_days' AND state = 'released'"
    )
    return {int(day[:4]) for (day,) in days.fetchall()}


def holidays(released: set[int], today: date) -> Finding:
    known = max(import_module("chinese_calendar").holidays).year
    soon = (today + TWO_MONTHS).year
    last = max({known, *released})
    return judge(
        soon <= known or soon in released,
        "holidays",
        "节假日 holidays",
        f"已知到 {last} 年 known to the end of {last}",
        "之后按周一至周五计算；请在“参数”中填写新一年的“节假日和调休上班日”。 "
        "Beyond it Monday to Friday count; write them down on the page of parameters.",
        Level.WARN,
    )


def _short_messages() -> Finding:
    """Nobody misses what was never sent: residents wait for their codes."""
    named = os.environ.get("YILIAN_SHORT_MESSAGES", "")
    return judge(
        bool(named),
        "short-messages",
        "短信 short messages",
        named or "没有发送 none are sent",
        "请用 YILIAN_SHORT_MESSAGES 指定短信网关（docs/deploy.md）。 Name an adapter.",
        Level.WARN,
    )


def _backups(place: Place) -> Iterator[Finding]:
    yield _age(place, facts.BACKUP, "backup", "备份 backup", warn=A_DAY, fail=A_WEEK)
    yield _age(
        place,
        facts.BACKUP_CHECKED,
        "backup-verified",
        "备份核对 backup tried",
        warn=A_MONTH,
    )


def _age(
    place: Place,
    fact: str,
    key: str,
    subject: str,
    *,
    warn: timedelta,
    fail: timedelta = timedelta.max,
) -> Finding:
    said = facts.get(place.urls.owner, fact)
    advice = "请执行 yilian backup --verify，并用定时器每天执行。 Run it every day."
    if said is None:
        return Finding(key, Level.WARN, subject, "从未 never", advice)
    age = datetime.now(UTC) - datetime.fromisoformat(said)
    hours = age.total_seconds() / HOUR
    otherwise = Level.FAIL if age >= fail else Level.WARN
    return judge(age < warn, key, subject, f"{hours:.0f} h", advice, otherwise)
