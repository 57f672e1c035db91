"""What the configuration names and this machine does not have yet: no fault of the files, so warnings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Final

from config.destination import DEFAULT_SANDBOX
from config.document import Place
from config.draft import ORGANISATION, Draft
from config.model import SANDBOX_URL
from config.problem import Problem
from config.secret import absent

REVIEW_WARN_MONTHS: Final = 12
REVIEW_BLOCK_MONTHS: Final = 24


def missing(draft: Draft, *, environ: Mapping[str, str], today: date) -> list[Problem]:
    """Secrets, key file, folders and reviews that are still to come, each with the line that asks for it."""
    found = [*_secrets(draft, environ), *_keys(draft), *_folders(draft), *_reviews(draft, today)]
    return sorted(found)


def _secrets(draft: Draft, environ: Mapping[str, str]) -> Iterator[Problem]:
    for stem, destination in draft.destinations.items():
        file = f"destinations/{stem}.yaml"
        for key in ("token", "app_secret"):
            name: str | None = getattr(destination, key)
            why = absent(name, environ) if name else ""
            if why:
                yield draft.problem(
                    file,
                    (key,),
                    f"the secret {name} {why}",
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
        yield draft.problem(ORGANISATION, place, "there is no key file yet", "Run `sluice keys init`")
    elif file.stat().st_mode & 0o077:
        yield draft.problem(
            ORGANISATION,
            place,
            "the key file is open to others (R-133)",
            "Run `chmod 600` on it, and make new keys if others may have read it",
        )


def _folders(draft: Draft) -> Iterator[Problem]:
    for kind, parts in (("sources", draft.sources), ("consents", draft.consents), ("lists", draft.lists)):
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
    """Notices age (R-148). Only the newest version counts: older ones are history."""
    for stem, notice in draft.notices.items():
        at, newest = max(enumerate(notice.versions), key=lambda one: one[1].published_on)
        place: Place = ("versions", at, "reviewed_on")
        months = (today.year - newest.reviewed_on.year) * 12 + today.month - newest.reviewed_on.month
        months -= today.day < newest.reviewed_on.day
        if newest.reviewed_on > today:
            what, do = "the last review lies in the future", "Write the day on which it took place"
        elif months >= REVIEW_BLOCK_MONTHS:
            what = f"the last review is {REVIEW_BLOCK_MONTHS} months ago or more (R-148)"
            do = "Have the notice reviewed before you add a destination, then write the day"
        elif months >= REVIEW_WARN_MONTHS:
            what = f"the last review is {REVIEW_WARN_MONTHS} months ago or more (R-148)"
            do = "Have the notice reviewed, then write the day"
        else:
            continue
        yield draft.problem(f"notices/{stem}.yaml", place, what, do)
