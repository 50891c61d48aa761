"""The rooms of settlement as tabs, each shown to those who work there."""

from typing import Final

from django.urls import reverse

from yilian.foundation.access.actor import Actor
from yilian.insurance.settlement import policies
from yilian.kernel.text import _

CLERK: Final = (
    ("work", _("工作台"), "settlement:work"),
    ("waiting", _("待结算"), "settlement:waiting"),
    ("list", _("结算查询"), "settlement:list"),
    ("filings", _("补登与申诉"), "settlement:filings"),
    ("anomalies", _("疑点"), "settlement:anomalies"),
    ("sums", _("汇总"), "settlement:sums"),
)
HOUSE: Final = (
    ("work", _("工作台"), "settlement:work"),
    ("waiting", _("待结算"), "settlement:waiting"),
    ("list", _("结算查询"), "settlement:list"),
    ("filings", _("补登与申诉"), "settlement:filings"),
    ("sums", _("汇总"), "settlement:sums"),
)


def rooms(actor: Actor, current: str) -> list[tuple[str, str, bool, None]]:
    """Words, address, whether it is this one; a resident has one page."""
    found: tuple[tuple[str, str, str], ...] = ()
    if policies.is_insurer(actor):
        found = CLERK
    elif policies.is_finance(actor):
        found = HOUSE
    return [(words, reverse(name), key == current, None) for key, words, name in found]
