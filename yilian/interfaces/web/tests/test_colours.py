"""Colours of the stylesheet: words stand out from what lies behind (WCAG 1.4.3)."""

import re
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders

LEAST = 4.5
PAPERS = ("paper", "surface", "sunk")
# Words on any ground, and words of one meaning on the wash of that meaning.
WORDS = ("ink", "ink-2", "ink-3", "accent-ink")
MEANINGS = ("stat", "urgent", "calm", "good")
PAIRS = [
    *[(word, paper) for word in WORDS for paper in PAPERS],
    *[(word, ground) for word in MEANINGS for ground in ("surface", f"{word}-wash")],
    ("accent-ink", "accent-wash"),
    ("surface", "accent"),  # the filled button
    ("surface", "accent-ink"),  # pointed at
    ("surface", "ink"),  # the tab one is on
    ("surface", "stat"),
]


@pytest.fixture(scope="module")
def colours() -> dict[str, str]:
    sheet = Path(str(finders.find("yilian.css"))).read_text(encoding="utf-8")
    return dict(re.findall(r"--([a-z0-9-]+):\s*(#[0-9a-f]{3,6})\b", sheet))


def light(colour: str) -> float:
    digits = colour.removeprefix("#")
    full = "".join(2 * d for d in digits) if len(digits) == 3 else digits
    parts = [int(full[n : n + 2], 16) / 255 for n in (0, 2, 4)]
    red, green, blue = (
        p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    dark, pale = sorted((light(one), light(other)))
    return (pale + 0.05) / (dark + 0.05)


def test_contrast_is_counted_as_the_standard_counts_it() -> None:
    assert contrast("#000", "#fff") == pytest.approx(21)
    assert contrast("#777777", "#fff") == pytest.approx(4.48, abs=0.005)


@pytest.mark.parametrize(("word", "ground"), PAIRS)
def test_words_stand_out(word: str, ground: str, colours: dict[str, str]) -> None:
    ratio = contrast(colours[word], colours[ground])
    assert ratio >= LEAST, f"{word} on {ground}: {ratio:.2f}"


def test_the_edge_of_a_field_can_be_made_out(colours: dict[str, str]) -> None:
    assert contrast(colours["field"], colours["surface"]) >= 3
