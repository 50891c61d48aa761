"""A template says in each language what it would have said if asked anew."""

from collections.abc import Mapping

import pytest
from django.utils import translation
from jinja2 import DictLoader

from yilian.interfaces.web import jinja
from yilian.interfaces.web.tongues import Tongues

PAGES: Mapping[str, str] = {
    "page.html": '{% import "parts.html" as parts %}<b>{{ _("帮助") }}</b>'
    '{{ parts.twice(_("帮助")) }}{{ parts.kept }}{% include "more.html" %}',
    "parts.html": '{% set kept = _("帮助") %}'
    "{% macro twice(words) %}{{ words|text }}{{ words }}{% endmacro %}",
    "more.html": '{{ _("%(n)s 条", n="<" ~ n) }}',
    "loop.html": '{% import "parts.html" as parts %}'
    "{% for one in told %}{% set said = one %}{{ parts.twice(said) }}{% endfor %}",
    "called.html": "{% macro framed(words) %}[{{ words }}{{ caller() }}]{% endmacro %}"
    '{% call framed(_("帮助")) %}{{ told }}{% endcall %}',
}


@pytest.fixture
def pages() -> Tongues:
    made = jinja.environment(loader=DictLoader(dict(PAGES)), auto_reload=False)
    assert isinstance(made, Tongues)
    return made


def said(pages: Tongues, name: str, language: str, **told: object) -> str:
    with translation.override(language):
        return pages.get_template(name).render(told)


def test_the_same_template_says_it_in_the_language_of_its_reader(
    pages: Tongues,
) -> None:
    for _again in range(2):
        chinese = said(pages, "page.html", "zh-hans", n=3)
        english = said(pages, "page.html", "en", n=3)
        assert chinese.startswith("<b>帮助</b>帮助帮助帮助")
        assert english.startswith("<b>Help</b>HelpHelpHelp")


def test_values_are_still_escaped_and_texts_are_not(pages: Tongues) -> None:
    assert "&lt;3" in said(pages, "page.html", "zh-hans", n=3)
    assert said(pages, "called.html", "en", told="<i>") == "[Help&lt;i&gt;]"


def test_macros_are_called_in_loops_that_set_names(pages: Tongues) -> None:
    assert said(pages, "loop.html", "zh-hans", told=["甲", "<"]) == "甲甲&lt;&lt;"


def test_nobody_asks_which_language_is_meant_while_a_page_is_drawn(
    pages: Tongues, monkeypatch: pytest.MonkeyPatch
) -> None:
    with translation.override("en"):
        page = pages.get_template("page.html")
        page.render(n=1)
        asked: list[str] = []
        monkeypatch.setitem(pages.globals, "_", lambda text, **_: asked.append(text))
        page.render(n=1)
    assert asked == ["%(n)s 条"]
