"""Consent tables of Dynamics 365 Customer Insights: the same number means yes in one table and no in another (R-007)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import polars as pl

from transforms.consent_events import EVENT_COLUMNS
from transforms.consent_tables import GRANTED_WORD, UNKNOWN, WITHDRAWN_WORD, word
from transforms.email import WHITE_SPACE

_NOT_SET: Final = ""
# Table to the meaning of its codes (sources.md 1.6). A number without its table cannot be read.
TABLES: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {
        "msdynmkt_contactpointconsent4": {
            "534120000": _NOT_SET,
            "534120001": GRANTED_WORD,
            "534120002": WITHDRAWN_WORD,
        },
        "msdynmkt_contactpointconsent": {"534120000": GRANTED_WORD, "534120001": WITHDRAWN_WORD},
        "msdynmkt_consent": {"534120000": GRANTED_WORD, "534120001": WITHDRAWN_WORD},
    }
)
_CURRENT: Final = "msdynmkt_contactpointconsent4"
_ADDRESS: Final = "msdynmkt_contactpointvalue"
_CHANNEL: Final = "msdynmkt_contactpointtype"
_KIND: Final = "msdynmkt_contactpointconsenttype"
_PURPOSE: Final = "msdynmkt_purposeid"
_TOPIC: Final = "msdynmkt_topicid"
_SOURCE: Final = "msdynmkt_source"
_VALUE: Final = "msdynmkt_value"
# The first table has no purposes, and other names for the address, for what was said and for the channel.
SPELLED: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {
        "msdynmkt_contactpointconsent": {
            _ADDRESS: "msdynmkt_contactpoint",
            _VALUE: "msdynmkt_consentstatus",
            _CHANNEL: "msdynmkt_consenttype",
        }
    }
)
_EMAIL: Final = "534120000"
_OTHER_CHANNELS: Final = ("534120001", "534120002", "534120003")  # text message, custom, voice
_OF_A_PURPOSE: Final = "534120000"
_ACTIVE: Final = "0"


@dataclass(frozen=True, slots=True, kw_only=True)
class DynamicsPurpose:
    """A purpose of Customer Insights, and what a yes to it is about (R-004, R-005).

    Raises:
        ValueError: no recipients: a no to this purpose would be a no to nobody.
    """

    id: str
    controller: str
    purpose: str
    recipients: Sequence[str]
    notice_version: str
    wording: str
    locale: str

    def __post_init__(self) -> None:
        if not self.recipients:
            raise ValueError("a purpose without recipients")


@dataclass(frozen=True, slots=True, kw_only=True)
class DynamicsSource:
    """What a code of msdynmkt_source stands for: where and how somebody spoke (R-005, R-006)."""

    channel: str
    method: str


def dynamics_columns(table: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The columns to read of a table: those that must be there, and those that an older table may not have.

    Raises:
        ValueError: no table that we know.
    """
    _codes(table)
    spelled = SPELLED.get(table, {})
    needed, others = (
        tuple(spelled.get(name, name) for name in names)
        for names in (
            (_ADDRESS, _VALUE),
            (_CHANNEL, _KIND, _PURPOSE, _TOPIC, _SOURCE, "statecode", "modifiedon", f"{table}id"),
        )
    )
    return ((*needed, *others), ()) if table == _CURRENT else (needed, others)


def from_dynamics(
    rows: pl.DataFrame,
    *,
    table: str,
    purposes: Sequence[DynamicsPurpose],
    sources: Mapping[str, DynamicsSource],
) -> pl.DataFrame:
    """The rows of a consent table, as consent events.

    A yes needs an active row about a whole purpose that is configured, for an e-mail address; of everything else only
    the noes count, also of a topic and of an inactive row. Its method is that of its source: without one it is no
    proof (R-005).

    Needs:  line UInt32 and the String columns of ``dynamics_columns``; null for one that the file does not have
    Gives:  line UInt32 and the String columns of EVENT_COLUMNS
    Rows:   one for each recipient of the purpose; a no to a purpose that nobody configured has no scope, which is the
            widest. None for what is not set, for other channels than e-mail, and for a yes that does not count. A code
            that the table does not know is a no

    Raises:
        ValueError: no table that we know: a number alone is never read.
    """
    read = _renamed(rows, table).select(
        "line",
        pl.col(_ADDRESS).alias("email"),
        pl.col("modifiedon").alias("occurred_at"),
        *[word(f"{table}id").alias(name) for name in ("event_id", "evidence_ref")],
        _status(table).alias("status"),
        _id(_PURPOSE).alias("id"),
        word(_CHANNEL).is_in(_OTHER_CHANNELS).alias("elsewhere"),
        _may_grant().alias("may_grant"),
        *_origin(sources),
        pl.lit(None, dtype=pl.String).alias("received_at"),
    )
    known = _scopes(purposes)
    granted = pl.col("may_grant") & pl.col("id").is_in(known["id"].unique().implode())
    says = pl.when(pl.col("status") == GRANTED_WORD).then(granted).otherwise(pl.col("status") != _NOT_SET)
    return (
        read.filter(~pl.col("elsewhere"), says)
        .join(known, on="id", how="left", maintain_order="left_right")
        .select("line", *EVENT_COLUMNS)
    )


def unknown_codes(rows: pl.DataFrame, *, table: str) -> int:
    """Rows whose value, channel or state is a code that the table does not know (R-007).

    Needs:  the String columns of ``dynamics_columns``
    Gives:  a count of rows; a column that the file does not have says nothing about the source

    Raises:
        ValueError: no table that we know.
    """
    codes = {
        _VALUE: list(_codes(table)),
        _CHANNEL: [_EMAIL, *_OTHER_CHANNELS],
        _KIND: [_OF_A_PURPOSE, "534120001"],
        "statecode": [_ACTIVE, "1"],
    }
    unknown = [pl.col(name).is_not_null() & ~word(name).is_in(known) for name, known in codes.items()]
    return int(_renamed(rows, table).select(pl.any_horizontal(unknown).sum()).item())


def _renamed(rows: pl.DataFrame, table: str) -> pl.DataFrame:
    """The columns of a table under the names that the current one gives them."""
    return rows.rename({theirs: ours for ours, theirs in SPELLED.get(table, {}).items()})


def _codes(table: str) -> Mapping[str, str]:
    if table not in TABLES:
        raise ValueError(f"no consent table that is known: {table}")
    return TABLES[table]


def _status(table: str) -> pl.Expr:
    return word(_VALUE).replace_strict(dict(_codes(table)), default=UNKNOWN, return_dtype=pl.String)


def _may_grant() -> pl.Expr:
    """Whether everything beside its value lets a row be a yes (Boolean, never null): what is missing does not."""
    return (
        (word(_CHANNEL) == _EMAIL)
        & (word(_KIND) == _OF_A_PURPOSE)
        & (word(_TOPIC) == "")
        & (word("statecode") == _ACTIVE)
    )


def _origin(sources: Mapping[str, DynamicsSource]) -> list[pl.Expr]:
    origin = {
        "channel": {code: source.channel for code, source in sources.items()},
        "method": {code: source.method for code, source in sources.items()},
    }
    return [
        word(_SOURCE).replace_strict(found, default="", return_dtype=pl.String).alias(name)
        for name, found in origin.items()
    ]


def _scopes(purposes: Sequence[DynamicsPurpose]) -> pl.DataFrame:
    """One row for each purpose and recipient."""
    names = ("id", "controller", "purpose", "recipient", "notice_version", "wording_digest", "locale")
    return pl.DataFrame(
        [
            (
                one.id.strip(WHITE_SPACE + "{}").lower(),
                one.controller,
                one.purpose,
                recipient,
                one.notice_version,
                hashlib.sha256(one.wording.encode()).hexdigest(),
                one.locale,
            )
            for one in purposes
            for recipient in one.recipients
        ],
        schema=dict.fromkeys(names, pl.String),
        orient="row",
    )


def _id(name: str) -> pl.Expr:
    return word(name).str.strip_chars("{}")
