"""What the configuration names and this machine does not have yet: no fault of the files, so warnings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Final

from config.destination import DEFAULT_SANDBOX, State
from config.draft import ORGANISATION, Draft
from config.due import REVIEW_BLOCK_MONTHS, months_since, newest_of
from config.model import SANDBOX_URL
from config.planted import unplanted
from config.problem import Problem
from config.secret import absent

REVIEW_WARN_MONTHS: Final = 12


def missing(draft: Draft, *, environ: Mapping[str, str], today: date) -> list[Problem]:
    """Secrets, key file, folders, reviews and canaries that are still to come, each with the line that asks for it."""
    found = [
        *_secrets(draft, environ),
        *_keys(draft),
        *_folders(draft),
        *_reviews(draft, today),
        *_campaigns(draft, today),
        *unplanted(draft),
    ]
    return sorted(found)


def _secrets(draft: Draft, environ: Mapping[str, str]) -> Iterator[Problem]:
    for stem, destination in draft.destinations.items():
        if destination.state is State.PLANNED:
            continue  # nothing is sent there
        file = f"destinations/{stem}.yaml"
        for key in ("token", "app_secret"):
            name: str | None = getattr(destination, key)
            why = absent(name, environ) if name else ""
            if why:
                yield draft.problem(
                    file,
                    (key,),
                    f"the secret {name} {why} (R-134)",
                    f"Set the environment variable {name}, or {name}_FILE to a file that holds it",
                )
        if destination.sandbox and not destination.endpoint and not environ.get(SANDBOX_URL):
            yield draft.problem(
                file,
                ("sandbox",),
                f"{SANDBOX_URL} is not set, so the sandbox is looked for at {DEFAULT_SANDBOX}",
                f"Run `sluice sandbox --port {DEFAULT_SANDBOX.rsplit(':', 1)[1]}`, or set {SANDBOX_URL}",
            )


def _keys(draft: Draft) -> Iterator[Problem]:
    if draft.head is None or draft.head.keys.file is None:
        return
    file, place = draft.head.keys.file, ("keys", "file")
    if not file.is_file():
        yield draft.problem(ORGANISATION, place, "there is no key file yet (R-133)", "Run `sluice keys init`")
    elif file.stat().st_mode & 0o077:
        yield draft.problem(
            ORGANISATION,
            place,
            "the key file is open to others (R-133)",
            "Run `chmod 600` on it, and make new keys if others may have read it",
        )


def _folders(draft: Draft) -> Iterator[Problem]:
    for kind, parts in (
        ("sources", draft.sources),
        ("consents", draft.consents),
        ("objections", draft.objections),
        ("lists", draft.lists),
    ):
        for stem, part in parts.items():
            location: str = getattr(part, "location")  # noqa: B009
            if location.startswith("s3://"):
                continue
            file, place = f"{kind}/{stem}.yaml", ("location",)
            if not Path(location).is_dir():
                yield draft.problem(
                    file,
                    place,
                    "the folder does not exist yet",
                    "Make it, or set SLUICE_HOME to the folder that it starts at",
                )
            elif not any(Path(location).glob(getattr(part, "pattern"))):  # noqa: B009
                yield draft.problem(
                    file, place, "no file in the folder fits `pattern`", "Put one there, or correct `pattern`"
                )


def _reviews(draft: Draft, today: date) -> Iterator[Problem]:
    """Notices age (R-148): a warning first; from the second year on nobody is added, and config.due tells it."""
    for stem, notice in draft.notices.items():
        at, newest = newest_of(notice)
        if REVIEW_WARN_MONTHS <= months_since(newest.reviewed_on, today) < REVIEW_BLOCK_MONTHS:
            yield draft.problem(
                f"notices/{stem}.yaml",
                ("versions", at, "reviewed_on"),
                f"the last review is {REVIEW_WARN_MONTHS} months ago or more (R-148)",
                "Have the notice reviewed, then write the day",
            )


def _campaigns(draft: Draft, today: date) -> Iterator[Problem]:
    """An audience that no campaign uses will be emptied (R-052)."""
    for stem, audience in draft.audiences.items():
        if audience.campaign_until is not None and audience.campaign_until < today:
            yield draft.problem(
                f"audiences/{stem}.yaml",
                ("campaign_until",),
                "the campaign is over, so the audience counts as unused (R-052)",
                "Remove the audience, or write the last day of the new campaign",
            )
