"""Templates compiled once for each language: what is said without values is a constant.

A page says some sixty marked texts. Asking for each which language is meant was a tenth
of what a page costs. So whatever says a text (`speakers`) is told the language once.
"""

from collections.abc import Callable, Mapping, MutableMapping
from typing import Any, Final, Self

from django.utils import translation
from jinja2 import Environment, Template, nodes
from jinja2.utils import internalcode
from jinja2.visitor import NodeTransformer
from markupsafe import Markup

from yilian.interfaces.web.written import DirectMacro, Marked, Written, shown

_MARK: Final = "_"
# By the name of a global or filter: which one speaks a language.
Speakers = Mapping[str, Callable[[str], Callable[..., Any]]]


class Tongues(Environment):
    """Hands out templates of the language that is active. They share one dictionary of
    globals: a chain of two, as Jinja makes it for each, is copied and compared with
    each include and import."""

    code_generator_class = Written
    macro = DirectMacro
    shown = staticmethod(shown)
    language: str | None = None  # of which the templates are; None hands them out

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.speakers: Speakers = {}
        self._of_language: dict[str, Tongues] = {}
        self._known: dict[str, Template] = {}
        self.marked = Marked()

    def make_globals(
        self, d: MutableMapping[str, Any] | None
    ) -> MutableMapping[str, Any]:
        return super().make_globals(d) if d else self.globals

    @internalcode
    def get_template(
        self,
        name: str | Template,
        parent: str | None = None,
        globals: MutableMapping[str, Any] | None = None,  # noqa: A002 - Jinja's name
    ) -> Template:
        if self.language is None:
            spoken = self._speaking(translation.get_language() or "")
            return spoken.get_template(name, parent, globals)
        if isinstance(name, Template) or globals or self.auto_reload:
            return super().get_template(name, parent, globals)
        found = self._known.get(name)
        if found is None:
            found = self._known[name] = super().get_template(name, parent)
        return found

    def from_string(self, source: Any, *args: Any, **options: Any) -> Template:
        if self.language is None:
            spoken = self._speaking(translation.get_language() or "")
            return spoken.from_string(source, *args, **options)
        return super().from_string(source, *args, **options)

    def _speaking(self, language: str) -> "Tongues":
        found = self._of_language.get(language)
        if found is None:
            found = self._of_language[language] = self._overlay(language)
        return found

    def _overlay(self, language: str) -> Self:
        made = self.overlay()
        made.language, made._known = language, {}
        told = {name: speaker(language) for name, speaker in self.speakers.items()}
        made.globals = self.globals | told
        made.filters = self.filters | told
        return made

    def _parse(
        self, source: str, name: str | None, filename: str | None
    ) -> nodes.Template:
        parsed = super()._parse(source, name, filename)
        if self.language is None:
            return parsed
        said = _Said(self.globals[_MARK])
        return said.visit(parsed)  # type: ignore[no-any-return]


class _Said(NodeTransformer):
    """`_("…")` without values becomes what it says."""

    def __init__(self, say: Any) -> None:
        self._say = say

    def visit_Call(self, node: nodes.Call) -> nodes.Node:  # noqa: N802 - Jinja's name
        if _is_plain(node):
            words = Markup(self._say(node.args[0].value))  # type: ignore[attr-defined] # noqa: S704
            return nodes.MarkSafe(nodes.Const(words), lineno=node.lineno)
        return self.generic_visit(node)


def _is_plain(node: nodes.Call) -> bool:
    return (
        isinstance(node.node, nodes.Name)
        and node.node.name == _MARK
        and len(node.args) == 1
        and isinstance(node.args[0], nodes.Const)
        and not (node.kwargs or node.dyn_args or node.dyn_kwargs)
    )
