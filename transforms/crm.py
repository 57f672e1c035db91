"""What the words in CRM columns mean. Polarity is per column, never per word; an unmapped word is unknown."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import polars as pl

from transforms.email import WHITE_SPACE
from transforms.odd import applied, on_odd

# Raw values of Dataverse, and what Excel makes of them in nl and fr.
_RAW_TRUE: Final = frozenset({"true", "1", "waar", "vrai"})
_RAW_FALSE: Final = frozenset({"false", "0", "onwaar", "faux"})
_NOT_ALLOWED: Final = (
    _RAW_TRUE | {"do not allow", "niet toestaan", "ne pas autoriser"},
    _RAW_FALSE | {"allow", "toestaan", "autoriser"},
)
_YES_NO: Final = (_RAW_TRUE | {"yes", "ja", "oui"}, _RAW_FALSE | {"no", "nee", "neen", "non"})

# Field to the words that say its logical name is true, and those that say it is false (sources.md 1.3).
DYNAMICS_TOKENS: Final[Mapping[str, tuple[frozenset[str], frozenset[str]]]] = MappingProxyType(
    {
        "donotemail": _NOT_ALLOWED,
        "donotbulkemail": _NOT_ALLOWED,
        # The header says "Send Marketing Materials", the stored value says the opposite: raw true means do NOT send.
        "donotsendmm": (
            _RAW_TRUE | {"do not send", "niet verzenden", "ne pas envoyer"},
            _RAW_FALSE | {"send", "verzenden", "envoyer"},
        ),
        # True is active; the raw state code counts the other way round: 0 is active.
        "state": (
            frozenset({"active", "actief", "actif", "0"}),
            frozenset({"inactive", "inactief", "inactif", "1"}),
        ),
        "deceased": _YES_NO,
        "restricted": _YES_NO,
        "legal_hold": _YES_NO,
    }
)

# What somebody is to the controller: each has its own retention clock; whoever is none of them has none.
CUSTOMER: Final = "customer"
FORMER_CUSTOMER: Final = "former_customer"
PROSPECT: Final = "prospect"
_STATUSES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "customer": CUSTOMER,
        "klant": CUSTOMER,
        "client": CUSTOMER,
        "former_customer": FORMER_CUSTOMER,
        "former customer": FORMER_CUSTOMER,
        "oud-klant": FORMER_CUSTOMER,
        "ancien client": FORMER_CUSTOMER,
        "prospect": PROSPECT,
    }
)

OPT_OUTS: Final = ("donotemail", "donotbulkemail", "donotsendmm")

# Dependants and care providers are in the CRM too; only who holds the contract may be addressed.
CONTRACT_HOLDER_TOKENS: Final = frozenset({"contract holder", "titularis", "titulaire"})


def flag(cell: pl.Expr, *, true: frozenset[str], false: frozenset[str]) -> pl.Expr:
    """The meaning of a cell (Boolean): null for an empty cell and for every word that is not listed (R-007)."""

    def said(text: pl.Expr, yes: frozenset[str], no: frozenset[str]) -> pl.Expr:
        return pl.when(text.is_in(sorted(yes))).then(True).when(text.is_in(sorted(no))).then(False)

    yes, no = _usual(true), _usual(false)
    return on_odd(
        cell,
        lambda text: (text == "") | text.is_in(sorted(yes | no)),
        lambda values: applied(values, _word, lambda text: said(text, true, false)),
        usual=lambda text: said(text, yes, no),
        dtype=pl.Boolean(),
    )


def status(cell: pl.Expr) -> pl.Expr:
    """What a cell of customer_status means: CUSTOMER, FORMER_CUSTOMER, PROSPECT, or null for any other word (String)."""
    return on_odd(
        cell,
        lambda text: text.is_in([CUSTOMER, FORMER_CUSTOMER, PROSPECT]),
        lambda values: applied(
            values,
            _word,
            lambda text: text.replace_strict(dict(_STATUSES), default=None, return_dtype=pl.String),
        ),
    )


def _word(text: pl.Expr) -> pl.Expr:
    return text.str.strip_chars(WHITE_SPACE).str.to_lowercase()


def _usual(words: frozenset[str]) -> frozenset[str]:
    """Words as option sets spell them, so that few cells need trimming and lower case."""
    return frozenset(
        spelled for word in words for spelled in (word, word.capitalize(), word.title(), word.upper())
    )


def unknown_tokens(rows: pl.DataFrame) -> int:
    """Rows in which an opt-out cell holds a word that nobody mapped (R-007).

    Needs:  the String fields of OPT_OUTS that the source declares
    Gives:  a count of rows; an empty cell is unknown too, but says nothing about the source
    """
    fields = [field for field in OPT_OUTS if field in rows.columns]
    if not fields:
        return 0
    unread = {
        field: flag(pl.col(field), true=DYNAMICS_TOKENS[field][0], false=DYNAMICS_TOKENS[field][1]).is_null()
        for field in fields
    }
    # Few rows have an unread cell; only those are looked at again, to tell a word from nothing.
    few = rows.filter(pl.any_horizontal(unread.values()))
    worded = [unread[field] & (pl.col(field).str.strip_chars(WHITE_SPACE) != "") for field in fields]
    return int(few.select(pl.any_horizontal(worded).fill_null(value=False).sum()).item())
