"""What a contact's own columns say against it, as reason bits, and the day from which its retention counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final

import polars as pl

from domain.alias import AliasKind
from domain.reason import Reason, bit
from transforms.crm import (
    CONTRACT_HOLDER_TOKENS,
    CUSTOMER,
    DYNAMICS_TOKENS,
    FORMER_CUSTOMER,
    OPT_OUTS,
    PROSPECT,
    flag,
    status,
)
from transforms.email import WHITE_SPACE
from transforms.forbidden import forbidden_columns
from transforms.odd import applied, on_odd

OLDEST_YEARS: Final = 120
# Text columns in which somebody may have typed what must not be there. The address is keyed, not read.
_TEXTS: Final = (
    "language", "region", "customer_status", "product_family", "contract_role", "last_contact_kind", "acquired_through",
)  # fmt: skip


# What may stand behind a day; anything else makes it no day.
_DAY: Final = r"\A[0-9]{1,4}[/-][0-9]{1,2}[/-][0-9]{1,4}\z"
_DAY_BYTES: Final = 10
_NOTHING_BEHIND: Final = ("", " 00:00:00")
_TIME_BEHIND: Final = r"[ T][0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?(?:Z|[+-][0-9]{2}:[0-9]{2})?\z"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingRules:
    """What reading needs from policy and source.

    ``today`` decides who is of age; ``reserved_domains`` are refused as addresses; ``own_domains`` belong to the
    organisation and its processors. ``own_acts`` are the words for a contact that the person began (R-049), and
    ``first_party`` those for data that the person gave to this organisation (R-075), all in lower case; None for a
    source that was collected as a whole by the controller itself. ``values`` are those of each attribute that may be
    kept: what no audience may ask for is not needed, and may be special or a number of a person (R-060, R-062).
    ``aliases`` are the kinds of lists that may name an address in another form (R-038).
    """

    today: date
    minimum_age: int
    reserved_domains: frozenset[str]
    own_domains: frozenset[str] = frozenset()
    values: Mapping[str, frozenset[str]] = field(default_factory=dict)
    own_acts: frozenset[str] = frozenset()
    first_party: frozenset[str] | None = None
    aliases: frozenset[AliasKind] = frozenset()


def crm_bits(rows: pl.DataFrame, rules: ReadingRules) -> pl.Expr:
    """Reasons that the CRM's own columns give (UInt32). An unknown token refuses (R-001, R-021).

    Needs:  the String fields of the source; those that it does not declare as null
    """
    objected = pl.any_horizontal([_said(name).fill_null(value=True) for name in OPT_OUTS])
    holder = flag(pl.col("contract_role"), true=CONTRACT_HOLDER_TOKENS, false=frozenset())
    bits = (
        _flagged(Reason.OBJECTED, objected)
        # A contact without a death mark is alive; a date of death is a mark like any other.
        | _flagged(Reason.DECEASED, _deceased(rows))
        | _flagged(Reason.MINOR, ~_is_adult(rules))
        | _flagged(Reason.NOT_CONTRACT_HOLDER, ~holder)
        # "state" says active or not; a deactivated or merged record is past its use for marketing.
        | _flagged(Reason.RETENTION_EXPIRED, ~_said("state") | _end_unread(rows) | _is_merged(rows))
        | _flagged(Reason.SPECIAL_CATEGORY, forbidden_columns(rows, _TEXTS))
    )
    for mark, reason in (("restricted", Reason.RESTRICTED), ("legal_hold", Reason.LEGAL_HOLD)):
        if mark in rows.columns:
            bits = bits | _flagged(reason, _marked(mark))
    if rules.first_party is not None:
        declared = "acquired_through" in rows.columns
        given = (
            _lowered("acquired_through").is_in(sorted(rules.first_party)) if declared else pl.lit(value=False)
        )
        bits = bits | _flagged(Reason.NOT_FIRST_PARTY, ~given)
    return bits


def said_bits(rows: pl.DataFrame) -> pl.Expr:
    """What somebody said, and what stays said when the mark is taken away without a new consent (UInt32, R-024).

    A word that nobody can read keeps a person out for as long as it stands there, but is no objection.

    Needs:  the String fields of the source; those that it does not declare as null
    """
    objected = pl.any_horizontal([_said(name).fill_null(value=False) for name in OPT_OUTS])
    bits = _flagged(Reason.OBJECTED, objected) | _flagged(Reason.DECEASED, _deceased(rows))
    return bits | _flagged(Reason.RESTRICTED, _marked("restricted")) if "restricted" in rows.columns else bits


def attribute(name: str, rules: ReadingRules) -> pl.Expr:
    """An attribute that audiences choose by, null for every value that may not be kept (String, R-062).

    Needs:  the String field ``name``
    """
    kept = sorted(rules.values.get(name, frozenset()))
    value = status(pl.col(name)) if name == "customer_status" else pl.col(name)
    return pl.when(value.is_in(kept)).then(value).alias(name)


def anchor_on(rows: pl.DataFrame, rules: ReadingRules) -> pl.Expr:
    """The day from which the retention period counts (Date): null where nothing starts it.

    For a prospect the last contact, if the person began it (R-049: opening a mail or being written to restarts
    nothing); for everybody else the end of the relationship (R-050). A day that lies ahead is no day.

    Needs:  the String fields of the source; customer_status as null if it does not declare it
    """
    meant = status(pl.col("customer_status"))
    own = pl.lit(value=False)
    if "last_contact_kind" in rows.columns:
        own = flag(pl.col("last_contact_kind"), true=rules.own_acts, false=frozenset()).fill_null(value=False)
    # One cell a row is read as a day: the one that counts for this person.
    cell = (
        pl.when((meant == PROSPECT) & own)
        .then(_cell(rows, "last_contact_on"))
        .when(meant.is_in([CUSTOMER, FORMER_CUSTOMER]))
        .then(_cell(rows, "relationship_ended_on"))
    )
    return _day(cell, latest=rules.today).alias("anchor_on")


def _is_merged(rows: pl.DataFrame) -> pl.Expr:
    """Whether a row was merged into another one, whatever its state says."""
    if "master_id" not in rows.columns:
        return pl.lit(value=False)
    master = pl.col("master_id").fill_null("")
    return (master != "") & (master != pl.col("contact_id"))


def _cell(rows: pl.DataFrame, name: str) -> pl.Expr:
    return pl.col(name) if name in rows.columns else pl.lit(None, dtype=pl.String)


def _flagged(reason: Reason, holds: pl.Expr) -> pl.Expr:
    return pl.when(holds.fill_null(value=True)).then(bit(reason)).otherwise(0).cast(pl.UInt32)


def _said(name: str) -> pl.Expr:
    true, false = DYNAMICS_TOKENS[name]
    return flag(pl.col(name), true=true, false=false)


def _blank(name: str) -> pl.Expr:
    return pl.col(name).is_null() | (pl.col(name).str.strip_chars(WHITE_SPACE) == "")


def _marked(name: str) -> pl.Expr:
    """An empty cell is no mark; a mark that nobody can read counts."""
    return ~_blank(name) & _said(name).fill_null(value=True)


def _deceased(rows: pl.DataFrame) -> pl.Expr:
    dated = ~_blank("deceased_on") if "deceased_on" in rows.columns else pl.lit(value=False)
    return _marked("deceased") | dated


def _end_unread(rows: pl.DataFrame) -> pl.Expr:
    """Something stands where the end of the relationship should, and it is no day: the relationship may be over."""
    if "relationship_ended_on" not in rows.columns:
        return pl.lit(value=False)
    return ~_blank("relationship_ended_on") & _day(pl.col("relationship_ended_on")).is_null()


def _lowered(name: str) -> pl.Expr:
    return pl.col(name).str.strip_chars(WHITE_SPACE).str.to_lowercase()


def _day(cell: pl.Expr, *, latest: date = date.max) -> pl.Expr:
    """A cell as a day: 31/12/2026 or 2026-12-31, also with a time behind it; anything else is null (Date)."""

    def passed(day: pl.Expr) -> pl.Expr:
        return pl.when(day <= latest).then(day)

    # As steps on values: an expression that uses a parsed day twice would parse it twice.
    return cell.map_batches(
        lambda cells: applied(cells, _cut, _days, passed), return_dtype=pl.Date(), is_elementwise=True
    )


def _cut(text: pl.Expr) -> pl.Expr:
    """The day alone: most cells are one, with nothing or midnight behind it."""
    return on_odd(
        text,
        lambda cell: (cell.str.len_bytes() == _DAY_BYTES) | cell.str.slice(_DAY_BYTES).is_in(_NOTHING_BEHIND),
        lambda cells: applied(
            cells,
            lambda cell: cell.str.strip_chars(WHITE_SPACE).str.replace(_TIME_BEHIND, ""),
            lambda cell: pl.when(cell.str.contains(_DAY)).then(cell),
        ),
        usual=lambda cell: cell.str.slice(0, _DAY_BYTES),
    )


def _days(text: pl.Expr) -> pl.Expr:
    local = text.str.to_date("%d/%m/%Y", strict=False)
    iso = pl.when(~text.str.contains("/", literal=True)).then(text).str.to_date("%Y-%m-%d", strict=False)
    return pl.coalesce(local, iso)


def _is_adult(rules: ReadingRules) -> pl.Expr:
    """Of age, with one day on the excluding side (dates shift by time zone in exports); null when unknown (R-030)."""
    youngest = _years_before(rules.today, rules.minimum_age) - timedelta(days=1)
    oldest = _years_before(rules.today, OLDEST_YEARS)
    return _day(pl.col("birthdate")).is_between(oldest, youngest, closed="right")


def _years_before(day: date, years: int) -> date:
    """The same calendar day ``years`` earlier; 29 February becomes 28 February."""
    try:
        return day.replace(year=day.year - years)
    except ValueError:
        return day.replace(year=day.year - years, day=28)
