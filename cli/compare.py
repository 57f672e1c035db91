"""``sluice check --compare``: what a change of the configuration does to people, before anybody approves it (R-142)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from cli.output import folder_of, give, tell, working

if TYPE_CHECKING:
    from config.difference import Changed

_WORDS: Final = {"NO_LIST": "no such list", "NOT_IN_EXPORT": "not in that export"}


def compare(old: Path, new: Path, *, as_json: bool) -> None:
    """Print which files differ, and who would enter and leave each audience, on the data that NEW has.

    Counts below the larger display_k of the two are hidden, and so are those from which they could be worked out
    (R-085): whoever only proposes a smaller one sees no more for it.

    Raises:
        ConfigurationRefused: one of the folders has problems.
        KeyUnavailable: NEW has no keys on this machine.
        RunBlocked: no export was read yet, so that there is nobody to decide about.
    """
    from config.difference import differing
    from config.organisation import load
    from flows.compare import compared, displayed, under
    from flows.wiring import site

    before = load(Path(folder_of(old)))
    with site(folder_of(new)) as here:
        files = differing(before, here.org)
        with working("Deciding under both configurations"):
            found = compared(under(before, here), here)
        k = max(before.policy.display_k, here.org.policy.display_k)
    lines = displayed(found, k=k)
    document = {
        "masked_below": k,
        "files": files,
        "destinations": sorted({name for one in files for name in one.destinations}),
        "notices": sorted({name for one in files for name in one.notices}),
        "lines": lines,
    }
    give(document, as_json=as_json)
    if not as_json:
        _show_files(files)
        for audience, group in groupby(lines, key=lambda line: str(line["audience"])):
            _show_audience(audience, list(group), k=k)
    later = [one.file for one in files if one.read_anew]
    if later:
        tell(f"What {', '.join(later)} changes shows only once the export and the feeds are read anew.")
    tell("Nothing was written or sent.")


def _show_files(files: Sequence[Changed]) -> None:
    if not files:
        tell("The two configurations are the same, byte by byte.")
        return
    for one in files:
        notices = f"; notices: {', '.join(one.notices)}" if one.notices else ""
        text = [
            f"{one.file}: {one.state}",
            f"    concerns {', '.join(one.destinations) or 'no destination'}{notices}",
        ]
        give(None, as_json=False, text=text)
    give(None, as_json=False, text=[""])


def _show_audience(audience: str, lines: Sequence[Mapping[str, Any]], *, k: int) -> None:
    from cli.funnel import give_counts

    give_counts(
        audience,
        ["", *[str(line["destination"]) for line in lines]],
        [
            ["in before", *[line["before"] for line in lines]],
            *_by_reason("leave: now", [line["leaving"] for line in lines]),
            *_by_reason("enter: was", [line["entering"] for line in lines]),
            ["in after", *[line["after"] for line in lines]],
        ],
        k=k,
    )


def _by_reason(lead: str, counts: Sequence[Mapping[str, int | None]]) -> list[list[object]]:
    """A line a reason, by name: the order of their sizes would tell something about the hidden ones."""
    from cli.funnel import worded

    reasons = sorted({reason for one in counts for reason in one})
    return [
        [f"{lead} {_WORDS.get(reason) or worded(reason)}", *[one.get(reason, 0) for one in counts]]
        for reason in reasons
    ]
