"""What a cell of an e-mail column holds: one address for an audience, every address for a suppression.

Two readers, on purpose unequal (sources.md, section 9). ``cleaned`` takes off what surely does not belong to the
address and refuses the rest: an ambiguous cell is never guessed at (R-077), for a corrected address may be somebody
else's. ``found_addresses`` guesses as widely as it can, because too much suppression harms nobody.

Decided, where the reference leaves it open: a lone leading apostrophe is Excel's text mark and goes (7); white space
around the ``@`` (12), a label before the address (35), full-width characters (33) and a one-letter local part (18) are
refused; a soft hyphen goes everywhere (3); an internationalised domain counts in its ASCII form (32).
"""

from __future__ import annotations

import hashlib
import re
from typing import Final

import polars as pl

from domain.reason import Reason, bit
from transforms.email import WHITE_SPACE, ascii_domain
from transforms.odd import applied, on_odd
from transforms.vocabulary import (
    DEATH_NOTES,
    DEATH_WORDS,
    OBJECTION_NOTES,
    OBJECTION_WORDS,
    PLACEHOLDERS,
    ROLES,
    TYPO_DOMAINS,
    TYPO_ENDINGS,
)

_INVALID: Final = bit(Reason.IDENTIFIER_INVALID)
_PREHASHED: Final = bit(Reason.IDENTIFIER_PREHASHED)
_SHARED: Final = bit(Reason.IDENTIFIER_SHARED)
_OBJECTED: Final = bit(Reason.OBJECTED)
_DECEASED: Final = bit(Reason.DECEASED)

# An address as most people have it: nothing to take off, nothing to look at twice.
_LABEL: Final = r"[a-z0-9]+(?:-[a-z0-9]+)*"
_ORDINARY: Final = rf"\A[a-z0-9][a-z0-9_+-]*(?:\.[a-z0-9_+-]+)*@(?:{_LABEL}\.)+[a-z]{{2,}}\z"
_ORDINARY_BYTES: Final = 64  # no side of a shorter address can be too long
# Every address that may be hashed: a dot-atom, and letters, digits and hyphens in labels under a spelled-out ending.
# Legal, but a percent sign or a brace before the @ is an escape or a disguise, and so a guess.
_ATOM: Final = r"[a-z0-9!#$&'*+/=?^_`|~-]+"
_LONG_LABEL: Final = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_VALID: Final = rf"\A{_ATOM}(?:\.{_ATOM})*@(?:{_LONG_LABEL}\.)+(?:[a-z]{{2,63}}|xn--[a-z0-9-]{{2,59}})\z"
_MOST_BYTES, _MOST_LOCAL_BYTES = 254, 64

_UNSEEN: Final = r"[\p{Cf}\p{Default_Ignorable_Code_Point}]+"
_HASHES: Final = "|".join(f"[0-9a-f]{{{size}}}" for size in (32, 40, 56, 64, 96, 128))
_BASE64: Final = (
    r"[a-z0-9+/_-]{22}(?:==)?|[a-z0-9+/_-]{27}=?|[a-z0-9+/_-]{43}=?|[a-z0-9+/_-]{64}|[a-z0-9+/_-]{86}(?:==)?"
)
_PREHASHED_SHAPE: Final = rf"\A(?:0x)?(?:{_HASHES})\z|\A(?:{_BASE64})\z"

# Address-shaped text inside other text, read as widely as possible.
_FOUND_DOMAIN: Final = (
    r"(?:(?:[\p{L}\p{N}\p{M}_-]+\.)+(?:xn--[a-z0-9-]+|[\p{L}\p{M}]{2,})|[\p{L}\p{N}\p{M}_-]+|\[[0-9a-f.:]+\])"
)
_FOUND: Final = rf'(?:"[^"@]+"|[^\s\p{{Cc}}@<>()\[\],;:"|\\]+)@{_FOUND_DOMAIN}'


# What no payload may hold: digests of nothing, of words for nothing, and of addresses typed to get rid of us.
_NOTHINGS: Final = (
    "",
    " ",
    "-",
    "--",
    "?",
    ".",
    "n/a",
    "n.v.t.",
    "x",
    "xx",
    "xxx",
    "@",
    "test@test",
    "a@a",
    "none@none",
)
_NOTHING_DOMAINS: Final = (
    "test.com",
    "test.be",
    "email.com",
    "email.be",
    "none.com",
    "mail.com",
    "gmail.com",
)
PLACEHOLDER_DIGESTS: Final = frozenset(
    hashlib.sha256(text.encode()).digest()
    for text in (
        *_NOTHINGS,
        *PLACEHOLDERS,
        *(f"{word}@{domain}" for word in PLACEHOLDERS for domain in _NOTHING_DOMAINS),
    )
)


def cleaned(cell: pl.Expr) -> pl.Expr:
    """The one address of a cell as everything else spells it (String), or null: trimmed, unwrapped, in lower case.

    Null for a cell with no address, with several, or with one that has to be guessed at.
    """
    return on_odd(cell, lambda text: _blank(text) | is_ordinary(text), _unwrapped, usual=_unless_blank)


def identifier_bits(
    cell: pl.Expr, *, own_domains: frozenset[str], reserved_domains: frozenset[str]
) -> pl.Expr:
    """Why the address of a cell may not stand in an audience (UInt32 of reason bits; 0 for one that may)."""
    rules = _Policy(own_domains | reserved_domains)
    return on_odd(
        cell,
        lambda text: _blank(text) | (is_ordinary(text) & ~rules.suspects(text)),
        rules.bits,
        usual=lambda text: pl.when(_blank(text)).then(_INVALID).otherwise(0).cast(pl.UInt32),
        dtype=pl.UInt32(),
    )


def found_addresses(cell: pl.Expr) -> pl.Expr:
    """Every address that a cell could mean (List of String, empty for none), read for suppression only.

    Also the ones that are disguised (``a(at)b``), torn (``a @ b``), escaped (``%40``) or glued to a sign, each of these
    with and without the sign.
    """
    return cell.map_batches(_found, return_dtype=pl.List(pl.String), is_elementwise=True)


def _found(cells: pl.Series) -> pl.Series:
    written = applied(cells, _legible, lambda text: text.str.extract_all(_FOUND)).to_frame("written")
    bare = pl.element().str.replace(r"^(?:[^@]*[=/|])?['*.&=/-]*", "")
    unmarked = pl.element().str.strip_chars_start("'")
    both = pl.concat_list("written", *[pl.col("written").list.eval(form) for form in (bare, unmarked)])
    whole = pl.element().filter(~pl.element().str.starts_with("@"))
    every = both.list.eval(whole).list.unique()
    nothing = pl.lit([], dtype=pl.List(pl.String))
    return written.select(pl.coalesce(every, nothing).alias(cells.name))[cells.name]


class _Policy:
    """What is wrong with an address though it is spelled well."""

    def __init__(self, refused_domains: frozenset[str]) -> None:
        self._refused = (
            rf"\A(?:{_any(PLACEHOLDERS)})(?:\+[^@]*)?@"
            rf"|\A[^@](?:\+[^@]*)?@"
            rf"|[@.](?:{_any(refused_domains | TYPO_DOMAINS)})\z"
            rf"|\.(?:{_any(TYPO_ENDINGS)})\z"
            rf"|\A(?:{'|'.join(rf'{sign}+@{sign}+[.]{sign}+' for sign in 'abcdefghijklmnopqrstuvwxyz')})\z"
        )
        self._role = rf"\A(?:{_any(ROLES)})(?:[0-9]+|[._-][a-z]{{2}})?(?:\+[^@]*)?@"
        self._noted = f"{_any(OBJECTION_NOTES)}|{_any(DEATH_NOTES)}"

    def suspects(self, address: pl.Expr) -> pl.Expr:
        """Whether an ordinary address needs a second look (Boolean)."""
        return address.str.contains(f"{self._refused}|{self._role}|{self._noted}")

    def bits(self, cells: pl.Series) -> pl.Series:
        """The reasons, at full cost."""
        frame = pl.DataFrame({"text": applied(cells, _legible), "address": _unwrapped(cells)}).with_columns(
            pl.col("text").str.replace_all(_FOUND, " ").alias("beside"),
            pl.col("address").is_null().alias("wrong"),
            _peeled(cells).str.contains(_PREHASHED_SHAPE).alias("prehashed"),
        )
        text, address, wrong = pl.col("text"), pl.col("address"), pl.col("wrong")
        has_sign = text.str.contains("@", literal=True)

        def noted(anywhere: tuple[str, ...], outside: tuple[str, ...]) -> pl.Expr:
            words = pl.col("beside").str.contains(rf"\b(?:{_any(outside)})\b")
            return text.str.contains(_any(anywhere)) | (wrong & has_sign & words)

        reasons = (
            (_OBJECTED, noted(OBJECTION_NOTES, OBJECTION_WORDS)),
            (_DECEASED, noted(DEATH_NOTES, DEATH_WORDS)),
            (_PREHASHED, wrong & pl.col("prehashed")),
            (_INVALID, (wrong & ~pl.col("prehashed")) | address.str.contains(self._refused)),
            (_SHARED, address.str.contains(self._role)),
        )
        total = pl.lit(0, dtype=pl.UInt32)
        for reason, holds in reasons:
            total = total | pl.when(holds).then(reason).otherwise(0).cast(pl.UInt32)
        return frame.select(total.alias("bits"))["bits"]


def _any(words: frozenset[str] | tuple[str, ...]) -> str:
    """Alternatives of a pattern; of no words, one that never matches."""
    return "|".join(re.escape(word) for word in sorted(words)) or r"[^\s\S]"


def _blank(cell: pl.Expr) -> pl.Expr:
    return cell.is_null() | (cell == "")


def _unless_blank(cell: pl.Expr) -> pl.Expr:
    return pl.when(cell != "").then(cell)


def is_ordinary(cell: pl.Expr) -> pl.Expr:
    """Whether a cell is a valid address and nothing else, as most are (Boolean, null for null); one quick look."""
    return (cell.str.len_bytes() <= _ORDINARY_BYTES) & cell.str.contains(_ORDINARY)


def _unwrapped(cells: pl.Series) -> pl.Series:
    """The address without what surely does not belong to it, or null."""
    # Full-width letters and dots would become plain ones with the domain, and that would be a guess.
    itself = (pl.col("text").str.normalize("NFKC") == pl.col("text")) & ~pl.col("text").str.contains(
        "。", literal=True
    )
    frame = pl.DataFrame({"text": _peeled(cells)}).select(pl.when(itself).then("text").alias("text"))
    address = applied(frame["text"], ascii_domain)
    local = pl.col("address").str.find("@", literal=True)
    fits = (pl.col("address").str.len_bytes() <= _MOST_BYTES) & (local <= _MOST_LOCAL_BYTES)
    # Signs alone are legal before the @, and nobody's.
    valid = fits & pl.col("address").str.contains(_VALID) & pl.col("address").str.contains(r"\A[^@]*[a-z0-9]")
    return address.to_frame("address").select(pl.when(valid).then("address").alias("address"))["address"]


def _peeled(cells: pl.Series) -> pl.Series:
    """One layer after the other: unseen characters, white space, formula, quotes, brackets, ``mailto:``, end signs."""

    def layer(text: pl.Expr) -> pl.Expr:
        text = _bare(text.str.replace(r'(?s)\A=?"([^"]*)"\z|\A\'([^\']*)\'\z', "$1$2"))
        text = _bare(text.str.replace(r"(?s)\A[^<>@]*<([^<>]*)>\z", "$1"))
        text = _bare(text.str.replace(r"(?s)\Amailto:([^?]*)(?:\?.*)?\z", "$1"))
        return text.str.replace(r"[,;.\s]+\z", "")

    def first(text: pl.Expr) -> pl.Expr:
        return _bare(text.str.replace_all(_UNSEEN, "")).str.to_lowercase()

    return applied(cells, first, layer, layer, lambda text: text.str.strip_chars_start("'"))


def _bare(text: pl.Expr) -> pl.Expr:
    return text.str.strip_chars(WHITE_SPACE)


def _legible(cell: pl.Expr) -> pl.Expr:
    """Text in which a disguised, torn or escaped address can be found."""
    text = cell.str.replace_all("ï»¿", "", literal=True).str.normalize("NFKC").str.replace_all(_UNSEEN, "")
    text = text.str.to_lowercase().str.replace_all("。", ".", literal=True)
    text = text.str.replace_all(r"%40|\s*[(\[{]\s*(?:at|apenstaartje|arobase)\s*[)\]}]\s*", "@")
    text = text.str.replace_all(r"\s*[(\[{]\s*(?:dot|punt|point)\s*[)\]}]\s*", ".")
    return text.str.replace_all(r"\s*@\s*", "@")
