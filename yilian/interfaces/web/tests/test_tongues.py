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
    "given.html": "{% macro three(a, b=8, c=9) %}({{ a }},{{ b }},{{ c }})"
    "{% endmacro %}"
    "{% macro called(a, b='') %}({{ a }},{{ caller() }},{{ b }}){% endmacro %}"
    "{% macro named(a, caller=none) %}({{ a }}-,{{ caller() }}){% endmacro %}"
    "{% macro all(a) %}({{ a }}|{{ varargs|join }}|"
    "{% for key, value in kwargs.items() %}{{ key }}={{ value }}{% endfor %})"
    "{% endmacro %}{{ three(1, 2) }}{{ three(1, c=3) }}{{ three(told) }}{{ three() }}"
    "{% call called(1) %}[x]{% endcall %}"
    "{% call named('x') %}y{% endcall %}{{ all(1, 2, k=3) }}",
    "many.html": "{% macro one(a) %}{{ a }}{% endmacro %}{{ one(1, 2) }}",
    "unknown.html": "{% macro one(a) %}{{ a }}{% endmacro %}{{ one(b=2) }}",
    "twice.html": "{% macro one(a) %}{{ a }}{% endmacro %}{{ one(1, a=2) }}",
    "maybe.html": "[{{ '<'|safe if told }}][{{ ('no' if told)|lower }}]",
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
        monkeypatch.setitem(page.globals, "_", lambda text, **_: asked.append(text))
        monkeypatch.setattr(translation, "get_language", lambda: asked.append("which"))
        page.render(n=1)
    assert asked == ["%(n)s 条"]


def test_a_macro_takes_its_arguments_as_jinja_gives_them(pages: Tongues) -> None:
    assert said(pages, "given.html", "en", told="<") == (
        "(1,2,9)(1,8,3)(&lt;,8,9)(,8,9)(1,[x],)(x-,y)(1|2|k=3)"
    )


@pytest.mark.parametrize("name", ["many.html", "unknown.html", "twice.html"])
def test_a_macro_refuses_what_it_does_not_know(pages: Tongues, name: str) -> None:
    with pytest.raises(TypeError):
        said(pages, name, "en")


def test_what_has_no_else_shows_nothing(pages: Tongues) -> None:
    assert said(pages, "maybe.html", "en", told=False) == "[][]"
    assert said(pages, "maybe.html", "en", told=True) == "[<][no]"
