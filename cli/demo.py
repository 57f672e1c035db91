"""``sluice demo``: the whole story on this machine, against the platforms' double."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.output import JsonOption, give, give_table, tell, working

if TYPE_CHECKING:
    from cli.story import Day, Told


def demo(
    folder: Annotated[
        Path, typer.Option(help="Where everything is written; replaced if an earlier demo made it.")
    ] = Path("sluice-demo"),
    contacts: Annotated[int, typer.Option(min=8_000, help="Contacts in the synthetic CRM.")] = 20_000,
    as_json: JsonOption = False,
) -> None:
    """Sync two audiences of synthetic people to both platforms, over two days, and check that all of it is true.

    Nothing leaves this machine. The demo makes a workbook as Dynamics exports it, sends to a double of Google and
    Meta, lets people opt out, withdraw, move and vanish, syncs again, asks the double who is a member, verifies the
    audit log and hunts for plaintext in everything that was written.
    """
    from cli.story import told

    story = told(folder, contacts=contacts, tell=tell, working=working)
    give(story.as_json(), as_json=as_json)
    if not as_json:
        _show(story, folder)
    if not story.is_true:
        raise typer.Exit(1)


def _show(story: Told, folder: Path) -> None:
    for day in story.days:
        _show_day(day)
    give_table(
        "Is it true?",
        ("", ""),
        [
            ("read = included + excluded, for each sync", _yes(story.balanced)),
            ("every row sent was accepted", _yes(story.payload_rows == story.accepted)),
            ("members at the platforms are exactly the right people", _yes(story.sandbox_matches)),
            ("the audit log verifies", _yes(story.log_verified)),
            (f"plaintext addresses in {story.files_hunted:,} written files", story.leaks),
            ("seconds", story.seconds),
        ],
    )
    tell(
        f"""
Where to look next, in {folder}/:
  config/   the organisation: one small file a controller, source, audience, destination, list
  store/    the pseudonymous zone, encrypted        audit/   the log that anybody can verify
Try:
  export SLUICE_HOME={folder} SLUICE_CONFIG={folder}/config
  sluice status                   who is where
  sluice audit verify             recompute every root of the log
  sluice audit show               what the log says
  sluice sync travel_customers    a rehearsal: nothing is sent without --send"""
    )


def _show_day(day: Day) -> None:
    reasons: dict[str, int] = {}
    for run in day.runs:
        for reason, count in run.excluded.items():
            reasons[reason] = reasons.get(reason, 0) + count
    lines: list[list[object]] = [["contacts read", *[run.read for run in day.runs]]]
    for reason in sorted(reasons, key=lambda name: -reasons[name]):
        words = reason.removeprefix("EXCL_").replace("_", " ").lower()
        lines.append([f"- {words}", *[run.excluded.get(reason, 0) for run in day.runs]])
    lines += [
        ["= in the audience", *[run.included for run in day.runs]],
        ["added", *[run.adds for run in day.runs]],
        ["removed", *[run.removed for run in day.runs]],
        ["members at the platform", *[day.members[run.audience, run.destination] for run in day.runs]],
        ["the right people?", *[_yes(day.right[run.audience, run.destination]) for run in day.runs]],
    ]
    columns = ["", *[f"{run.audience} at {run.destination}" for run in day.runs]]
    give_table(day.title, columns, lines)
    tell("")


def _yes(true: bool) -> str:  # noqa: FBT001
    return "yes" if true else "NO"
