"""The English catalogue: gather what is marked, bring it up to date, check it.

Run from the repository's root: `.venv/bin/python -m scripts.texts COMMAND`.

    extract    list what is marked and has no English yet
    update     add new texts to the catalogue, drop those that are gone
    check      say what is wrong with it; exit code 1 when something is
    compile    write the file that the program reads (`make setup` does too)
"""

import os
import re
import string
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "yilian"
CATALOGUE = PACKAGE / "locale" / "en" / "LC_MESSAGES" / "django.po"
KEYWORDS = {
    **DEFAULT_KEYWORDS,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext_lazy": (1, 2),
    "pgettext_lazy": ((1, "c"), 2),
}
# Without dates and names of tools, which would change on every run.
HEADER = """\
# What Yilian says in English. `python -m scripts.texts update` keeps it current.
msgid ""
msgstr ""
"Language: en\\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"

"""
_NAMED = re.compile(r"%\((\w+)\)[sd]")


def extract() -> Catalog:
    """Everything marked, with the files it stands in."""
    with (ROOT / "babel.cfg").open(encoding="utf-8") as file:
        methods, options = parse_mapping_cfg(file)  # type: ignore[no-untyped-call]
    found = Catalog(fuzzy=False)
    for name, line, text, comments, context in extract_from_dir(
        PACKAGE, methods, options, KEYWORDS
    ):
        place = f"yilian/{name}"
        found.add(text, None, [(place, line)], (), comments, context=context)
    return found


def catalogue() -> Catalog:
    if not CATALOGUE.exists():
        return Catalog(locale="en", fuzzy=False)
    with CATALOGUE.open("rb") as file:
        return read_po(file, locale="en")


def update() -> Catalog:
    """Texts that are gone leave the catalogue; nothing is guessed for new ones."""
    known = catalogue()
    known.update(extract(), no_fuzzy_matching=True)
    _save(known)
    return known


def problems() -> list[str]:
    """In words, one line each; an empty list when English is complete."""
    marked, known = extract(), catalogue()
    missing = [f"not in the catalogue: {_name(m)}" for m in marked if _absent(m, known)]
    gone = [f"no longer marked: {_name(m)}" for m in known if _absent(m, marked)]
    wrong = [f"{words}: {_name(m)}" for m in known if m.id for words in misfits(m)]
    return [*missing, *gone, *wrong]


def misfits(message: Message) -> list[str]:
    """What is wrong with the English of one text, in words."""
    return list(_wrong(message))


def compile_catalogue() -> None:
    """All of it or nothing: several test workers may do it at once."""
    target = CATALOGUE.with_suffix(".mo")
    half = target.with_suffix(f".{os.getpid()}")
    with half.open("wb") as file:
        write_mo(file, catalogue())
    half.replace(target)


def compile_when_older() -> None:
    target = CATALOGUE.with_suffix(".mo")
    if target.exists() and target.stat().st_mtime >= CATALOGUE.stat().st_mtime:
        return
    compile_catalogue()


def _save(known: Catalog) -> None:
    CATALOGUE.parent.mkdir(parents=True, exist_ok=True)
    half = CATALOGUE.with_suffix(f".{os.getpid()}")
    with half.open("wb") as file:
        file.write(HEADER.encode())
        write_po(
            file,
            known,
            width=88,
            omit_header=True,
            ignore_obsolete=True,
            include_lineno=False,
            sort_by_file=True,
        )
    half.replace(CATALOGUE)


def _absent(message: Message, other: Catalog) -> bool:
    return bool(message.id) and other.get(_id(message), message.context) is None


def _id(message: Message) -> str:
    return message.id if isinstance(message.id, str) else message.id[0]


def _forms(text: str | Sequence[str] | None) -> list[str]:
    """One, or with a plural two; nothing said yet is one empty form."""
    return [text or ""] if text is None or isinstance(text, str) else list(text)


def _name(message: Message) -> str:
    places = ", ".join(sorted({place for place, _line in message.locations}))
    return f"{_id(message)!r} ({places})"


def _wrong(message: Message) -> Iterator[str]:
    sources, said = _forms(message.id), _forms(message.string)
    if message.fuzzy:
        yield "fuzzy"
    if not all(said):
        yield "without English"
        return
    if any(_ours(s) != _ours(sources[0]) for s in (*sources, *said)):
        yield "other placeholders than the source"
    if any(_chinese(words) for words in said):
        yield "Chinese in the English"
    if _is_from_template(message) and not all(map(_is_filled, said)):
        yield "a percent sign that is not doubled"


def _ours(text: str) -> set[str]:
    """The names of both kinds: {name} and %(name)s."""
    try:
        braces = {name for _, name, _, _ in string.Formatter().parse(text) if name}
    except ValueError:  # a lonely brace: words for a template, not for format()
        braces = set()
    return braces | set(_NAMED.findall(text))


def _chinese(text: str) -> bool:
    return re.search(r"[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]", text) is not None


def _is_from_template(message: Message) -> bool:
    return any(place.endswith(".html") for place, _line in message.locations)


def _is_filled(text: str) -> bool:
    """Templates always fill in, so that every other percent sign is written twice."""
    try:
        text % defaultdict(int)
    except (TypeError, ValueError):
        return False
    return True


def _list_missing() -> int:
    known = catalogue()
    open_texts = [m for m in extract() if m.id and not _is_said(_known(m, known))]
    for message in open_texts:
        _say(_name(message))
    _say(f"{len(open_texts)} texts without English")
    return 0


def _known(message: Message, known: Catalog) -> Message | None:
    return known.get(_id(message), message.context)


def _is_said(message: Message | None) -> bool:
    return message is not None and all(_forms(message.string))


def _bring_up() -> int:
    known = update()
    left = sum(1 for message in known if message.id and not _is_said(message))
    _say(f"{len(known)} texts, {left} without English")
    return 0


def _check() -> int:
    found = problems()
    for line in found:
        _say(line)
    _say(f"{len(found)} problems" if found else "English is complete.")
    return 1 if found else 0


def _compile() -> int:
    compile_catalogue()
    return 0


COMMANDS: dict[str, Callable[[], int]] = {
    "extract": _list_missing,
    "update": _bring_up,
    "check": _check,
    "compile": _compile,
}


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1] not in COMMANDS:  # noqa: PLR2004 a command
        sys.exit(__doc__)
    sys.exit(COMMANDS[sys.argv[1]]())
