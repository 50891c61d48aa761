"""Components as a page would call them, in the real environment."""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django import forms
from django.test import RequestFactory
from django.utils import timezone
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from yilian.interfaces.web import jinja

HERE = Path(jinja.__file__).parent / "jinja2"
IMPORTS = "".join(
    f'{{% import "components/{name}.html" as {name} %}}'
    for name in ("pictures", "marks", "blocks", "forms", "rows")
)


@pytest.fixture(scope="module")
def env() -> Environment:
    return jinja.environment(loader=FileSystemLoader(HERE), undefined=StrictUndefined)


@pytest.fixture
def show(env: Environment) -> Any:
    return lambda source, **values: env.from_string(IMPORTS + source).render(values)


@pytest.mark.parametrize(
    "call",
    [
        "marks.tag(bad)",
        "marks.tag('x', title=bad)",
        "marks.person(bad, bad, bad, bad)",
        "marks.phone('0951', bad)",
        "marks.code(bad)",
        "blocks.empty(bad, bad)",
        "blocks.alert(bad, 'stat', title=bad)",
        "blocks.facts([(bad, bad)])",
        "blocks.table([bad], [[bad]])",
        "blocks.help([bad])",
        "blocks.print_head(bad, bad)",
        "forms.input('a', bad, value=bad, error=bad, hint=bad)",
        "forms.textarea('a', bad, value=bad)",
        "forms.select('a', bad, [(bad, bad)], blank=bad)",
        "forms.choice('a', bad, [(bad, bad)])",
        "forms.picker('a', bad, '/icd', words=bad)",
        "forms.options([{'code': bad, 'words': bad}])",
        "forms.button(bad)",
        "forms.step(bad, '/x', values={'a': bad})",
    ],
)
def test_what_people_typed_is_never_taken_for_markup(show: Any, call: str) -> None:
    shown = show("{{ " + call + " }}", bad='<script>alert(1)</script>" onx="')
    assert "<script" not in shown
    assert '" onx="' not in shown


def test_a_component_carries_no_style_or_script_of_its_own() -> None:
    for page in HERE.rglob("*.html"):
        source = page.read_text(encoding="utf-8")
        assert " style=" not in source, page
        assert "onclick" not in source, page
        assert "<script>" not in source, page


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        ("marks.urgency('stat')", "急诊"),
        ("marks.urgency('routine')", "常规"),
        ("marks.tier('primary')", "乡镇（社区）级"),
        ("marks.tier('primary', '社区')", "社区"),
        ("marks.direction('down')", "下转"),
        ("marks.phone('0951-123 4567')", 'href="tel:09511234567"'),
        ("marks.meter(39, 42, '已用')", 'width="92.9%"'),
        ("marks.meter(50, 42, '已用')", 'width="100%"'),
        ("marks.meter(0, 0, '没有床')", 'width="0%"'),
        ("marks.clause('NX-3.2-c')", "data-says="),
        ("pictures.ladder('primary', 'secondary')", 'aria-label="乡到县"'),
        ("forms.input('a', '名', required=true)", "必填"),
        ("forms.input('a', '名', error='太长')", 'aria-invalid="true"'),
        ("forms.input('a', '名', inputmode='tel')", 'inputmode="tel"'),
        ("forms.step('接收', '/x')", 'name="idempotency_key"'),
        ("forms.options([])", "没有找到"),
    ],
)
def test_a_component_says_what_it_is_for(show: Any, call: str, expected: str) -> None:
    assert expected in show("{{ " + call + " }}")


def test_a_clause_nobody_knows_is_shown_by_its_number(show: Any) -> None:
    shown = show("{{ marks.clause('NX-99') }}")
    assert "NX-99" in shown
    assert "data-says" not in shown


def test_a_clock_carries_its_deadline_so_that_the_page_can_let_it_run(
    show: Any,
) -> None:
    deadline = timezone.now() + timedelta(minutes=8)
    assert deadline.isoformat() in show("{{ marks.clock(d) }}", d=deadline)
    assert "data-deadline" not in show("{{ marks.clock(None, paused=true) }}")


@dataclass
class Line:
    label: str
    yuan: int | None
    clause: str | None = None
    working: str | None = None
    kind: str | None = None


def test_a_bill_shows_each_amount_with_its_ground(show: Any) -> None:
    lines = [Line("起付线补差", 300, "NX-3.2-c"), Line("合计", None, kind="sum")]
    shown = show("{{ blocks.bill(lines) }}", lines=lines)
    assert "300.00" in shown
    assert "NX-3.2-c" in shown
    assert 'class="sum"' in shown


class DeclineForm(forms.Form):
    reason = forms.CharField(label="退回原因", help_text="转出方会看到。")
    key = forms.CharField(widget=forms.HiddenInput)


def test_an_error_stands_at_its_field_and_what_was_typed_stays(show: Any) -> None:
    form = DeclineForm({"reason": " ", "key": "k"})
    shown = show("{{ forms.fields(form) }}", form=form)
    assert 'id="id_reason_error">' in shown
    assert 'aria-invalid="true"' in shown
    assert "转出方会看到。" in shown
    assert 'type="hidden" name="key" value="k"' in shown


@pytest.mark.parametrize(
    ("address", "changes", "expected"),
    [
        ("/d?state=open&cursor=abc", {"state": "done"}, "?state=done"),
        ("/d?state=open", {"cursor": "xyz"}, "?state=open&cursor=xyz"),
        ("/d?state=open", {"state": None}, "/d"),
        ("/d", {"q": "高 血压"}, "?q=%E9%AB%98+%E8%A1%80%E5%8E%8B"),
    ],
)
def test_a_list_keeps_its_filter_in_its_address(
    address: str, changes: dict[str, object], expected: str
) -> None:
    assert jinja.query(RequestFactory().get(address), **changes) == expected


def test_every_form_gets_a_key_of_its_own() -> None:
    assert jinja.idempotency_field() != jinja.idempotency_field()
