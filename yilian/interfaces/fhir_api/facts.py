"""The table of FHIR facts that stands beside this file."""

import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from importlib import resources
from typing import Any


@cache
def facts() -> Mapping[str, Any]:
    source = resources.files("yilian.interfaces.fhir_api").joinpath("facts.toml")
    return tomllib.loads(source.read_text(encoding="utf-8"))


def sets(table: Mapping[str, Iterable[str]]) -> Mapping[str, frozenset[str]]:
    return {name: frozenset(codes) for name, codes in table.items()}
