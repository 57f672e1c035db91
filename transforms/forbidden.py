"""Values that have no place in a column of plain words: numbers of people, accounts and cards, phones, diagnoses (R-060).

Looked for inside other text too, however they are grouped; what has a check digit counts only if that is right. Where a
text could be read in two ways, it is forbidden: its row stays out, and nobody is harmed by that.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import polars as pl

from transforms.odd import Rule, applied, on_odd

# Nothing here is looked for in a cell without a digit, and almost no cell has one.
_DIGITS: Final = [*"0123456789", *"０１２３４５６７８９"]
_FEWEST_DIGITS: Final = 9  # of a national phone number; an international one has a sign

_UNSEEN: Final = r"[\p{Cf}\p{Default_Ignorable_Code_Point}]+"
_DASHES: Final = r"[\u{2010}-\u{2015}\u{2212}\u{fe58}]"
# Record ids and digests are no numbers of people, though some parts of them would pass for one.
_IDS: Final = (
    r"\{?\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b\}?|\b(?:0x)?[0-9a-f]{32,}\b"
)
_TIME: Final = r"(?:(?: |t|, ?)[0-2]?[0-9]:[0-5][0-9](?::[0-5][0-9](?:[.,][0-9]+)?)?(?: ?[ap]m)?)?"
_ZONE: Final = r"(?: ?z| ?[+-][01][0-9]:?[0-5][0-9])?"
_YEAR: Final = r"(?:1[89]|2[01])[0-9]{2}"
_DATES: Final = (
    rf"\b{_YEAR}[/.-][01]?[0-9][/.-][0-3]?[0-9]{_TIME}{_ZONE}\b"
    rf"|\b[0-3]?[0-9][/.-][0-3]?[0-9][/.-]{_YEAR}{_TIME}{_ZONE}\b"
    rf"|\b{_YEAR}-w[0-5][0-9]\b"
)
# With a year of two digits only between slashes, and not where more pairs follow, as in a French phone number.
_SHORT_DATES: Final = r"(\A|[^/0-9])[0-3]?[0-9]/[0-3]?[0-9]/[0-9]{2}([^/0-9]|\z)"

_NATIONAL: Final = r"\b[0-9]{2}[ ./-]?[0-9]{2}[ ./-]?[0-9]{2}[ ./-]{0,3}[0-9]{3}[ ./-]{0,3}[0-9]{2}\b"
_NIR: Final = (
    r"\b[1-478][ .-]?[0-9]{2}[ .-]?(?:0[1-9]|1[0-2]|[2-9][0-9])[ .-]?[0-9]{2}[ .-]?[0-9]{3}[ .-]?[0-9]{3}"
    r"[ ./-]{0,3}[0-9]{2}\b"
)
# The two departments of Corsica count as 19 and 18.
_CORSICA: Final = r"(\b[1-478][ .-]?[0-9]{2}[ .-]?[0-9]{2}[ .-]?)2"
_PHONE: Final = (
    r"\+ ?\(?[1-9](?:[ ./()-]{0,3}[0-9]){7,14}\b"
    r"|\b00 ?[1-9](?:[ ./()-]{0,3}[0-9]){7,13}\b"
    r"|\b0[1-9](?:[ ./()-]{0,2}[0-9]){7,8}\b"
)
_DIAGNOSIS: Final = r"\b[a-z][0-9]{2}(?:\.?[0-9]{1,2}|\.[0-9][0-9x]{2}[a-z]?)?\b"
_ISSUED: Final = (
    r"\A(?:4[0-9]{12}(?:[0-9]{3}){0,2}|5[1-5][0-9]{14}|2(?:2[2-9]|[3-6][0-9]|7[0-2])[0-9]{13}|3[47][0-9]{13}"
    r"|3(?:0[0-5]|[689][0-9])[0-9]{11,16}|35[0-9]{14,17}|6[0-9]{12,18}|5[06-8][0-9]{11,17})\z"
)
# The longest and the shortest reading, for a month of expiry may follow.
_CARDS: Final = (r"\b[2-6](?:[ .-]?[0-9]){12,18}\b", r"\b[2-6](?:[ .-]?[0-9]){12,18}?\b")
_CARD_DIGITS: Final = 19

# Length of an IBAN by country, as in the registry of ISO 13616.
_REGISTRY: Final = (
    "AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28 EE20 EG29 "
    "ES24 FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 "
    "LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29 "
    "PT25 QA29 RO24 RS22 RU33 SA24 SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 "
    "YE30"
).lower()
_LENGTH_OF: Final = {entry[:2]: int(entry[2:]) for entry in _REGISTRY.split()}
_IBAN: Final = rf"\b(?:iban[ :]{{0,2}})?(?:{'|'.join(_LENGTH_OF)})[0-9]{{2}}(?:[ .-]?[0-9a-z]){{11,29}}"
_LETTERS: Final = {
    letter: str(number) for number, letter in enumerate("abcdefghijklmnopqrstuvwxyz", start=10)
}
_CHUNK: Final = 14  # so many digits and a rest below 97 before them fit an Int64
_CHUNKS: Final = 5  # of two digits for each of 35 characters


def forbidden(cell: pl.Expr, *, phones: bool = True, codes: bool = True) -> pl.Expr:
    """Whether a cell holds what no column of plain words may hold (Boolean, never null).

    Belgian national and BIS numbers, French NIR, IBAN and card numbers; also phone numbers and codes shaped like ICD-10,
    unless a column is known to hold other codes that look like them. A date, a time or a GUID is none of these.
    """
    return on_odd(
        cell,
        lambda text: ~text.str.contains_any(_DIGITS),
        lambda cells: _judged(cells, phones=phones, codes=codes),
        usual=lambda _: pl.lit(value=False),
        dtype=pl.Boolean(),
    )


def forbidden_columns(
    rows: pl.DataFrame, fields: Sequence[str], *, phones: bool = True, codes: bool = True
) -> pl.Expr:
    """Whether any of these columns of a row is forbidden (Boolean, never null).

    Needs:  String columns; a field that is not among the columns holds nothing
    """
    held = [forbidden(pl.col(name), phones=phones, codes=codes) for name in fields if name in rows.columns]
    return pl.any_horizontal(held) if held else pl.lit(value=False)


def _judged(cells: pl.Series, *, phones: bool, codes: bool) -> pl.Series:
    """Boolean for cells with a digit. Most hold a date or one of few codes: each value is looked at once."""
    text = pl.col("value")
    values = cells.unique().to_frame("value")
    long = (text.str.count_matches(r"\d") >= _FEWEST_DIGITS) | text.str.contains(r"[+＋]")
    hits = [_numbers(values.filter(long)["value"], phones=phones)]
    if codes:
        hits.append(_codes(values.filter(text.str.contains(r"\p{L}"))["value"]))
    return cells.is_in(pl.concat(hits).implode())


def _numbers(values: pl.Series, *, phones: bool) -> pl.Series:
    """Those that hold a number of a person, an account, a card or a phone."""
    if values.is_empty():
        return values
    texts = applied(values, _legible)
    numbers = applied(texts, _figures)
    found = _found(numbers, _NATIONAL, _is_national) | _found(texts, _IBAN, _is_iban)
    found = found | _found(applied(texts, _corsican, _figures), _NIR, _is_nir)
    for pattern in _CARDS:
        found = found | _found(numbers, pattern, _is_card)
    if phones:
        found = found | applied(texts, _undated, _figures, lambda text: text.str.contains(_PHONE))
    return values.filter(found)


def _codes(values: pl.Series) -> pl.Series:
    """Those that hold a code shaped like a diagnosis."""
    return values.filter(applied(values, _legible, _undated, lambda text: text.str.contains(_DIAGNOSIS)))


def _legible(text: pl.Expr) -> pl.Expr:
    plain = text.str.normalize("NFKC").str.replace_all(_UNSEEN, "").str.to_lowercase()
    plain = plain.str.replace_all(_DASHES, "-").str.replace_all(r"\s+", " ")
    return plain.str.replace_all(_IDS, "|")


def _figures(text: pl.Expr) -> pl.Expr:
    """Letters out, so that a number ends where a word begins."""
    return text.str.replace_all(r"[\p{L}_]+", "|")


def _undated(text: pl.Expr) -> pl.Expr:
    return text.str.replace_all(_DATES, "|").str.replace_all(_SHORT_DATES, "${1}|${2}")


def _corsican(text: pl.Expr) -> pl.Expr:
    return text.str.replace_all(f"{_CORSICA}a", "${1}19").str.replace_all(f"{_CORSICA}b", "${1}18")


def _found(texts: pl.Series, pattern: str, valid: Rule) -> pl.Series:
    """Which texts hold a match of the pattern that is valid without its separators (Boolean)."""
    frame = texts.to_frame("text").with_row_index("at")
    matches = (
        frame.filter(pl.col("text").str.contains(pattern))
        .select("at", pl.col("text").str.extract_all(pattern).alias("match"))
        .explode("match", empty_as_null=True, keep_nulls=True)
        .with_columns(pl.col("match").str.replace_all(r"[^0-9a-z]", ""))
    )
    hits = matches.filter(valid(pl.col("match")))["at"]
    return frame["at"].is_in(hits.implode())


def _number(text: pl.Expr, start: int, length: int | None = None) -> pl.Expr:
    """Some characters as a number; null for what is none, which no comparison holds for."""
    return text.str.slice(start, length).cast(pl.Int64, strict=False)


def _is_national(text: pl.Expr) -> pl.Expr:
    """Born before or after 2000; a BIS number counts 20 or 40 to the month, an unknown day or month is 00."""
    first, month = _number(text, 0, 9), _number(text, 2, 2)
    check = 97 - _number(text, 9, 2)
    right = (first % 97 == check) | ((first + 2_000_000_000) % 97 == check)
    return right & (month <= 52) & (month % 20 <= 12) & (_number(text, 4, 2) <= 31)


def _is_nir(text: pl.Expr) -> pl.Expr:
    return 97 - _number(text, 0, 13) % 97 == _number(text, 13, 2)


def _is_card(text: pl.Expr) -> pl.Expr:
    """Luhn: every second digit from the right counts double, by its own digits."""
    number = text.cast(pl.UInt64, strict=False)
    digits = [number // 10**place % 10 for place in range(_CARD_DIGITS)]
    doubled = [digit * 2 - 9 * (digit > 4).cast(pl.UInt64) for digit in digits[1::2]]
    return text.str.contains(_ISSUED) & (pl.sum_horizontal(*digits[::2], *doubled) % 10 == 0)


def _is_iban(text: pl.Expr) -> pl.Expr:
    """The first four characters last, letters as numbers: by 97 that leaves 1. What follows is a word of its own."""
    whole = text.str.strip_prefix("iban")
    length = whole.str.slice(0, 2).replace_strict(_LENGTH_OF, default=None, return_dtype=pl.Int64)
    turned = pl.concat_str(whole.str.slice(4, length - 4), whole.str.slice(0, 4)).str.replace_many(_LETTERS)
    padded = turned.str.pad_start(_CHUNK * _CHUNKS, "0")
    rest = pl.lit(0, dtype=pl.Int64)
    for chunk in range(_CHUNKS):
        rest = (rest * 10**_CHUNK + _number(padded, chunk * _CHUNK, _CHUNK)) % 97
    return (whole.str.len_bytes() >= length) & (rest == 1)
