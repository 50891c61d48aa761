"""Three-valued answers (Kleene's logic) that keep what they rest on."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final


@dataclass(frozen=True, slots=True)
class Verdict:
    truth: bool | None  # None: cannot be known from the record
    evidence: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    near_limit: bool = False
    not_asked: tuple[str, ...] = ()


YES: Final = Verdict(True)
NO: Final = Verdict(False)


def unknown(missing: Iterable[str], evidence: Iterable[str] = ()) -> Verdict:
    return Verdict(None, unique(evidence), unique(missing))


def all_of(parts: Iterable[Verdict]) -> Verdict:
    """False if any is false, else unknown if any is unknown, else true."""
    return _decide(list(parts), settles=False)


def any_of(parts: Iterable[Verdict]) -> Verdict:
    """True if any is true, else unknown if any is unknown, else false."""
    return _decide(list(parts), settles=True)


def negate(verdict: Verdict) -> Verdict:
    if verdict.truth is None:
        return verdict
    return replace(verdict, truth=not verdict.truth)


def unique(items: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(items))


def _decide(parts: list[Verdict], *, settles: bool) -> Verdict:
    decisive = [part for part in parts if part.truth is settles]
    open_ = [part for part in parts if part.truth is None]
    truth = settles if decisive else (None if open_ else not settles)
    # What was already found stays with an open answer, what settled it with a closed.
    ground = decisive or parts
    return Verdict(
        truth,
        unique(ref for part in ground for ref in part.evidence),
        () if decisive else unique(code for part in open_ for code in part.missing),
        any(part.near_limit for part in parts),
        unique(code for part in parts for code in part.not_asked),
    )
