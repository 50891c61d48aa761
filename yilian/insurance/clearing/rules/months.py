"""Months as accounting periods, 会计期间: named by their first day."""

from datetime import date


def month_of(day: date) -> date:
    return day.replace(day=1)


def following(month: date) -> date:
    if month.month == 12:  # noqa: PLR2004
        return date(month.year + 1, 1, 1)
    return date(month.year, month.month + 1, 1)


def before(month: date) -> date:
    if month.month == 1:
        return date(month.year - 1, 12, 1)
    return date(month.year, month.month - 1, 1)


def has_ended(month: date, today: date) -> bool:
    return following(month) <= today


def back(month: date, count: int) -> list[date]:
    """So many months up to this one, the earliest first."""
    found = [month]
    while len(found) < count:
        found.append(before(found[-1]))
    return found[::-1]


def parse(text: str) -> date | None:
    """2026-10; anything else is none."""
    try:
        year, month = (int(part) for part in text.split("-"))
        return date(year, month, 1)
    except ValueError:
        return None
