"""Consent events and objections, from whatever system they come, into their registers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import polars as pl

from boundary.logs import Event, event
from boundary.seal import sealed
from boundary.zones import PlaintextUri
from config.consent import Consent, ConsentKind
from domain.errors import ListRefused
from flows.ahead import ahead
from flows.line import scope_names
from flows.taking import Taken, require_fresh, taken_in
from flows.wiring import Site
from storage.exports import ExportFile, export_files
from storage.lists import read_events
from transforms.consent_codes import (
    DynamicsPurpose,
    DynamicsSource,
    dynamics_columns,
    from_dynamics,
    unknown_codes,
)
from transforms.consent_events import EVENT_COLUMNS, ScopeNames, consent_events
from transforms.consent_tables import StatusWords, from_csv, unmapped_words
from transforms.objections import NEEDED_COLUMNS, OBJECTION_COLUMNS, faulty_lines, objection_entries

# With more statuses that nobody mapped, the file is not what its configuration says.
MAX_UNMAPPED_SHARE: Final = 0.001
_SHOWN_LINES: Final = 10
_STATES_SHRINK: Final = 0.1


@sealed
def take_consents(here: Site, name: str) -> Taken:
    """Take the newest consent-event file of a feed into the consent register.

    Raises:
        ListRefused: a withdrawal names no address, or more words than R-007 allows mean nothing.
        RunBlocked: the feed has been silent for longer than it may (R-019).
    """
    settings = here.org.consents[name]
    newest = export_files(
        PlaintextUri(settings.location), pattern=settings.pattern, region=here.org.storage.region
    )
    require_fresh(here, "consents", name, newest, rule="R-019")
    suppression_key, address_key = here.keys.get("suppression"), here.keys.get("address")
    known = scope_names(here)

    def keyed(rows: pl.DataFrame) -> pl.DataFrame:
        events = consent_events(rows, suppression_key=suppression_key, address_key=address_key, known=known)
        said_no = ~(pl.col("granted") | pl.col("offered"))
        unread = int(events.select((pl.col("subject_key").is_null() & said_no).sum()).item())
        if unread:
            raise ListRefused(
                what=f"{unread} withdrawal(s) between lines {rows['line'][0]} and {rows['line'][-1]} name no address",
                do="Correct these lines and deliver the file again; what was in force stays in force",
                place=name,
            )
        return events

    frames = ahead(keyed, _events(newest, settings, name))
    with here.stage("consent"):
        return taken_in(
            here,
            here.consent,
            name,
            newest,
            frames,
            # Event files grow. A table of states loses a row whenever somebody is asked anew.
            max_shrink_share=_STATES_SHRINK if settings.kind is ConsentKind.DYNAMICS else 0.0,
            # The same file says something else once its columns or words are declared otherwise.
            read_as=settings.model_dump_json(exclude={"author", "location", "pattern", "max_age_hours"})
            + _spelled(known),
        )


def _events(file: ExportFile, settings: Consent, place: str) -> Iterator[pl.DataFrame]:
    """Rows of EVENT_COLUMNS and line, whatever the file looks like.

    Raises:
        ListRefused: more than one in a thousand statuses is a word or a code that nobody mapped.
    """
    if settings.kind is ConsentKind.EVENTS:
        yield from read_events(file, columns=EVENT_COLUMNS, place=place)
        return
    reader = _csv(settings) if settings.kind is ConsentKind.CSV else _dynamics(settings)
    read = unmapped = 0
    for rows in read_events(file, columns=reader.columns, optional=reader.optional, place=place):
        read, unmapped = read + rows.height, unmapped + reader.unmapped(rows)
        yield reader.events(rows)
    if unmapped > MAX_UNMAPPED_SHARE * read:
        raise ListRefused(
            what=f"{unmapped} of {read} rows have a status that the configuration does not know (R-007)",
            do="Ask the owner of the feed what they mean, add them to the feed's file, and have the DPO approve it",
            place=place,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reader:
    """How rows of a foreign file become events, and how many of them say what nobody mapped."""

    columns: tuple[str, ...]
    optional: tuple[str, ...]
    events: Callable[[pl.DataFrame], pl.DataFrame]
    unmapped: Callable[[pl.DataFrame], int]


def _csv(settings: Consent) -> _Reader:
    given = settings.words
    words = StatusWords(
        granted=frozenset(given.granted if given else ()),
        withdrawn=frozenset(given.withdrawn if given else ()),
    )
    columns = {str(field): header for field, header in settings.columns.items()}
    constants = {str(field): value for field, value in settings.constants.items()}
    return _Reader(
        columns=tuple(dict.fromkeys(columns.values())),
        optional=(),
        events=lambda rows: from_csv(rows, columns=columns, constants=constants, words=words),
        unmapped=lambda rows: unmapped_words(rows, columns=columns, words=words),
    )


def _dynamics(settings: Consent) -> _Reader:
    purposes = [
        DynamicsPurpose(
            id=one.id,
            controller=one.controller,
            purpose=one.purpose,
            recipients=one.recipients,
            notice_version=one.notice_version,
            wording=one.wording,
            locale=one.locale,
        )
        for one in settings.purposes
    ]
    sources = {
        code: DynamicsSource(channel=one.channel, method=one.method) for code, one in settings.sources.items()
    }
    table = str(settings.table)
    needed, optional = dynamics_columns(table)
    return _Reader(
        columns=needed,
        optional=optional,
        events=lambda rows: from_dynamics(rows, table=table, purposes=purposes, sources=sources),
        unmapped=lambda rows: unknown_codes(rows, table=table),
    )


@sealed
def take_objections(here: Site, name: str) -> Taken:
    """Take the newest file of an objection feed into the suppression register (R-020 to R-022).

    Raises:
        ListRefused: a line names no address, or lacks what makes it valid (R-027, R-028).
        RunBlocked: the feed has been silent for longer than it may (R-040).
    """
    settings = here.org.objections[name]
    newest = export_files(
        PlaintextUri(settings.location), pattern=settings.pattern, region=here.org.storage.region
    )
    require_fresh(here, "objections", name, newest, rule="R-040")
    known, key, received_at = scope_names(here), here.keys.get("suppression"), here.now()

    def keyed(rows: pl.DataFrame) -> pl.DataFrame:
        faulty = faulty_lines(rows)
        if faulty.height:
            codes = ", ".join(sorted(faulty["what"].unique()))
            raise _refused(faulty["line"], f"are not complete ({codes})", name)
        entries = objection_entries(
            rows,
            key=key,
            controllers=known.controllers,
            purposes=known.purposes,
            recipients=known.recipients,
            received_at=received_at,
        )
        nobody = entries.filter(pl.col("subject_key").is_null())
        if nobody.height:
            raise _refused(nobody["line"], "name no address", name)
        unmapped = int(entries["unmapped"].sum())
        if unmapped:
            event(here.log, Event.OBJECTION_UNMAPPED, list=name, rows=unmapped)
        return entries.drop("line", "unmapped")

    others = [column for column in OBJECTION_COLUMNS if column not in NEEDED_COLUMNS]
    frames = map(keyed, read_events(newest, NEEDED_COLUMNS, optional=others, place=name))
    with here.stage("suppression"):
        return taken_in(
            here, here.suppression, name, newest, frames, max_shrink_share=0.0, read_as=_spelled(known)
        )


def _spelled(known: ScopeNames) -> str:
    """The names as one text: a no to a name that is gone is a no to everything, so that its file is read again."""
    return str([sorted(known.controllers), sorted(known.purposes), sorted(known.recipients)])


def _refused(lines: pl.Series, what: str, place: str) -> ListRefused:
    first = ", ".join(str(line) for line in lines.unique().sort().head(_SHOWN_LINES))
    return ListRefused(
        what=f"{lines.n_unique()} line(s) {what}, first ones: {first}",
        do="Correct these lines and deliver the file again; what was in force stays in force",
        place=place,
    )
