"""The project's own pages, and what they say about files."""

from __future__ import annotations

import re
from pathlib import Path

from tests.architecture.source import ROOT, rooms, tracked

TOP = (*rooms(), "tests", "docs", ".ci")
NAMED = re.compile(r"`((?:[\w.-]+/)+[\w.<>*-]*|[\w-]+\.(?:md|toml|yaml|lock))`")


def pages() -> list[Path]:
    """Every page that belongs to the project."""
    return [name for name in tracked() if name.suffix == ".md"]


def rows(page: str, heading: str) -> list[list[str]]:
    """The cells of the table below a heading, without its head."""
    section = (ROOT / page).read_text("utf-8").split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def named_files(text: str) -> list[str]:
    """What stands in backticks and looks like one of our own files or folders."""
    return [name for name in NAMED.findall(text) if "/" not in name or name.split("/")[0] in TOP]


def exists(name: str) -> bool:
    """Whether a file or folder is part of the project."""
    return (ROOT / name).exists() or (ROOT / "docs" / name).exists()
