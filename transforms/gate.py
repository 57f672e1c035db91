"""The last look at rows before they are sealed: counters over 100 % of them, and an independent suppression check."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import polars as pl

from domain.purpose import LegalBasis
from domain.reason import CODE, Reason
from transforms.consent import ConsentScope
from transforms.consent_events import ScopeNames
from transforms.contracts import ALIASES
from transforms.digest import keyed

DIGEST_BYTES: Final = 32
_SCOPE: Final = ("controller", "purpose", "recipient")
# An entry that does not say that it ends something states something.
_ENDS: Final = pl.col("ends").fill_null(value=False)


def outbound_counters(
    rows: pl.DataFrame,
    entries: pl.DataFrame,
    hashed: pl.DataFrame,
    events: pl.DataFrame,
    *,
    key: bytes,
    scope: ConsentScope,
    placeholders: frozenset[bytes],
    known: ScopeNames | None = None,
    aliases: pl.DataFrame | None = None,
) -> dict[str, int]:
    """Count what must not be there. Does not use the filters that made the rows (R-041).

    Needs:  subject_key, digest; SUPPRESSION entries and CONSENT events of the bucket, freshly read; hashed entries of
            all buckets; ``known``, the names of the organisation: an entry about any other is about everything (R-022);
            ALIASES of the bucket
    Gives:  the counters of the suite "outbound", rows_unaccounted left to the caller
    """
    digest = pl.col("digest")
    hit = rows["subject_key"].is_in(named(rows, entries, events, scope, known)["subject_key"].implode())
    listed = listed_by_digest(hashed, scope, known)
    if listed.height:
        others = pl.DataFrame(schema=ALIASES) if aliases is None else aliases
        people = others.join(listed, left_on="alias_key", right_on="hashed_key", how="semi")["subject_key"]
        keys = rows.select(keyed(digest, key).alias("hashed_key"))["hashed_key"]
        hit = hit | keys.is_in(listed["hashed_key"].implode()) | rows["subject_key"].is_in(people.implode())
    counted = rows.select(
        digest.is_null().sum().alias("digests_null"),
        (digest.bin.size() != DIGEST_BYTES).sum().alias("digests_wrong_length"),
        (pl.len() - digest.n_unique()).alias("digests_duplicate"),
        digest.is_in(list(placeholders)).sum().alias("digests_placeholder"),
    ).row(0, named=True)
    return {
        "rows": rows.height,
        "digests_suppressed": int(hit.sum() or 0),
        **{name: int(value or 0) for name, value in counted.items()},
    }


def listed_by_digest(hashed: pl.DataFrame, scope: ConsentScope, known: ScopeNames | None) -> pl.DataFrame:
    """The keys of the digests and domains that are listed for this scope.

    Needs:  SUPPRESSION entries with a hashed_key
    Gives:  hashed_key, unique, never null
    """
    return hashed.filter(_about("controller", scope, known)).select("hashed_key").drop_nulls().unique()


def named(
    rows: pl.DataFrame,
    entries: pl.DataFrame,
    events: pl.DataFrame,
    scope: ConsentScope,
    known: ScopeNames | None,
) -> pl.DataFrame:
    """Subjects against whom something is on record that no later yes outweighs.

    Whatever names a row counts; only an entry with a time may be outweighed, by a yes of the exact scope that is
    later than every no, or by its own end.

    Needs:  subject_key; SUPPRESSION entries with a subject_key; CONSENT events of these subjects: without them, nothing
            but an end outweighs anything
    Gives:  subject_key, unique
    """
    about = entries.join(rows.select("subject_key").unique(), on="subject_key", how="semi").filter(
        *[_about(name, scope, known) for name in _SCOPE]
    )
    undated = about.filter(pl.col("occurred_at").is_null())
    dated = about.filter(pl.col("occurred_at").is_not_null())
    if dated.is_empty():
        return undated.select("subject_key").unique()
    # Under legitimate interest nothing outweighs a no: an offer to opt out is no yes, and a yes is for consent.
    yes = events.filter(
        pl.lit(scope.basis is LegalBasis.CONSENT),
        pl.col("granted") & pl.col("proven") & (pl.col("occurred_at") <= scope.now),
        *[pl.col(name) == getattr(scope, name) for name in _SCOPE],
    )
    # Two spellings of an address: the one that agreed first decides, as nobody knows which of them is sent.
    agreed = (
        yes.group_by("subject_key", "address_key")
        .agg(pl.col("occurred_at").max())
        .group_by("subject_key")
        .agg(pl.col("occurred_at").min().alias("agreed_at"))
    )
    over = (
        dated.filter(_ENDS)
        .group_by("subject_key", "reason")
        .agg(pl.col("occurred_at").max().alias("over_at"))
    )
    outweighed = (
        pl.when(pl.col("reason").is_in([CODE[Reason.OBJECTED], CODE[Reason.WITHDRAWN]]))
        .then(pl.col("agreed_at") > pl.col("occurred_at"))
        .when(pl.col("reason").is_in([CODE[Reason.RESTRICTED], CODE[Reason.LEGAL_HOLD]]))
        .then(pl.col("over_at") > pl.col("occurred_at"))
        .fill_null(value=False)
    )
    still = (
        dated.filter(~_ENDS)
        .join(agreed, on="subject_key", how="left")
        .join(over, on=["subject_key", "reason"], how="left")
        .filter(~outweighed)
    )
    return pl.concat([undated, still.select(undated.columns)]).select("subject_key").unique()


def _about(name: str, scope: ConsentScope, known: ScopeNames | None) -> pl.Expr:
    """Whether an entry says something about this scope; a no about a name that is gone does, the end of one does not."""
    text, own = pl.col(name).str.to_lowercase(), str(getattr(scope, name))
    about = pl.col(name).is_null() | (text == own.lower())
    if known is None:
        return about
    names: frozenset[str] = getattr(known, f"{name}s")
    return about | (~text.is_in(sorted(one.lower() for one in names)) & ~_ENDS)


def summed(counters: Mapping[str, int], more: Mapping[str, int]) -> dict[str, int]:
    """Counters of two buckets added up."""
    return {name: counters.get(name, 0) + more.get(name, 0) for name in {*counters, *more}}
