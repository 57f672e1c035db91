"""Consent events, opt-outs and suppression lists into their registers; a list that cannot be read stays in force."""

from __future__ import annotations

import json
from typing import Final

from boundary.seal import sealed
from boundary.zones import PlaintextUri
from domain.errors import ListRefused, PipelineError
from flows.aliases import remember_kinds
from flows.listed import listed
from flows.statements import take_consents, take_objections
from flows.taking import Taken, require_fresh, taken_in
from flows.wiring import Site
from storage.exports import ExportFile, export_files

# What people hand in themselves is a feed of its own beside the file of a list.
HANDED_IN: Final = "-handed-in"


@sealed
def refresh(here: Site) -> list[Taken]:
    """Read every configured feed anew.

    One that cannot be read does not keep the others from being read. A list about another channel is not applied
    (R-046).

    Raises:
        ListRefused: a feed is empty, shrunken, missing or has unreadable lines; what was in force stays in force.
        RunBlocked: a feed has been silent for longer than it may (R-019, R-040).
    """
    taken: list[Taken] = []
    failures: list[PipelineError] = []
    lists = [name for name, settings in here.org.lists.items() if settings.applies]
    feeds = [
        *[(take_list, name) for name in lists],
        *[(take_objections, name) for name in here.org.objections],
        *[(take_consents, name) for name in here.org.consents],
    ]
    for take, name in feeds:
        try:
            taken.append(take(here, name))
        except PipelineError as failure:
            failures.append(failure)
    for first in failures:
        raise first
    return taken


@sealed
def take_said(here: Site, name: str) -> None:
    """Read a list of opt-outs and every feed of objections and consents anew: whatever somebody said, by any channel.

    Raises:
        ListRefused, RunBlocked: as ``refresh``; the others were read all the same.
    """
    failures: list[PipelineError] = []
    feeds = [
        (take_list, name),
        *[(take_objections, one) for one in here.org.objections],
        *[(take_consents, one) for one in here.org.consents],
    ]
    for take, feed in feeds:
        try:
            take(here, feed)
        except PipelineError as failure:
            failures.append(failure)
    for first in failures:
        raise first


@sealed
def take_list(
    here: Site, name: str, file: ExportFile | None = None, *, controller: str | None = None
) -> Taken:
    """Take the newest file of a suppression list, or the one given, into the suppression register.

    With ``controller`` what is handed in binds this one only: for people who said so (R-022).

    Raises:
        ListRefused: see ``refresh``; or the list is about another channel.
    """
    settings = here.org.lists[name]
    if not settings.applies:
        raise ListRefused(
            what="the list is about another channel than e-mail (R-046)",
            do="Name a list whose channel is any or email",
            place=name,
        )
    delivered = file is not None
    newest = file or export_files(
        PlaintextUri(settings.location), pattern=settings.pattern, region=here.org.storage.region
    )
    if not delivered:
        require_fresh(here, "lists", name, newest, rule="R-040")
    bound = controller or settings.controller
    frames = listed(here, name, newest, handed_in=delivered, controller=bound)
    # Before an entry that needs them is there, exports are read with the forms that it can name.
    remember_kinds(here, settings.aliases)
    # What a person hands in now adds to the list; a file of the list's own feed replaces its predecessor.
    feed = f"{name}{HANDED_IN}" if delivered else name
    # The same file says something else once the list is declared otherwise.
    status = settings.status and settings.status.model_dump_json()
    read_as = json.dumps(
        [settings.form, settings.column, bound, str(settings.reason), status, settings.said_at]
    )
    shrink = 1.0 if delivered else settings.max_shrink_share
    with here.stage("suppression"):
        return taken_in(
            here, here.suppression, feed, newest, frames, max_shrink_share=shrink, read_as=read_as
        )
