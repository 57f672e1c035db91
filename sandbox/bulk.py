"""Many contacts for measurements: columns at a time, a slice at a time, so that memory stays flat.

Shaped like the demo's people: a Dynamics CSV with Dutch headers, one contact in a hundred dirty, a quarter at Gmail,
half of them with a given consent, three in a hundred suppressed, one in two hundred in the objections file; customers,
former customers and prospects in equal parts, one in a hundred past its clock. The same number of contacts gives the
same bytes, whatever the day: dates in the export count back from one that is fixed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import fields
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Final

import polars as pl

from sandbox.crm import COLUMNS
from sandbox.labels import LABELS
from sandbox.people.cells import SPELLINGS
from sandbox.people.objections import CHANNELS, KINDS, ObjectionEvent
from sandbox.people.relation import FORMER_CUSTOMER, NOT_OWN, OWN_ACTS, PROSPECT
from sandbox.people.scope import FIELDS, Setting

SLICE_ROWS: Final = 250_000
_DELIMITER: Final = ";"
_DIRTY_ONE_IN: Final = 100
# A checksum of 88 random characters a row would measure the disk and nothing else.
_LEFT_OUT: Final = frozenset({"checksum"})
_HOSTS: Final = 500
_SHIFTED: Final = 40
_FIXED: Final = date(2026, 1, 1)
_QUIET_ONE_IN: Final = 100
_LONG_DAYS: Final = 2_000
_OBJECTS_ONE_IN: Final = 200


def write_contacts(path: Path, contacts: int, *, setting: Setting) -> None:
    """Write a CSV export, UTF-8, delimiter ``;``."""
    columns = [column for column in COLUMNS if column.field not in _LEFT_OUT]
    names = {column.field: column.header("nl") for column in columns}

    def rows(numbers: pl.DataFrame) -> pl.DataFrame:
        made = numbers.with_columns(_noise("noise", 1), _noise("more", 2)).with_columns(
            _email().alias("email")
        )
        return (
            _soiled(made)
            .select(*_fields(setting))
            .select(pl.col(field).alias(names[field]) for field in names)
        )

    _write(path, contacts, rows, separator=_DELIMITER)


def write_consents(path: Path, contacts: int, *, setting: Setting, now: datetime) -> None:
    """Write consent events: half of the contacts agreed to a given scope, and a few of them withdrew."""

    def rows(numbers: pl.DataFrame) -> pl.DataFrame:
        made = numbers.with_columns(_noise("noise", 1)).with_columns(_email().alias("email"))
        return pl.concat(
            _agreed(made, scope, setting, turn, now) for turn, scope in enumerate(setting.scopes)
        )

    _write(path, contacts, rows, separator=",")


def write_suppressed(path: Path, contacts: int, *, share: float = 0.03) -> None:
    """Write the addresses of a share of the contacts."""
    parts = 10_000

    def rows(numbers: pl.DataFrame) -> pl.DataFrame:
        made = numbers.with_columns(_noise("noise", 1), _noise("listed", 3))
        return made.filter(pl.col("listed") % parts < round(share * parts)).select(_email().alias("email"))

    _write(path, contacts, rows, separator=",")


def agreed_addresses(contacts: int, count: int, *, setting: Setting) -> list[str]:
    """Clean addresses of some of the contacts who agreed to every scope and never refused, spread over all of them."""
    numbers = pl.DataFrame({"number": pl.int_range(0, contacts, dtype=pl.UInt64, eager=True)})
    asked = [pl.col("number").hash(seed=100 + turn) for turn, _ in enumerate(setting.scopes)]
    agreed = numbers.filter(*[(one % 4 < 2) & (one % 50 != 1) for one in asked])
    chosen = agreed.gather_every(max(1, agreed.height // count)).head(count)
    made = chosen.with_columns(_noise("noise", 1)).select(_email().alias("email"))
    return made["email"].to_list()


def write_objections(path: Path, contacts: int, *, now: datetime) -> None:
    """Write objections, restrictions, holds and deaths of one contact in two hundred, without a scope."""
    kinds = (*KINDS, "withdrawn", "restricted", "restriction_lifted", "legal_hold", "deceased")

    def rows(numbers: pl.DataFrame) -> pl.DataFrame:
        made = numbers.with_columns(_noise("noise", 1), _noise("lot", 4), _noise("said", 5))
        at = _before(now, pl.col("said"))
        kind = _one_of(kinds, pl.col("said")).alias("kind")
        told = made.filter(pl.col("lot") % _OBJECTS_ONE_IN == 0).with_columns(kind)
        return told.select(
            pl.concat_str(pl.lit("o-"), pl.col("number").cast(pl.String)).alias("event_id"),
            _email().alias("email"),
            "kind",
            _one_of(CHANNELS, pl.col("lot") // _OBJECTS_ONE_IN).alias("channel"),
            *[pl.lit(None).alias(name) for name in ("controller", "purpose", "recipient")],
            _stamp(at).alias("occurred_at"),
            _stamp(at).alias("received_at"),
            pl.when(pl.col("kind").str.contains("restrict|hold")).then(pl.lit("case-12")).alias("reference"),
            pl.when(pl.col("kind") == "legal_hold")
            .then(pl.lit(f"{now + timedelta(days=365):%Y-%m-%d}"))
            .alias("review_on"),
            pl.when(pl.col("kind") == "restriction_lifted")
            .then(_stamp(at - timedelta(hours=12)))
            .alias("notified_at"),
        ).select(field.name for field in fields(ObjectionEvent))

    _write(path, contacts, rows, separator=",")


def _write(
    path: Path, contacts: int, rows: Callable[[pl.DataFrame], pl.DataFrame], *, separator: str
) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        for at, numbers in enumerate(_slices(contacts)):
            rows(numbers).write_csv(file, separator=separator, include_header=at == 0)


def _slices(contacts: int) -> Iterator[pl.DataFrame]:
    for start in range(0, contacts, SLICE_ROWS):
        stop = min(start + SLICE_ROWS, contacts)
        yield pl.DataFrame({"number": pl.int_range(start, stop, dtype=pl.UInt64, eager=True)})


def _noise(name: str, seed: int) -> pl.Expr:
    """A reproducible random number a contact."""
    return pl.col("number").hash(seed=seed).alias(name)


def _one_of(values: Sequence[str], lot: pl.Expr) -> pl.Expr:
    return pl.lit(pl.Series(values)).gather((lot % len(values)).cast(pl.UInt32))


def _before(now: datetime, lot: pl.Expr) -> pl.Expr:
    """A moment of the last nine months."""
    return pl.lit(now).dt.replace_time_zone(None) - pl.duration(minutes=(lot % 400_000).cast(pl.Int64) + 1000)


def _stamp(at: pl.Expr) -> pl.Expr:
    return at.dt.strftime("%Y-%m-%dT%H:%M:%SZ")


def _email() -> pl.Expr:
    """A clean address that no other contact has."""
    number = pl.col("number").cast(pl.String).str.zfill(8)
    host = pl.concat_str(pl.lit("mail"), (pl.col("noise") % _HOSTS).cast(pl.String), pl.lit(".example"))
    domain = pl.when(pl.col("noise") % 4 == 0).then(pl.lit("gmail.com")).otherwise(host)
    return pl.concat_str(pl.lit("synthetic."), number, pl.lit(".x@"), domain)


def _soiled(made: pl.DataFrame) -> pl.DataFrame:
    """Write one address in a hundred as somebody mistyped it."""
    dirty = (made["noise"] // 8 % _DIRTY_ONE_IN) == 0
    templates = [spelling.cell for spelling in SPELLINGS if spelling.kind != _SHIFTED]
    sides = pl.col("email").str.split_exact("@", 1).struct
    spelled = _one_of(templates, pl.col("more"))
    for mark, value in {
        "{a}": pl.col("email"),
        "{A}": pl.col("email").str.to_uppercase(),
        "{l}": sides.field("field_0"),
        "{d}": sides.field("field_1"),
        "{n}": pl.col("number").cast(pl.String).str.zfill(7),
        "{own}": pl.lit("own.example"),
    }.items():
        for _ in range(2):
            spelled = spelled.str.replace(mark, value, literal=True)
    cells = made.filter(dirty).select(spelled.alias("cell"))["cell"]
    return made.with_columns(made["email"].clone().scatter(dirty.arg_true(), cells).alias("email"))


def _fields(setting: Setting) -> list[pl.Expr]:
    """The columns of the export, but for the order."""
    noise = pl.col("more")

    def picked(name: str, options: Mapping[str, str | None], rare: int) -> pl.Expr:
        """The first option for almost everybody, the second for ``rare`` in a thousand."""
        usual, other = list(options.values())[:2]
        lot = pl.col("number").hash(seed=sum(name.encode())) % 1000
        return pl.when(lot < rare).then(pl.lit(other)).otherwise(pl.lit(usual)).alias(name)

    labels = {name: by_language["nl"] for name, by_language in LABELS.items()}
    born = pl.date(1940, 1, 1) + pl.duration(days=(noise % 27_000).cast(pl.Int64))
    guid = pl.concat_str(
        noise.cast(pl.String).str.zfill(20).str.slice(12, 8),
        pl.lit("-0000-4000-8000-"),
        pl.col("number").cast(pl.String).str.zfill(12),
    )
    return [
        guid.alias("contact_id"),
        (pl.datetime(2026, 1, 1) + pl.duration(minutes=(noise % 400_000).cast(pl.Int64)))
        .dt.strftime("%d/%m/%Y %H:%M")
        .alias("modified_at"),
        pl.col("email"),
        picked("donotemail", labels["allow"], 20),
        picked("donotbulkemail", labels["allow"], 60),
        picked("donotsendmm", labels["send"], 30),
        picked("state", labels["state"], 20),
        picked("deceased", {"alive": None, "dead": labels["yesno"]["yes"]}, 6),
        born.dt.strftime("%d/%m/%Y").alias("birthdate"),
        picked("contract_role", labels["role"], 40),
        *[_attribute(setting, field).alias(field) for field in FIELDS],
        *_relation(_attribute(setting, "customer_status"), labels["contact"]),
    ]


def _attribute(setting: Setting, field: str) -> pl.Expr:
    return _one_of(setting.catalogue[field], pl.col("more") // (7 + FIELDS.index(field)))


def _relation(status: pl.Expr, kinds: Mapping[str, str]) -> list[pl.Expr]:
    """The days that two clocks count from; one contact in a hundred was not heard of for years."""
    lot = pl.col("number").hash(seed=6)
    days = lot % 300 + pl.when(lot // 300 % _QUIET_ONE_IN == 0).then(_LONG_DAYS).otherwise(1)
    day = (pl.lit(_FIXED) - pl.duration(days=days.cast(pl.Int64))).dt.strftime("%d/%m/%Y")
    own = _one_of([kinds[code] for code in OWN_ACTS], lot // 7)
    any_kind = _one_of([kinds[code] for code in (*OWN_ACTS, *NOT_OWN)], lot // 7)
    return [
        pl.when(status == FORMER_CUSTOMER).then(day).alias("relationship_ended_on"),
        day.alias("last_contact_on"),
        pl.when(status == PROSPECT).then(own).otherwise(any_kind).alias("last_contact_kind"),
    ]


def _agreed(
    made: pl.DataFrame, scope: tuple[str, str, str], setting: Setting, turn: int, now: datetime
) -> pl.DataFrame:
    asked = pl.col("number").hash(seed=100 + turn)
    stamp = _stamp(_before(now, asked))
    refuses = asked % 50 == 1

    def proof(value: str) -> pl.Expr:
        return pl.when(refuses).then(None).otherwise(pl.lit(value))

    return made.filter(asked % 4 < 2).select(
        pl.concat_str(pl.lit(f"e{turn}-"), pl.col("number").cast(pl.String)).alias("event_id"),
        pl.col("email"),
        pl.lit(scope[0]).alias("controller"),
        pl.lit(scope[1]).alias("purpose"),
        pl.lit(scope[2]).alias("recipient"),
        pl.when(refuses).then(pl.lit("withdrawn")).otherwise(pl.lit("granted")).alias("status"),
        stamp.alias("occurred_at"),
        stamp.alias("received_at"),
        pl.lit("web_form").alias("channel"),
        proof("wording-2026-01").alias("wording_digest"),
        proof("nl-BE").alias("locale"),
        proof(setting.notice(scope)).alias("notice_version"),
        proof("checkbox_ticked").alias("method"),
        proof("form-12").alias("evidence_ref"),
    )
