"""What `sluice check` says about approval: which files wait for the DPO."""

from __future__ import annotations

import os
from pathlib import Path

from domain.errors import KeyUnavailable, PipelineError


def waiting_lines(config: Path) -> list[str]:
    """Lines about files that wait for approval; none when every file is approved as it stands.

    A configuration whose keys or log are not there yet has approved nothing, which is one line; a log that cannot be
    read is one too. Nothing is raised for either, and nothing is written.

    Raises:
        ConfigurationRefused: the configuration has problems; look at those first.
    """
    from config.organisation import load
    from flows.approval import waiting
    from flows.wiring import site

    files = len(load(config).files)
    try:
        with site(os.fspath(config)) as here:
            found, lacking = waiting(here), here.publication.lacking()
    except KeyUnavailable as missing:
        return [_nothing(files, f"{missing.do}, then run `sluice approve`")]
    except PipelineError as failed:
        return [f"approvals cannot be read ({failed.code}): {failed.do}"]
    if len(found) == files and all(one.why.startswith("new") for one in found):
        return [_nothing(files, "run `sluice approve`")]
    return [
        *[f"{one.file}: waits for approval ({one.why})" for one in found],
        *(["    Run `sluice approve` to see who may approve what"] if found else []),
        *([lacking] if lacking else []),
    ]


def _nothing(files: int, do: str) -> str:
    return f"nothing is approved yet: all {files} files wait, and nobody is added to any audience; {do}"
