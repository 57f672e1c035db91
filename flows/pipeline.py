"""The whole path as one rehearsal, timed by stage: what `sluice bench` measures."""

from __future__ import annotations

from pathlib import Path

from flows.feeds import refresh
from flows.ingest import read_source
from flows.line import line_of
from flows.sync import synced
from flows.wiring import Site, site


def rehearsed(config_folder: Path) -> dict[str, float]:
    """Read every source and feed, then rehearse every audience at every destination; nothing is sent.

    Gives:  seconds by stage: read, consent, suppression, decide, audit, gate, bodies
    """
    with site(str(config_folder)) as here:
        return _rehearsed(here)


def _rehearsed(here: Site) -> dict[str, float]:
    for source in here.org.sources:
        read_source(here, source)
    refresh(here)
    for audience, settings in here.org.audiences.items():
        lines = [line_of(here, audience, one.name) for one in settings.destinations]
        for failure in synced(here, lines, send=False).failures:
            raise failure
    return dict(here.stages)
