"""What people say to leave, as it is handed in: into the suppression register before anybody is told so (R-018, R-021, R-022)."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime
from queue import Empty, Full, Queue
from threading import Thread
from typing import Final

import polars as pl

from boundary.logs import Event, event
from boundary.plaintext import Plaintext
from boundary.seal import sealed
from domain.errors import ListRefused, PipelineError, RunBlocked, Sealed
from flows.inheritance import hand_on
from flows.line import scope_names
from flows.wiring import Site
from storage.files import ExportFile
from storage.lists import CELLS, read_cells
from transforms.objections import OBJECTION_COLUMNS, objection_entries

FEED: Final = "handed-in"
# So many wait at most for their entry; whoever comes then is told to come again.
_QUEUE: Final = 20_000
_AT_ONCE: Final = 1_000
_SHOWN_LINES: Final = 10
_SAID: Final = ("email", "controller", "purpose", "recipient", "channel")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Statement:
    """One no: an address, and how far it reaches; what is not said, or is no known name, means everything (R-022)."""

    address: Plaintext
    controller: str | None = None
    purpose: str | None = None
    recipient: str | None = None
    channel: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Entered:
    """When a statement came into force, and a reference that says nothing about whom."""

    received_at: datetime
    reference: str


@sealed
def take_statements(here: Site, statements: Sequence[Statement]) -> list[Entered | None]:
    """Enter statements, all of them in one step that is durable before it returns; None for one that names no address.

    One that names several people names none: an answer is about one person, and nobody may speak for a list.

    The same answer whether or not anybody knows the person.

    Raises:
        StorageFailed, KeyUnavailable: none of them is in force.
    """
    rows = pl.DataFrame(
        {
            "line": range(len(statements)),
            "email": [one.address.reveal() for one in statements],
            "controller": [one.controller for one in statements],
            "purpose": [one.purpose for one in statements],
            "recipient": [one.recipient for one in statements],
            "channel": [one.channel for one in statements],
        },
        schema_overrides={"line": pl.UInt32, **dict.fromkeys(_SAID, pl.String)},
    )
    received_at, batch = here.now(), here.random(8).hex()
    entries = _entries(here, rows, received_at)
    entries = entries.drop_nulls("subject_key").filter(pl.col("subject_key").n_unique().over("line") == 1)
    named = set(entries["line"])
    _enter(here, entries, batch, received_at)
    return [
        Entered(received_at=received_at, reference=f"{batch}-{line:04x}") if line in named else None
        for line in range(len(statements))
    ]


@sealed
def take_scoped(
    here: Site, file: ExportFile, *, controller: str | None, purpose: str | None, recipient: str | None
) -> int:
    """Enter what people said about one purpose or recipient, one address a line; gives the lines.

    Raises:
        ListRefused: a line names no address, or there is none; nothing was entered.
    """
    cells = pl.concat([pl.DataFrame(schema=CELLS), *read_cells(file, column=None, place=FEED)])
    received_at = here.now()
    rows = cells.select(
        "line",
        pl.col("cell").alias("email"),
        *[
            pl.lit(value, dtype=pl.String).alias(name)
            for name, value in (("controller", controller), ("purpose", purpose), ("recipient", recipient))
        ],
        pl.lit(None, dtype=pl.String).alias("channel"),
    )
    entries = _entries(here, rows, received_at)
    nobody = entries.filter(pl.col("subject_key").is_null())["line"].unique().sort()
    if nobody.len() or not cells.height:
        first = ", ".join(str(line) for line in nobody.head(_SHOWN_LINES)) or "none"
        raise ListRefused(
            what=f"{nobody.len()} of {cells.height} line(s) name no address, first ones: {first}",
            do="Type one address a line; nothing was taken in",
            place=FEED,
        )
    _enter(here, entries, here.random(8).hex(), received_at)
    return cells.height


class Intake:
    """Enters statements one batch after the other: whoever waits while one is written is in the next one.

    So that a burst of thousands costs some writes of the register, and each answer still means that it is durable.
    """

    def __init__(self, here: Site) -> None:
        self._here = here
        self._waiting: Queue[tuple[Statement, Future[Entered | None]] | None] = Queue(_QUEUE)
        self._thread = Thread(target=self._work, name="intake")
        self._thread.start()

    def submit(self, statement: Statement) -> Future[Entered | None]:
        """What ``take_statements`` says of a statement, once it is durable.

        Raises:
            RunBlocked: too many wait already.
        """
        answer: Future[Entered | None] = Future()
        try:
            self._waiting.put_nowait((statement, answer))
        except Full:
            full = RunBlocked(what="too many statements wait to be entered", do="Send it again in a minute")
        else:
            return answer
        raise full

    def stop(self) -> None:
        """Enter what waits, then end."""
        self._waiting.put(None)
        self._thread.join()

    def _work(self) -> None:
        while (first := self._waiting.get()) is not None:
            taken, ends = [first], False
            while len(taken) < _AT_ONCE and not ends:
                try:
                    one = self._waiting.get_nowait()
                except Empty:
                    break
                if one is None:
                    ends = True
                else:
                    taken.append(one)
            # Nobody waits for an answer that was called off; from here on none can be.
            self._enter([one for one in taken if one[1].set_running_or_notify_cancel()])
            if ends:
                return

    def _enter(self, taken: Sequence[tuple[Statement, Future[Entered | None]]]) -> None:
        if not taken:
            return
        try:
            entered = take_statements(self._here, [statement for statement, _ in taken])
        except Sealed as failure:
            if len(taken) == 1:
                taken[0][1].set_exception(failure)
            # One that nobody foresaw does not keep the others out.
            for one in taken if len(taken) > 1 else ():
                self._enter([one])
        except PipelineError as failure:
            for _, answer in taken:
                answer.set_exception(failure)
        else:
            for (_, answer), told in zip(taken, entered, strict=True):
                answer.set_result(told)


def _entries(here: Site, rows: pl.DataFrame, received_at: datetime) -> pl.DataFrame:
    """SUPPRESSION rows and line. Needs: line and the columns of _SAID."""
    known = scope_names(here)
    given = {
        "kind": "objected",
        # A no that is dated can be outweighed by a later yes, and by nothing else.
        "occurred_at": received_at.isoformat(),
    }
    others = [name for name in OBJECTION_COLUMNS if name not in (*_SAID, *given)]
    return objection_entries(
        rows.with_columns(
            *[pl.lit(value).alias(name) for name, value in given.items()],
            *[pl.lit(None, dtype=pl.String).alias(name) for name in others],
        ),
        key=here.keys.get("suppression"),
        controllers=known.controllers,
        purposes=known.purposes,
        recipients=known.recipients,
        received_at=received_at,
    )


def _enter(here: Site, entries: pl.DataFrame, batch: str, received_at: datetime) -> None:
    if entries.is_empty():
        return
    here.suppression.add(
        entries.drop("line", "unmapped"), feed=FEED, fingerprint=here.mac(batch.encode()), read_at=received_at
    )
    hand_on(here)
    event(here.log, Event.OPTOUT_TAKEN, list=FEED, run=batch, rows=entries["line"].n_unique())
