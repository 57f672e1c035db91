"""How each platform, and we ourselves, spell an address: one function a rule, versioned.

The platform rules are taken as published and not improved, because a digest only matches if both sides spell alike:

* **google**: `google-ads-datamanager-util` 0.4.0 is the reference, for what it accepts and for what it refuses. Trim,
  lower case, exactly one ``@`` with something on both sides, no white space inside; at gmail.com and googlemail.com the
  local part is cut at its first ``+`` and loses its dots, and must not end up empty. The domain is kept.
* **meta**: trim and lower case, for every domain alike. The documentation is silent on broken addresses; what cannot be
  an address (no ``@`` or two, an empty side, white space inside) is refused, as Meta's own Conversions API helpers do.

"White space" is what Python's ``str.strip`` takes off: Unicode's, and the separators U+001C to U+001F. Neither rule
applies NFKC, IDNA or takes out invisible characters: those are for ``transforms.cell``, before the platform's rule.
A digest in the place of an address has no ``@`` and is refused by both. See docs/decisions/0005-normalisation.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import idna
import polars as pl

from transforms.odd import Rule, applied, on_odd

# A new rule gets a new version here and new vectors in tests/vectors/: a removal sends every variant ever sent.
NORMALISER_VERSIONS: Final[Mapping[str, str]] = MappingProxyType(
    {"google": "google/1", "meta": "meta/1", "widest": "widest/1"}
)

# str.isspace of Python; polars' own strip_chars() leaves the four separators in.
WHITE_SPACE: Final = (
    "\t\n\v\f\r\x1c\x1d\x1e\x1f \x85\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000"
)
_SHAPE: Final = r"\A[^@\s\x1c-\x1f]+@[^@\s\x1c-\x1f]+\z"
_GMAIL: Final = ("@gmail.com", "@googlemail.com")
_FOLDED: Final = r"\A[!-@\[-~]*\z"  # ASCII that is seen, without capitals
_FOREIGN_DOMAIN: Final = r"@[^@]*(?:[^\x00-\x7f]|--)[^@]*\z"
# Its own widest form: nothing to fold, no tag, no Gmail.
_PLAIN: Final = r"\A[a-z0-9_-][a-z0-9._-]*@[a-z0-9-]+(?:\.[a-z0-9-]+)*\z"
_PLAIN_GMAIL: Final = r"\A[a-z0-9_-][a-z0-9._-]*@(?:gmail|googlemail)\.com\z"
_UNSEEN: Final = r"[\s\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}]+"


def refused_by_syntax(text: pl.Expr) -> pl.Expr:
    """Whether no platform can take this as an address (Boolean; true for null).

    Syntax alone, the same for google and meta; Google also refuses a Gmail address of which nothing is left.
    """
    return ~_trimmed(text).str.contains(_SHAPE).fill_null(value=False)


def normalised(address: pl.Expr, platform: str) -> pl.Expr:
    """The address as this platform spells it (String); null where the platform's syntax refuses it.

    Raises:
        KeyError: a platform without a rule; there is no default rule to fall back on.
    """
    rule = _RULES[platform]
    lowered = _trimmed(address).str.to_lowercase()
    return rule(pl.when(lowered.str.contains(_SHAPE)).then(lowered))


def widest(address: pl.Expr) -> pl.Expr:
    """One spelling for all the addresses that any platform would treat as one (String).

    NFKC, invisible characters and white space out, lower case, dots at either end off, ``+tag`` cut for every domain,
    Gmail's dots out, googlemail.com as gmail.com. Only ever compared, never sent: it errs towards exclusion (R-038).
    Null stays null, and so does what is empty afterwards.
    """
    return on_odd(address, _is_its_widest, _widened_gmail_apart)


def ascii_domain(address: pl.Expr) -> pl.Expr:
    """The address with an internationalised domain in its ASCII form; null where it has none (UTS 46, IDNA 2008).

    The work is per distinct domain that is not plain ASCII, which is a handful in any export.
    """
    return on_odd(address, lambda text: ~text.str.contains(_FOREIGN_DOMAIN), _with_ascii_domain)


def gmail(lowered: pl.Expr) -> pl.Expr:
    """Whether Google would rewrite the local part (Boolean), for an address with one ``@`` in lower case."""
    return lowered.str.ends_with(_GMAIL[0]) | lowered.str.ends_with(_GMAIL[1])


def _with_ascii_domain(addresses: pl.Series) -> pl.Series:
    domain = applied(addresses, _domain)
    forms = {name: _ascii(name) for name in domain.drop_nulls().unique()}
    ascii_form = domain.replace_strict(forms, default=None, return_dtype=pl.String)
    return applied(addresses, lambda text: text.str.replace(r"@[^@]*\z", "@")) + ascii_form


def _ascii(domain: str) -> str | None:
    try:
        return idna.encode(domain, uts46=True, std3_rules=True).decode("ascii")
    except idna.IDNAError:
        return None


def _trimmed(text: pl.Expr) -> pl.Expr:
    return text.str.strip_chars(WHITE_SPACE)


def _google(address: pl.Expr) -> pl.Expr:
    return on_odd(address, lambda lowered: ~gmail(lowered), _gmail_spelling)


def _gmail_spelling(addresses: pl.Series) -> pl.Series:
    parts = _parted(addresses)
    return parts.select(
        pl.when(pl.col("undotted") != "")
        .then(pl.concat_str("undotted", pl.lit("@"), "domain"))
        .alias("value")
    )["value"]


def _meta(address: pl.Expr) -> pl.Expr:
    return address


_RULES: Final[Mapping[str, Rule]] = MappingProxyType({"google": _google, "meta": _meta})
NORMALISED_PLATFORMS: Final = tuple(_RULES)


def _is_its_widest(address: pl.Expr) -> pl.Expr:
    return address.str.contains(_PLAIN) & ~gmail(address)


def _widened_gmail_apart(addresses: pl.Series) -> pl.Series:
    """Ordinary Gmail addresses are a quarter of all and only lose their dots; everything else takes the long way."""

    def undotted(text: pl.Expr) -> pl.Expr:
        local = text.str.strip_suffix(_GMAIL[0]).str.strip_suffix(_GMAIL[1])
        return pl.concat_str(local.str.replace_all(".", "", literal=True), pl.lit(_GMAIL[0]))

    def split(text: pl.Expr) -> pl.Expr:
        return on_odd(text, lambda value: value.str.contains(_PLAIN_GMAIL), _widened, usual=undotted)

    return applied(addresses, split)


def _widened(addresses: pl.Series) -> pl.Series:
    def folded(text: pl.Expr) -> pl.Expr:
        return on_odd(
            text, lambda value: value.str.contains(_FOLDED), lambda values: applied(values, _folded)
        )

    def named(text: pl.Expr) -> pl.Expr:
        return pl.coalesce(ascii_domain(text), text)

    parts = _parted(applied(addresses, folded, lambda text: text.str.strip_chars("."), named))
    whole = (
        pl.when(pl.col("domain").is_in(["gmail.com", "googlemail.com"]))
        .then(pl.concat_str("undotted", pl.lit("@gmail.com")))
        .when(pl.col("local") != "")
        .then(pl.concat_str("local", pl.lit("@"), "domain"))
    )
    # A text without a sign, or with nothing but a tag before it, is all that it has.
    full = parts.select(pl.coalesce(whole, "value").alias("value"))["value"]
    return applied(full, lambda text: pl.when(text != "").then(text))


def _folded(address: pl.Expr) -> pl.Expr:
    """NFKC, unseen characters out, lower case; twice, since taking characters out and lower case can open it again."""
    seen = address.str.normalize("NFKC").str.replace_all(_UNSEEN, "").str.to_lowercase()
    # Lower case depends on the neighbours for sigma, and leaves a loose dot of the dotted I.
    folded = seen.str.replace_all("ς", "σ", literal=True).str.replace_all("i\u0307", "i", literal=True)
    legible = (
        folded.str.replace_all("。", ".", literal=True).str.normalize("NFKC").str.replace_all(_UNSEEN, "")
    )
    return pl.coalesce(ascii_domain(legible), legible)


def _parted(addresses: pl.Series) -> pl.DataFrame:
    """What stands before the last ``@``, up to its first ``+``, with and without dots, and what stands behind it."""
    return (
        addresses.to_frame("value")
        .with_columns(
            pl.col("value").str.replace(r"@[^@]*\z", "").str.replace(r"(?s)\+.*\z", "").alias("local"),
            _domain(pl.col("value")).alias("domain"),
        )
        .with_columns(pl.col("local").str.replace_all(".", "", literal=True).alias("undotted"))
    )


def _domain(address: pl.Expr) -> pl.Expr:
    return address.str.extract(r"@([^@]*)\z")
