"""A referral's row in a list, drawn once for as long as it stays the same.

A desk asks for its list whenever anything happens, and of thirty rows one has
changed. A row is drawn from its `HopLine` alone, so equal lines have equal rows; the
clocks in it run on by themselves in the page, and start anew each minute.
"""

from functools import lru_cache
from typing import Final

from django.template.loader import render_to_string
from django.utils import timezone, translation
from markupsafe import Markup

from yilian.care.referral.queries.desk import HopLine

KEPT: Final = 4000  # some 4 kB each


def drawn(hop: HopLine) -> Markup:
    minute = int(timezone.now().timestamp()) // 60
    return _drawn(hop, translation.get_language() or "", minute)


@lru_cache(maxsize=KEPT)
def _drawn(hop: HopLine, _language: str, _minute: int) -> Markup:
    # Made by our own template, which has escaped what people wrote.
    return Markup(render_to_string("referral/_hop.html", {"hop": hop}))  # noqa: S704
