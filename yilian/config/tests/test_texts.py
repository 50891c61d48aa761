"""Both languages are whole: every text is marked, and every marked text has English."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from babel.messages.catalog import Message
from django.utils import translation
from django.utils.translation import gettext, ngettext
from jinja2 import Environment, nodes

from scripts import texts
from yilian.care.referral.rules.states import State, Step, StepNotAllowed
from yilian.interfaces.web.jinja import environment
from yilian.interfaces.web.words import text

CHINESE: Final = re.compile(r"[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]")
MARKERS: Final = frozenset(texts.KEYWORDS)


def test_every_marked_text_has_english_that_fits() -> None:
    assert texts.problems() == []


@pytest.mark.parametrize(
    ("source", "english", "complaint"),
    [
        ("请填写{part}。", "", "without English"),
        ("请填写{part}。", "Please fill in.", "other placeholders than the source"),
        ("共 %(n)s 条", "%(m)s in all", "other placeholders than the source"),
        ("姓名", "Name（全名）", "Chinese in the English"),
        ("差 10%% 以内", "within 10%", "a percent sign that is not doubled"),
        (("%(n)d 天", "%(n)d 天"), ("%(n)d day", ""), "without English"),
    ],
)
def test_english_that_does_not_fit_is_found(
    source: str, english: str, complaint: str
) -> None:
    page = "yilian/interfaces/web/jinja2/web/home.html"
    message = Message(source, english, locations=[(page, 1)])
    assert complaint in texts.misfits(message)


def test_a_guess_is_not_taken_for_english() -> None:
    assert texts.misfits(Message("姓名", "Name", flags=["fuzzy"])) == ["fuzzy"]


def test_english_that_fits_is_let_pass() -> None:
    assert texts.misfits(Message("共 {n} 条", "{n} in all")) == []
    assert texts.misfits(Message(("%(n)d 天",) * 2, ("%(n)d day", "%(n)d days"))) == []


def test_a_refusal_is_said_in_the_readers_language() -> None:
    refused = StepNotAllowed(State.COMPLETED, Step.ACCEPT)
    with translation.override("en"):
        said = text(refused.text)
    assert said.startswith("The referral is now “Completed” and closed; “Accept” is")


def test_a_count_of_one_is_said_as_one() -> None:
    with translation.override("en"):
        one, two = (
            ngettext("%(n)d 分钟前", "%(n)d 分钟前", n) % {"n": n} for n in (1, 2)
        )
    assert (one, two) == ("1 minute ago", "2 minutes ago")


def test_without_a_choice_the_source_itself_is_shown() -> None:
    with translation.override("zh-hans"):
        assert gettext("接收台") == "接收台"


def test_templates_mark_all_the_chinese_they_say() -> None:
    env = environment()
    pages = sorted(texts.PACKAGE.glob("**/jinja2/**/*.html"))
    found = [
        f"{path.relative_to(texts.ROOT)}:{line}: {words}"
        for path in pages
        if path.name not in BY_DESIGN
        for line, words in _unmarked_in_template(env, path)
    ]
    assert found == []


# Chinese in every language, and why.
NOT_FOR_TRANSLATION: Final = (
    "yilian/config/",  # both languages side by side, before one is chosen
    "yilian/demo/",  # the invented region speaks Chinese
    "yilian/foundation/audit/verification.py",  # a report for the console
    "yilian/foundation/identity/rules.py",  # the name an authenticator shows
    "yilian/foundation/terminology/services.py",  # a report for the console
    "yilian/insurance/clearing/rules/money_words.py",  # an amount in characters
    "yilian/insurance/policy/rules/price_file.py",  # what files write in a column
    "yilian/insurance/policy/services/prices.py",  # a report for the console
    "yilian/insurance/settlement/rules/anomalies.py",  # words in names of items
    "yilian/insurance/settlement/verifying.py",  # a report for the console
    "yilian/interfaces/exchange/hl7v2/",  # headings that messages use, read and written
    "yilian/interfaces/exchange/intake/persons.py",  # as above
    "yilian/interfaces/exchange/serving.py",  # a report for the console
    "yilian/interfaces/fhir_api/capability.py",  # the program's own name
    "yilian/interfaces/fhir_api/load.py",  # a report for the console
    "yilian/interfaces/web/gallery.py",  # invented examples
    "yilian/interfaces/web/pictures.py",  # says dates itself, in both languages
    "yilian/interfaces/web/words.py",  # as above
    "yilian/kernel/money.py",  # reads Chinese figures, as the next two
    "yilian/kernel/names.py",
    "yilian/kernel/surnames.py",
    "yilian/record/advice/",  # reads worded yes and no; its texts are marked apart
    "yilian/record/queries/summaries.py",  # asks whether a word is Chinese
    "yilian/registry/population/fhir.py",  # kept in the record as it is
)
IS_HAN: Final = re.compile("[\u4e00-\u9fff]")
# Invented examples; and the button that leads to Chinese.
BY_DESIGN: Final = frozenset({"gallery.html", "_language.html"})


def test_python_marks_all_the_chinese_it_says() -> None:
    found = [
        f"{name}:{line}: {words}"
        for path in sorted(texts.PACKAGE.glob("**/*.py"))
        if not _is_exempt(name := str(path.relative_to(texts.ROOT)))
        for line, words in _unmarked_in_python(path)
    ]
    assert found == []


def _is_exempt(name: str) -> bool:
    parts = {"tests", "migrations", "conftest.py"}
    return bool(parts & set(Path(name).parts)) or name.startswith(NOT_FOR_TRANSLATION)


def _unmarked_in_template(env: Environment, path: Path) -> Iterator[tuple[int, str]]:
    tree = env.parse(path.read_text(encoding="utf-8"))
    marked = {
        id(word)
        for call in tree.find_all(nodes.Call)
        if isinstance(call.node, nodes.Name) and call.node.name in MARKERS
        for word in call.find_all(nodes.Const)
    }
    for plain in tree.find_all(nodes.TemplateData):
        if CHINESE.search(plain.data):
            yield plain.lineno, plain.data.strip()
    for word in tree.find_all(nodes.Const):
        if id(word) not in marked and _is_chinese(word.value):
            yield word.lineno, word.value


def _unmarked_in_python(path: Path) -> Iterator[tuple[int, str]]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    passed = {id(word) for node in ast.walk(tree) for word in _not_said(node)}
    for node in ast.walk(tree):
        if not isinstance(node, ast.Constant) or id(node) in passed:
            continue
        if isinstance(node.value, str) and IS_HAN.search(node.value):
            yield node.lineno, node.value


def _not_said(node: ast.AST) -> Iterator[ast.AST]:
    """Docstrings, patterns that read, and whatever stands inside a marker."""
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        yield node.value
    if isinstance(node, ast.Call) and _name_of(node.func) in MARKERS | {"compile"}:
        for argument in node.args:
            yield from ast.walk(argument)


def _name_of(called: ast.expr) -> str:
    if isinstance(called, ast.Attribute):
        return called.attr
    return called.id if isinstance(called, ast.Name) else ""


def _is_chinese(value: object) -> bool:
    return isinstance(value, str) and CHINESE.search(value) is not None
