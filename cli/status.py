"""``sluice status``: audiences, last runs, the log."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any, Final

from cli.output import DEFAULT_CONFIG, ConfigOption, JsonOption, folder_of, give, give_table
from domain.masking import coarse, masked

_LATE: Final = {
    "no": "",
    "not_requested": " LATE: no request",
    "not_acknowledged": " LATE: no answer",
    "alarm": " LATE: alarm",
}


def status(config: ConfigOption = DEFAULT_CONFIG, as_json: JsonOption = False) -> None:
    """Show each audience at each destination, its last run and members, and whether the log is whole.

    The code of an audience is the name to give its list at the platform: what it is about stays here.
    """
    from boundary.logs import configure
    from flows.status import stood
    from flows.wiring import site

    configure()
    here = site(folder_of(config))
    k = here.org.policy.display_k
    found = asdict(stood(here))
    for row in (*found["lines"], *found["feeds"]):
        counts = {name: count for name, count in row.items() if type(count) is int}
        row.update(masked(counts, k=k))
    for row in found["lines"]:
        # A rehearsal shows exactly how many would be in: beside it, exact members would tell how few come or go.
        row["members"] = coarse(row["members"], k=k)
    for clock in found["clocks"]:
        _mask_clock(clock, k=k)
    give({**found, "masked_below": k}, as_json=as_json)
    if not as_json:
        _show(found, k=k)


def _show(found: Mapping[str, Any], *, k: int) -> None:
    from cli.funnel import give_counts
    from flows.clock import spoken

    lines = found["lines"]
    unsure = any(line["unsure"] != 0 for line in lines)
    give_counts(
        "Audiences",
        (
            "audience",
            "destination",
            f"members (to {k})",
            *(["unsure"] if unsure else []),
            "last run",
            "state",
        ),
        [
            (
                line["audience"],
                line["destination"],
                line["members"],
                *([line["unsure"]] if unsure else []),
                _minute(line["last_run"]) if line["last_run"] else "never",
                line["state"],
            )
            for line in lines
        ],
        k=k,
    )
    give_counts(
        "Removal clock: from the no to the platform's answer (an acknowledgement is no deletion)",
        (
            "audience",
            "destination",
            "people",
            "open",
            "oldest open",
            "requested p50",
            "p95",
            "acknowledged p50",
            "p95",
            "verified p95",
        ),
        [
            (
                clock["audience"],
                clock["destination"],
                clock["people"],
                clock["open"],
                spoken(clock["oldest_seconds"]) + _LATE[clock["late"]],
                *(
                    spoken(clock[name])
                    for name in (
                        "requested_p50",
                        "requested_p95",
                        "acknowledged_p50",
                        "acknowledged_p95",
                        "verified_p95",
                    )
                ),
            )
            for clock in found["clocks"]
        ],
        k=k,
    )
    give_table(
        "What to call their lists at the platforms",
        ("audience", "destination", "name"),
        [(line["audience"], line["destination"], line["outbound_name"]) for line in lines],
    )
    give_counts(
        "Feeds",
        ("feed", "rows", "read"),
        [(feed["name"], feed["rows"], _minute(feed["read_at"])) for feed in found["feeds"]],
        k=k,
    )
    give_table(
        "Waiting for a person",
        ("incidents", "erasures"),
        [(found["open_incidents"] or "none", found["open_erasures"] or "none")],
    )
    give_table(
        "Audit log",
        ("entries", "whole"),
        [(found["log_size"], "yes" if found["log_whole"] else "NO: run `sluice audit verify`")],
    )


def _mask_clock(clock: dict[str, Any], *, k: int) -> None:
    """Hide small counts of people (R-085), and with them how long these few had to wait; never that it was too long."""
    clock.update(masked({"people": clock["people"], "open": clock["open"]}, k=k))
    if clock["people"] is None or clock["open"] is None:
        clock.update({name: None for name in clock if name.endswith(("_seconds", "_p50", "_p95"))})


def _minute(stamp: str) -> str:
    """The minute, in UTC, of a time or of a run, whose name begins with its time; `--json` has them whole."""
    moment = datetime.fromisoformat(stamp.partition("Z-")[0] + "Z" if "Z-" in stamp else stamp)
    return f"{moment:%Y-%m-%d %H:%M} UTC"
