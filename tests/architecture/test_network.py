"""Nothing in the code can turn off the check of a certificate (R-094)."""

from __future__ import annotations

import ast
from collections.abc import Iterable

import pytest

from tests.architecture.source import Module, modules, parsed

UNCHECKED = frozenset({"_create_unverified_context", "CERT_NONE", "disable_warnings"})


def unverified(found: Iterable[Module]) -> list[str]:
    places = []
    for module in found:
        for node in ast.walk(module.tree):
            match node:
                case ast.keyword(arg="verify" | "check_hostname", value=ast.Constant(value=False)):
                    places.append(f"{module.path}:{node.value.lineno}")
                case ast.Attribute(attr=name) if name in UNCHECKED:
                    places.append(f"{module.path}:{node.lineno}")
    return places


def test_no_certificate_goes_unchecked() -> None:
    assert unverified(modules()) == []


@pytest.mark.parametrize(
    "line", ["httpx.Client(verify=False)", "client('s3', verify=False)", "ssl._create_unverified_context()"]
)
def test_an_unchecked_certificate_is_found(line: str) -> None:
    assert unverified([parsed(line, "destinations/planted.py")])
