"""``sluice status``: audiences, last runs, the log."""

from __future__ import annotations

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
    rows = [
        (line.audience, line.destination, line.members, line.last_run or "never", line.state)
        for line in found.lines
    ]
    give_table("Audiences", ("audience", "destination", "members", "last run", "state"), rows)
    give_table(
        "Feeds",
        ("feed", "rows", "read at"),
        [(feed.name, feed.rows, feed.read_at) for feed in found.feeds],
    )
    give_table(
        "Audit log",
        ("entries", "whole"),
        [(found.log_size, "yes" if found.log_whole else "NO: run `sluice audit verify`")],
    )
