"""``sluice status``: audiences, last runs, the log."""

from __future__ import annotations

from datetime import datetime

from cli.output import DEFAULT_CONFIG, ConfigOption, JsonOption, folder_of, give, give_table


def status(config: ConfigOption = DEFAULT_CONFIG, as_json: JsonOption = False) -> None:
    """Show each audience at each destination, its last run and members, and whether the log is whole."""
    from boundary.logs import configure
    from flows.status import stood
    from flows.wiring import site

    configure()
    found = stood(site(folder_of(config)))
    give(found, as_json=as_json)
    if as_json:
        return
    give_table(
        "Audiences",
        ("audience", "destination", "members", "last run", "state"),
        [
            (
                line.audience,
                line.destination,
                line.members,
                _minute(line.last_run) if line.last_run else "never",
                f"{line.state}, {line.unsure:,} unsure" if line.unsure else line.state,
            )
            for line in found.lines
        ],
    )
    give_table(
        "Feeds",
        ("feed", "rows", "read"),
        [(feed.name, feed.rows, _minute(feed.read_at)) for feed in found.feeds],
    )
    give_table(
        "Audit log",
        ("entries", "whole"),
        [(found.log_size, "yes" if found.log_whole else "NO: run `sluice audit verify`")],
    )


def _minute(stamp: str) -> str:
    """The minute, in UTC, of a time or of a run, whose name begins with its time; `--json` has them whole."""
    moment = datetime.fromisoformat(stamp.partition("Z-")[0] + "Z" if "Z-" in stamp else stamp)
    return f"{moment:%Y-%m-%d %H:%M} UTC"
