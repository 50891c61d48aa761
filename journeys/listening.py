"""What a voice reader is told of a page, and what weak eyes can make out of it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Page

IN_THE_PAGE: Final = Path(__file__).with_suffix(".js").read_text(encoding="utf-8")
# Roles that somebody can act on: without a name nobody knows what they do.
CONTROLS = frozenset({
    "button", "link", "textbox", "searchbox", "combobox", "checkbox", "radio",
    "listbox", "option", "spinbutton", "slider", "switch", "tab", "menuitem",
    "DisclosureTriangle", "Date", "DateTime", "InputTime",
})  # fmt: skip


@dataclass(frozen=True)
class Node:
    role: str
    name: str
    level: int


def _ask(page: Page, name: str) -> Any:
    return page.evaluate(f"{IN_THE_PAGE.strip()}.{name}()")


def heard(page: Page) -> list[Node]:
    """Chromium's accessibility tree, in reading order, without what is ignored."""
    session = page.context.new_cdp_session(page)
    nodes = session.send("Accessibility.getFullAXTree")["nodes"]
    session.detach()
    by_id = {node["nodeId"]: node for node in nodes}
    return [_node(node) for node in _in_order(nodes[0], by_id) if not node["ignored"]]


def _in_order(node: dict[str, Any], by_id: dict[str, Any]) -> list[dict[str, Any]]:
    found = [node]
    for child in node.get("childIds", []):
        if child in by_id:
            found += _in_order(by_id[child], by_id)
    return found


def _node(node: dict[str, Any]) -> Node:
    facts = (
        {fact["name"]: fact["value"].get("value") for fact in node["properties"]}
        if ("properties" in node)
        else {}
    )
    return Node(
        str(node.get("role", {}).get("value", "")),
        str(node.get("name", {}).get("value", "")).strip(),
        int(facts.get("level") or 0),
    )


def complaints(page: Page) -> list[str]:
    """Everything wrong with this page, for somebody who listens to it."""
    nodes = heard(page)
    return [
        *_nameless(nodes),
        *_headings([node for node in nodes if node.role == "heading"]),
        *_landmarks(nodes),
        *_ask(page, "markup"),
    ]


def _nameless(nodes: list[Node]) -> list[str]:
    return [f"a {node.role} without a name" for node in nodes
            if node.role in CONTROLS and not node.name]  # fmt: skip


def _headings(headings: list[Node]) -> list[str]:
    wrong = []
    first = [node.name for node in headings if node.level == 1]
    if len(first) != 1:
        wrong.append(f"{len(first)} headings of the first level: {first}")
    before = 0
    for node in headings:
        if node.level > before + 1:
            wrong.append(f"from h{before} to h{node.level}: {node.name}")
        if not node.name:
            wrong.append(f"an empty h{node.level}")
        before = node.level
    return wrong


def _landmarks(nodes: list[Node]) -> list[str]:
    wrong = []
    if sum(node.role == "main" for node in nodes) != 1:
        wrong.append("not one main")
    if sum(node.role == "banner" for node in nodes) != 1:
        wrong.append("not one banner")
    names = [node.name for node in nodes if node.role == "navigation"]
    if "" in names or len(set(names)) != len(names):
        wrong.append(f"menus that sound alike: {names}")
    return wrong


def pale_words(page: Page) -> list[str]:
    return list(_ask(page, "pale"))


def too_wide(page: Page) -> list[str]:
    return list(_ask(page, "tooWide"))


def focus_unseen(page: Page, most: int = 40) -> list[str]:
    """Going through the page by Tab: each stop shows where one is."""
    wrong = []
    for _n in range(most):
        page.keyboard.press("Tab")
        found = _ask(page, "focus")
        if found is None:
            break
        if not found["seen"]:
            wrong.append(found["what"])
    return wrong
