"""YAML files that nothing reads: a mistyped folder or suffix must not go unnoticed."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Final

from config.problem import nearest

STEM: Final = re.compile(r"\A[a-z][a-z0-9_]{0,39}\Z")


def strangers(folder: Path, read: Collection[str], kinds: Collection[str]) -> Iterator[tuple[str, str]]:
    """Where each file lies that was not read, and where it was probably meant to lie.

    ``read`` are relative names of files, ``kinds`` the folders that are known. A file in a known folder with a name
    that is no stem is not among them.
    """
    known = [*sorted(name for name in read if "/" not in name), *(f"{kind}/" for kind in kinds)]
    for path in sorted([*folder.glob("*"), *folder.glob("*/*")]):
        name = path.relative_to(folder)
        if path.suffix not in (".yaml", ".yml") or path.name.startswith(".") or str(name) in read:
            continue
        if len(name.parts) == 2 and path.suffix == ".yaml" and name.parts[0] in kinds:
            continue  # named badly: told already
        meant = nearest(f"{name.parts[0]}/" if len(name.parts) > 1 else name.name, known)
        where = str(name.parent) if len(name.parts) > 1 else "."
        do = f"Move or rename it to {meant}" if meant else "Move it to one of " + ", ".join(known)
        yield f"{where}/" if STEM.match(where) else ".", do
