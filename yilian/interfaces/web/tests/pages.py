"""Which addresses answer with a whole page, read from the views themselves."""

import inspect
import re
from collections.abc import Callable, Iterator
from typing import Any

from django.template import engines
from django.urls import URLPattern, URLResolver, get_resolver

_TEMPLATE = re.compile(r'"([a-z_]+/[a-z_]+\.html)"')
_EXTENDS = re.compile(r'\{%\s*extends\s+"([^"]+)"')
_CALLED = re.compile(r"(?<![.\w])([a-z_]+)\(")
FRAMES = frozenset({"web/base.html", "web/plain.html"})
# A page shown where nobody can be asked, or that is nothing but advice.
WITHOUT_HELP = "{% block help %}{% endblock %}"
View = Callable[..., Any]


def addresses() -> Iterator[tuple[str, View]]:
    """(`referral:desk`, its view) of every address of the installation."""
    return _named(get_resolver(), "")


def _named(resolver: URLResolver, prefix: str) -> Iterator[tuple[str, View]]:
    for entry in resolver.url_patterns:
        if isinstance(entry, URLResolver):
            space = f"{entry.namespace}:" if entry.namespace else ""
            yield from _named(entry, prefix + space)
        elif isinstance(entry, URLPattern):
            yield f"{prefix}{entry.name}", entry.callback


def pages() -> list[str]:
    return [name for name, view in addresses() if opens(view) and whole_pages(view)]


def opens(view: View) -> bool:
    """Answers GET, as far as `require_http_methods` says."""
    allowed = _allowed(view)
    return allowed is None or "GET" in allowed


def whole_pages(view: View) -> set[str]:
    return {one for one in _templates(_bare(view), set()) if is_page(one)}


def is_page(template: str) -> bool:
    if template.rpartition("/")[2].startswith("_"):
        return False
    env = engines["jinja2"].env  # type: ignore[attr-defined]
    source = env.loader.get_source(env, template)[0]
    above = _EXTENDS.search(source)
    if above is None or WITHOUT_HELP in source:
        return False
    return above[1] in FRAMES or is_page(above[1])


def _allowed(view: Any) -> list[str] | None:
    while view is not None:
        kept = inspect.getclosurevars(view).nonlocals if _is_plain(view) else {}
        if "request_method_list" in kept:
            return list(kept["request_method_list"])
        view = getattr(view, "__wrapped__", None)
    return None


def _is_plain(view: Any) -> bool:
    return inspect.isfunction(view)


def _bare(view: Any) -> Any:
    while hasattr(view, "__wrapped__"):
        view = view.__wrapped__
    return view


def _templates(function: Any, seen: set[Any]) -> set[str]:
    """Those named in the function and in the helpers of views that it calls."""
    if not _is_plain(function) or function in seen:
        return set()
    seen.add(function)
    source = inspect.getsource(function)
    module = inspect.getmodule(function)
    found = set(_TEMPLATE.findall(source))
    for name in set(_CALLED.findall(source)):
        helper = _bare(getattr(module, name, None))
        if ".views" in (getattr(helper, "__module__", "") or ""):
            found |= _templates(helper, seen)
    return found
