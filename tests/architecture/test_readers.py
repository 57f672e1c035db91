"""Who may read what was said against people, and what was sent for them (R-037, R-151): a closed list, kept here."""

from __future__ import annotations

import ast
from collections.abc import Iterable

import pytest

from tests.architecture.source import Module, modules, parsed

# The filter, the removal of people, the desk for their rights, and what takes lists in.
SUPPRESSION_READERS = {
    "entries", "erasure", "feeds", "freezing", "inheritance", "optout", "plan", "restored", "restriction", "retention",
    "rights", "send", "statements", "status", "urgent", "final", "hook", "intake", "replay",
}  # fmt: skip
# The removal of people, the erasure of one, and the run that wrote it.
LEDGER_READERS = {"urgent", "plan", "move", "recover", "forgetting", "reach", "expiry", "final"}


def users(attribute: str, found: Iterable[Module]) -> set[str]:
    """Modules of flows/ (a folder counts as one) and other rooms that use ``something.attribute``."""
    names = set()
    for module in found:
        used = any(
            isinstance(node, ast.Attribute)
            and node.attr == attribute
            and isinstance(node.value, ast.Name | ast.Attribute)
            and (node.value.id if isinstance(node.value, ast.Name) else node.value.attr) in {"here", "_here"}
            for node in ast.walk(module.tree)
        )
        if used:
            parts = module.path.with_suffix("").parts
            names.add(parts[1] if parts[0] == "flows" else "/".join(parts))
    return names


def test_r_037_only_the_filter_and_the_removal_read_the_suppression_register() -> None:
    assert users("suppression", modules()) <= SUPPRESSION_READERS


def test_r_151_only_what_removes_people_reads_the_sent_ledger() -> None:
    assert users("sent", modules()) <= LEDGER_READERS


@pytest.mark.parametrize(("source", "expected"), [("here.sent.rows(1)", True), ("other.sent.rows(1)", False)])
def test_a_reader_is_found(source: str, expected: bool) -> None:
    assert (users("sent", [parsed(source, "cli/report.py")]) == {"cli/report"}) is expected


def test_r_037_no_command_gives_the_register_or_the_ledger_out() -> None:
    """What commands print comes from counts; none of them imports what opens the two."""
    opened = {"storage.registers", "flows.sent"}
    importing = {
        str(module.path)
        for module in modules()
        if module.room == "cli"
        for node in ast.walk(module.tree)
        if isinstance(node, ast.ImportFrom) and node.module in opened
    }
    assert importing == set()
