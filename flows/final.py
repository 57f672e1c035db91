"""The look at the final bytes: no digest of somebody who said no is in a body that leaves (R-031, R-041, R-103)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Protocol

import polars as pl

from domain.audience import BodyTemplate
from domain.errors import GateRefused
from flows.aliases import aliases_file
from flows.canaries import canaries_of
from flows.incidents import open_incident
from flows.line import scope_names, scopes_of
from flows.move import ADDS, KINDS, Move, rows_of
from flows.wiring import Site
from transforms.barred import Heads, among, digests_in, heads, remembered
from transforms.cell import PLACEHOLDER_DIGESTS
from transforms.contracts import ALIASES, BUCKETS, CONSENT, MEMBERSHIP, SUBJECTS
from transforms.digest import keyed
from transforms.gate import listed_by_digest, named

SUPPRESSED: Final = "SUPPRESSED_IN_PAYLOAD"
CANARY: Final = "CANARY_IN_PAYLOAD"
NEVER_SENT: Final = "REMOVAL_OF_UNSENT"
_PLACEHOLDERS: Final = pl.Series(sorted(PLACEHOLDER_DIGESTS), dtype=pl.Binary)


class Look(Protocol):
    """Looks at one finished body."""

    def __call__(self, body: bytes, *, rows: int, template: BodyTemplate) -> None:
        """Look at the bytes of a body with so many ``rows``; the template says what else stands in it.

        Raises:
            GateRefused: it may not leave. If a person stands behind it, an incident is open by then.
        """


def look_at(here: Site, move: Move, kind: str) -> Look:
    """The look for the bodies of one kind of rows; what it compares with is read once."""
    return AdditionLook(here, move) if kind == ADDS else RemovalLook(here, move)


class AdditionLook:
    """Compares bodies that add people with everybody who said no, of the export in force and of the membership.

    It is made of the suppression register by the logic of the gate, and takes nothing from the frames that the bodies
    were made of. In memory a digest is its first 8 bytes; what fits is looked up again, whole.
    """

    def __init__(self, here: Site, move: Move) -> None:
        self._here, self._move, self._line = here, move, move.line
        self._state, self._known = here.suppression.state(), scope_names(here)
        self._scopes = scopes_of(here, move.line, now=here.now())
        self._digest = f"{move.line.platform}_digest"
        self._snapshot = here.snapshots.require(here.org.audiences[move.line.audience].source)
        hashed = here.suppression.rest(self._state)
        self._listed = pl.concat(
            listed_by_digest(hashed, scope, self._known) for scope in self._scopes
        ).unique()
        self._never = pl.concat(
            canaries_of(here, name)[self._digest] for name in here.org.sources
        ).drop_nulls()
        # Nobody is let off yet by what they agreed to later: that is only read once it can make a difference.
        self._judged = False
        self._suspects = self._remembered()

    def __call__(self, body: bytes, *, rows: int, template: BodyTemplate) -> None:
        """See Look."""
        found = _digests(body, template, rows, self._move)
        counts = {
            "canaries": _both(found, self._never),
            "placeholders": _both(found, _PLACEHOLDERS),
            "suppressed": self._suppressed(found) + self._listed_among(found),
        }
        if not any(counts.values()):
            return
        if counts["canaries"] or counts["suppressed"]:
            open_incident(
                self._here,
                code=CANARY if counts["canaries"] else SUPPRESSED,
                destination=self._line.destination,
                audience=self._line.audience,
                run=self._move.run,
                counts=counts,
            )
        # How many people it would have been is in the incident: everybody who may look at Prefect reads this.
        raise GateRefused(
            what="a finished body holds digests that may not leave: "
            + ", ".join(name for name, count in counts.items() if count)
            + " (R-041)",
            do="Nothing of it was sent; have the DPO look at `sluice incidents`",
            place=self._move.run,
        )

    def _suppressed(self, found: pl.Series) -> int:
        hits = among(found, self._suspects)
        if len(hits) and not self._judged:
            self._judged = True
            self._suspects = self._remembered()
            hits = among(hits, self._suspects)
        if not len(hits):
            return 0
        return sum(_both(hits, barred) for barred in self._barred())

    def _listed_among(self, found: pl.Series) -> int:
        if self._listed.is_empty():
            return 0
        keys = found.to_frame("digest").select(
            keyed(pl.col("digest"), self._here.keys.get("suppression")).alias("hashed_key")
        )
        return keys.join(self._listed, on="hashed_key", how="semi").height

    def _remembered(self) -> Heads:
        return remembered([heads(barred) for barred in self._barred()])

    def _barred(self) -> Iterator[pl.Series]:
        """The digests of everybody who is suppressed, a bucket at a time."""
        for bucket in range(BUCKETS):
            people = self._people(bucket)
            if people.height:
                yield self._digests_of(people, bucket)

    def _people(self, bucket: int) -> pl.DataFrame:
        here = self._here
        entries = here.suppression.bucket(bucket, self._state)
        said = pl.DataFrame(schema=CONSENT)
        dated = entries.filter(pl.col("occurred_at").is_not_null())
        if self._judged and dated.height:
            events = here.consent.bucket(bucket, here.consent.state())
            said = events.join(dated, on="subject_key", how="semi")
        found = [named(entries, entries, said, scope, self._known) for scope in self._scopes]
        if self._listed.height:
            # Other forms of an address than the one that is sent: a list may name somebody by one of these.
            others = here.frames.read(aliases_file(self._snapshot.folder, bucket), ALIASES)
            listed = others.join(self._listed, left_on="alias_key", right_on="hashed_key", how="semi")
            found.append(listed.select("subject_key"))
        return pl.concat(found).unique()

    def _digests_of(self, people: pl.DataFrame, bucket: int) -> pl.Series:
        here = self._here
        subjects = here.frames.read(
            f"{self._snapshot.folder}/{bucket:02}.parquet", SUBJECTS, columns=("subject_key", self._digest)
        )
        members = here.memberships.rows(self._move.held, bucket)
        every = pl.concat(
            [subjects.rename({self._digest: "digest"}), members.select("subject_key", "digest")]
        )
        return every.join(people, on="subject_key", how="semi")["digest"].drop_nulls()


class RemovalLook:
    """Compares bodies that remove people with what was ever sent to the list: nothing else is said about anybody."""

    def __init__(self, here: Site, move: Move) -> None:
        self._here, self._move = here, move
        self._sent = remembered([heads(digests) for digests in _ever_sent(here, move)])

    def __call__(self, body: bytes, *, rows: int, template: BodyTemplate) -> None:
        """See Look."""
        found = _digests(body, template, rows, self._move)
        unknown = len(found) - len(among(found, self._sent))
        if not unknown:
            return
        line = self._move.line
        open_incident(
            self._here,
            code=NEVER_SENT,
            destination=line.destination,
            audience=line.audience,
            run=self._move.run,
            counts={"unsent": unknown},
        )
        raise GateRefused(
            what="a finished body would remove digests that were never sent there (R-031)",
            do="Nothing of it was sent; have the DPO look at `sluice incidents`",
            place=self._move.run,
        )


def _ever_sent(here: Site, move: Move) -> Iterator[pl.Series]:
    """What the ledger and the membership of a line hold of the people whom a run removes."""
    line = move.line
    for bucket in range(BUCKETS):
        rows = [rows_of(here, move, kind, bucket) for kind in KINDS if kind != ADDS and move.rows[kind]]
        people = pl.concat(
            [
                pl.DataFrame(schema=MEMBERSHIP).select("subject_key"),
                *(one.select("subject_key") for one in rows),
            ]
        )
        if people.is_empty():
            continue
        sent = here.sent.rows(line.destination, line.audience, bucket, people=people["subject_key"].unique())
        members = here.memberships.rows(move.held, bucket)
        yield pl.concat([sent["digest"], members["digest"]]).drop_nulls()


def _digests(body: bytes, template: BodyTemplate, rows: int, move: Move) -> pl.Series:
    """The digests of a body, without those that belong to its frame, such as a signature.

    Raises:
        GateRefused: they are not as many as its rows.
    """
    found = digests_in(body)
    own = digests_in(template.head + b" " + template.tail)
    if len(own):
        found = found.filter(~found.is_in(own.implode()))
    if len(found) != rows:
        raise GateRefused(
            what=f"a finished body holds {len(found)} digests, and should hold {rows}",
            do="Run the sync again; if it stays, report this code",
            place=move.run,
        )
    return found


def _both(found: pl.Series, others: pl.Series) -> int:
    """How many of the first are among the others, whole."""
    if not len(others):
        return 0
    return found.to_frame("digest").join(others.to_frame("digest"), on="digest", how="semi").height
