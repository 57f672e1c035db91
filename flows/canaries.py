"""Canary objectors while an export, a feed and a decision go by: missing is a fault, let in is an incident (R-047)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

import polars as pl

from domain.errors import CheckFailed
from domain.reason import CODE
from flows.incidents import open_incident
from flows.line import Line
from flows.wiring import Site
from transforms.canaries import (
    CALLED,
    CANARIES,
    KEPT_OTHERWISE,
    LET_IN,
    called,
    canaries_among,
    declared_contacts,
    heard_of,
)
from transforms.contracts import ALIASES

_CODE: Final = "CANARY_LET_IN"
_KEYS: Final = ("subject_key", "hashed_key")


class Lookout:
    """Looks for the canaries of a source among the rows of its export, batch by batch."""

    def __init__(self, here: Site, source: str) -> None:
        self._here = here
        self._declared = _declared(here, source)
        self._found = [pl.DataFrame(schema=CANARIES)]
        self._aliases = [pl.DataFrame(schema=ALIASES)]

    def see(self, subjects: pl.DataFrame, aliases: pl.DataFrame) -> None:
        """Look at a batch. Needs: SUBJECTS columns; ALIASES columns of the same rows."""
        found = canaries_among(subjects, self._declared)
        if found.height:
            self._found.append(found)
            self._aliases.append(aliases.select(ALIASES.names()).join(found, on="subject_key", how="semi"))

    @property
    def missing(self) -> int:
        """Canaries that were not seen."""
        return self._declared.join(pl.concat(self._found), on="contact", how="anti").height

    def write(self, folder: str) -> None:
        """Keep them beside the subjects of their export."""
        found, aliases = pl.concat(self._found).unique(), pl.concat(self._aliases).unique()
        self._here.frames.write(_file(folder), found)
        calls = called(found, aliases, key=self._here.keys.get("suppression"))
        self._here.frames.write(_calls_file(folder), calls)


def canaries_of(here: Site, source: str) -> pl.DataFrame:
    """CANARIES of the export in force; none before the first one."""
    snapshot = here.snapshots.current(source)
    if snapshot is None:
        return pl.DataFrame(schema=CANARIES)
    return here.frames.read(_file(snapshot.folder), CANARIES, missing_ok=True)


class FeedLookout:
    """Looks for the canaries of a feed among the rows of a delivery as they go by.

    A canary that no export showed yet is not looked for.
    """

    def __init__(self, here: Site, feed: str) -> None:
        self._feed = feed
        self._wanted = self._left = _calls_for(here, feed)

    def seen(self, frames: Iterable[pl.DataFrame]) -> Iterator[pl.DataFrame]:
        """The same frames. Needs: subject_key, and hashed_key where there is one."""
        for frame in frames:
            if self._left.height:
                columns = [column for column in _KEYS if column in frame.columns]
                heard = heard_of(frame, self._left, columns)
                self._left = self._left.filter(~pl.col("contact").is_in(heard.implode()))
            yield frame

    def require_all(self) -> None:
        """Refuse a delivery in which one of them was not.

        Raises:
            CheckFailed: the feed is not what we think.
        """
        missing = self._left["contact"].n_unique()
        if missing:
            raise CheckFailed(
                what=f"{missing} of {self._wanted['contact'].n_unique()} canary objectors are missing in the delivery "
                "(R-047)",
                do="Find out why it is not complete and have it delivered again; what was in force stays in force",
                place=self._feed,
            )


def let_in(here: Site, line: Line, run: str, counts: Mapping[str, int]) -> str:
    """What to say when the decisions of a run let a canary in; empty when they did not.

    ``counts`` are the sums of ``misjudged`` over all buckets. Whatever let a canary in has let people in too: it opens an
    incident.
    """
    count = counts[LET_IN]
    if not count:
        return ""
    open_incident(
        here,
        code=_CODE,
        destination=line.destination,
        audience=line.audience,
        run=run,
        counts={"canaries": count},
    )
    return f"{count} canary objector(s) would have been let in (R-047)"


def kept_otherwise(counts: Mapping[str, int]) -> str:
    """What to say when something else than what is against it keeps a canary out; empty when nothing does."""
    count = counts[KEPT_OTHERWISE]
    return f"{count} canary objector(s) are not kept out by what is against them (R-047)" if count else ""


def _declared(here: Site, source: str) -> pl.DataFrame:
    reasons = {one.contact_id: CODE[one.keeps_out] for one in here.org.sources[source].canaries}
    return declared_contacts(reasons, key=here.keys.get("lookup"))


def _calls_for(here: Site, feed: str) -> pl.DataFrame:
    """CALLED rows of the canaries that a feed has to name."""
    every = [pl.DataFrame(schema=CALLED)]
    for name, source in here.org.sources.items():
        snapshot = here.snapshots.current(name)
        reasons = {one.contact_id: 0 for one in source.canaries if feed in one.feeds}
        if snapshot is not None and reasons:
            declared = declared_contacts(reasons, key=here.keys.get("lookup"))
            calls = here.frames.read(_calls_file(snapshot.folder), CALLED, missing_ok=True)
            every.append(calls.join(declared, on="contact", how="semi"))
    return pl.concat(every)


def _file(folder: str) -> str:
    return f"{folder}/canaries.parquet"


def _calls_file(folder: str) -> str:
    return f"{folder}/canary-calls.parquet"
