"""What every template can use. Settings name `environment` for the Jinja2 engine.

`_("…")` in templates is Babel's new style: values by name, `_("共 %(n)s 条", n=n)`,
and a percent sign is written `%%`. Marked texts of lower modules go through `|text`.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final
from urllib.parse import urlencode

import heroicons.jinja
from django.conf import settings
from django.contrib.messages import get_messages
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.utils import timezone, translation
from jinja2 import Environment
from jinja2.utils import htmlsafe_json_dumps
from markupsafe import Markup

from yilian.interfaces.web import drawing, pictures, words
from yilian.interfaces.web.addresses import maybe_url, url
from yilian.interfaces.web.frame import frame
from yilian.interfaces.web.help import help_line
from yilian.interfaces.web.navigation import Line, menu
from yilian.interfaces.web.shell import (
    TOPICS,
    letter_sizes,
    letters_of,
    live_url,
    page_words,
    shell,
)
from yilian.interfaces.web.tongues import Tongues
from yilian.kernel.clause import Clause, UnknownClause, clause
from yilian.kernel.ids import new_id
from yilian.kernel.names import mask_name
from yilian.kernel.tier import DIRECTION_NAMES, TIER_NAMES


def environment(**options: Any) -> Environment:
    options.setdefault("autoescape", True)
    extensions = [*options.pop("extensions", ()), "jinja2.ext.i18n"]
    env = Tongues(
        extensions=extensions, trim_blocks=True, lstrip_blocks=True, **options
    )
    env.policies["ext.i18n.trimmed"] = True
    env.install_gettext_callables(  # type: ignore[attr-defined]
        translation.gettext,
        translation.ngettext,
        newstyle=True,
        pgettext=translation.pgettext,
        npgettext=translation.npgettext,
    )
    env.filters.update(FILTERS)
    env.globals.update(GLOBALS)
    env.speakers = {"_": said_in, "text": words.text_in}
    return env


def said_in(language: str) -> Callable[..., Markup]:
    """`_("…")`: a page has some hundred, most without values and said before."""

    def said(marked: str, /, **values: object) -> Markup:
        plain = _said(marked, language)
        return plain % values if values else _without_values(plain)

    return said


@lru_cache(maxsize=5000)
def _said(marked: str, language: str) -> Markup:
    with translation.override(language):
        return Markup(translation.gettext(marked))  # noqa: S704 - a text of ours


@lru_cache(maxsize=5000)
def _without_values(plain: Markup) -> Markup:
    """`%%` is a percent sign here too."""
    return plain % {}


def query(request: HttpRequest, **changes: object) -> str:
    """This list with other parameters; a new filter starts at the first page again."""
    kept = {key: value for key, value in request.GET.items() if key != "cursor"}
    merged = {**kept, **changes}
    pairs = {key: value for key, value in merged.items() if value not in (None, "")}
    return f"?{urlencode(pairs)}" if pairs else request.path


def idempotency_field() -> Markup:
    """Every form that creates something carries one: sent twice, it happens once."""
    return Markup('<input type="hidden" name="idempotency_key" value="{}">').format(
        new_id()
    )


def menu_lines(lines: Sequence[Line], *, mirrored: bool = False) -> Markup:
    """A group of the menu: drawn once for all who have the same one."""
    return _menu_lines(tuple(lines), mirrored, translation.get_language() or "")


@lru_cache(maxsize=2000)
def _menu_lines(lines: tuple[Line, ...], mirrored: bool, _language: str) -> Markup:
    context = {"lines": lines, "mirrored": mirrored}
    # Made by our own template, which has escaped what it was told.
    return Markup(render_to_string("web/_lines.html", context))  # noqa: S704


def page_words_written() -> Markup:
    """What scripts say, as one attribute of the page."""
    return _page_words_written(translation.get_language() or "")


@lru_cache(maxsize=8)
def _page_words_written(_language: str) -> Markup:
    return htmlsafe_json_dumps(page_words())


def clause_of(clause_id: str) -> Clause | None:
    try:
        return clause(clause_id)
    except UnknownClause:
        return None


def language() -> str:
    return "en" if words.in_english() else "zh-Hans"


def is_demo() -> bool:
    return bool(settings.YILIAN_DEMO)


@lru_cache(maxsize=500)
def _static(path: str) -> str:
    """A file of ours keeps its address."""
    return static(path)


# An icon is a tree of XML that is copied and written out anew: 0.2 ms each.
_drawn_once: Final = lru_cache(maxsize=1000)


FILTERS: Mapping[str, Any] = {
    "text": words.text,
    "masked": mask_name,
    "day": words.day,
    "full_day": words.full_day,
    "moment": words.moment,
    "hour": words.hour,
    "ago": words.ago,
    "lasting": words.lasting,
    "yuan": words.yuan,
    "number": words.number,
    "percent": words.percent,
    "age": words.age,
}

GLOBALS: Mapping[str, Any] = {
    "url": url,
    "maybe_url": maybe_url,
    "static": _static,
    "query": query,
    "menu": menu,
    "shell": shell,
    "frame": frame,
    "live_url": live_url,
    "live_topics": " ".join(TOPICS),
    "menu_lines": menu_lines,
    "page_words": page_words_written,
    "help_line": help_line,
    "letters_of": letters_of,
    "letter_sizes": letter_sizes,
    "messages_of": get_messages,
    "language": language,
    "is_demo": is_demo,
    "now": timezone.now,
    "idempotency_field": idempotency_field,
    "clause_of": clause_of,
    "clock_face": words.clock_face,
    "ladder_of": pictures.ladder,
    "lanes_drawn": drawing.lanes,
    "tile_map_of": pictures.tile_map,
    "tile_size": (pictures.TILE_WIDTH, pictures.TILE_HEIGHT),
    "tiles_size": (pictures.TILES_WIDTH, pictures.TILES_HEIGHT),
    "qr_svg": pictures.qr_svg,
    "TIER_NAMES": TIER_NAMES,
    "DIRECTION_NAMES": DIRECTION_NAMES,
    "heroicon_micro": _drawn_once(heroicons.jinja.heroicon_micro),
    "heroicon_mini": _drawn_once(heroicons.jinja.heroicon_mini),
    "heroicon_outline": _drawn_once(heroicons.jinja.heroicon_outline),
    "heroicon_solid": _drawn_once(heroicons.jinja.heroicon_solid),
}
