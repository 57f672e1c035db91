"""Which further forms of an address are kept, and where (R-038)."""

from __future__ import annotations

from typing import Final

from config.suppression import alias_kinds
from domain.alias import AliasKind
from flows.wiring import Site

_REMEMBERED: Final = "registers/alias-kinds/"


def kinds_of(here: Site) -> frozenset[AliasKind]:
    """What the lists of the organisation need, and those that once delivered: their entries stay in force (R-039)."""
    return alias_kinds(here.org.lists.values()) | _remembered(here)


def remember_kinds(here: Site, kinds: frozenset[AliasKind]) -> None:
    """Keep in mind what a list needed, for when its file is gone from the configuration."""
    for kind in sorted(kinds - _remembered(here)):
        here.store.create(f"{_REMEMBERED}{kind}", b"")


def aliases_file(folder: str, bucket: int) -> str:
    """The ALIASES of a bucket, beside its subjects in the folder of an export."""
    return f"{folder}/aliases-{bucket:02}.parquet"


def domains_file(folder: str) -> str:
    """The names of domains among the ALIASES of an export (DOMAINS): what is said of one concerns no single person."""
    return f"{folder}/domains.parquet"


def _remembered(here: Site) -> frozenset[AliasKind]:
    names = here.store.names(_REMEMBERED)
    return frozenset(AliasKind(name.removeprefix(_REMEMBERED)) for name in names)
