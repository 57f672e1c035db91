"""Every form under which a list of digests or of domains may name a subject, and whom it names (R-038).

What matches: SHA-256 and MD5 of the address as it is kept (trimmed, lower case, ASCII domain), as it was typed but for
the white space around it, and in its widest form; with an internationalised domain in its own letters; of a Gmail
address with and without dots, with and without its tag, at gmail.com and googlemail.com; elsewhere with and without its
tag. The odd kinds add the address in capitals and with an end of line behind it.

What cannot match is a form that only the owner of the list knows: a digest of a tag or of dots that the exported
address does not have, of capitals in other places, or with a salt. docs/decisions/0021-lists-of-digests-and-domains.md says why.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final

import idna
import polars as pl

from domain.alias import AliasKind
from transforms.contracts import ALIASES, SUPPRESSION, bucket_of
from transforms.digest import keyed, md5, sha256
from transforms.email import WHITE_SPACE, gmail, normalised

PLATFORM_DIGESTS: Final = ("google_digest", "meta_digest")
_BY_SHA256: Final = frozenset({AliasKind.SHA256, AliasKind.SHA256_ODD})
_BY_MD5: Final = frozenset({AliasKind.MD5, AliasKind.MD5_ODD})
_PUNYCODE: Final = r"[@.]xn--"
_GMAIL_DOMAINS: Final = ("gmail.com", "googlemail.com")
_LEAST_LABELS: Final = 2


def aliases_of(rows: pl.DataFrame, *, key: bytes, kinds: frozenset[AliasKind]) -> pl.DataFrame:
    """Key the forms that lists of these kinds may have been made of.

    Needs:  subject_key; address, as it is kept, and widest, both null where there is none; typed, the cell; ``key`` is
            the suppression key
    Gives:  ALIASES columns, of_domain Boolean and bucket UInt8, each row once; none for what a platform digest of the
            subject matches
    """
    known = rows.filter(pl.col("address").is_not_null())
    made = [pl.DataFrame(schema=ALIASES)]
    domains = _domains(known, key) if AliasKind.DOMAIN in kinds else pl.DataFrame(schema=ALIASES)
    if kinds & (_BY_SHA256 | _BY_MD5):
        further = pl.concat([*_further(known), _typed(known)])
        if kinds & _BY_SHA256:
            odd = _odd(known) if AliasKind.SHA256_ODD in kinds else []
            made.append(_keyed(pl.concat([further.filter(~pl.col("direct")), *odd]), sha256, key))
        if kinds & _BY_MD5:
            # MD5 protects nobody: it is only compared with what others made their lists of, and kept under our key.
            odd = _odd(known) if AliasKind.MD5_ODD in kinds else []
            made.append(_keyed(pl.concat([_forms(known, pl.col("address")), further, *odd]), md5, key))
    marked = [
        pl.concat(made).with_columns(pl.lit(value=False).alias("of_domain")),
        domains.with_columns(pl.lit(value=True).alias("of_domain")),
    ]
    return pl.concat(marked).unique().with_columns(bucket_of(pl.col("subject_key")).alias("bucket"))


def digest_aliases(rows: pl.DataFrame, digests: Sequence[str], *, key: bytes) -> pl.DataFrame:
    """Key the plain digests of some rows: of subjects, or of what was sent for somebody.

    Needs:  subject_key, and the Binary columns named in ``digests``; the suppression key
    Gives:  ALIASES; of several digests that are one, one row
    """
    made = []
    for at, name in enumerate(digests):
        # Most addresses have one form at all platforms: the second is only keyed where it is another one.
        another = [pl.col(name).ne_missing(pl.col(before)) for before in digests[:at]]
        given = rows.filter(pl.col(name).is_not_null(), *another)
        made.append(given.select("subject_key", keyed(pl.col(name), key).alias("alias_key")))
    return pl.concat([pl.DataFrame(schema=ALIASES), *made])


def of_other_spellings(rows: pl.DataFrame, *, key: bytes) -> pl.DataFrame:
    """Key the platform digests of subjects with several rows: collapsed, they keep those of one spelling only.

    Needs:  SUBJECTS columns, all rows of a bucket; the suppression key
    Gives:  ALIASES
    """
    several = rows.filter(pl.col("subject_key").is_duplicated())
    return digest_aliases(several, PLATFORM_DIGESTS, key=key).unique()


def resolved(hashed: pl.DataFrame, aliases: pl.DataFrame) -> pl.DataFrame:
    """Entries that name somebody by a digest or a domain, as entries about that subject.

    Needs:  SUPPRESSION with a hashed_key; ALIASES
    Gives:  SUPPRESSION with a subject_key and without a hashed_key; each statement about a subject once
    """
    named = hashed.drop("subject_key").join(
        aliases, left_on="hashed_key", right_on="alias_key", how="inner", nulls_equal=False
    )
    return (
        named.with_columns(pl.lit(None, dtype=pl.Binary).alias("hashed_key"))
        .select(SUPPRESSION.names())
        .unique()
    )


def domain_of(address: pl.Expr) -> pl.Expr:
    """The domain behind the ``@`` (String), gmail.com for both domains of Gmail."""
    return address.str.extract(r"@([^@]*)\z").replace(_GMAIL_DOMAINS[1], _GMAIL_DOMAINS[0])


def _further(known: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """Forms in lower case beside the address itself: the widest one, Gmail's, and those with a domain in letters."""
    address, at_gmail = pl.col("address"), gmail(pl.col("address"))
    yield _forms(known.filter(~at_gmail, pl.col("widest") != address), pl.col("widest"))
    yield _gmail_forms(known.filter(at_gmail))
    foreign = known.filter(address.str.contains(_PUNYCODE))
    if foreign.height:
        names = foreign.select(pl.col("address", "widest").str.extract(r"@([^@]*)\z"))
        letters = {name: _in_letters(name) for name in {*names["address"], *names["widest"]}}
        for form in ("address", "widest"):
            local = pl.col(form).str.replace(r"@[^@]*\z", "@")
            domain = pl.col(form).str.extract(r"@([^@]*)\z").replace_strict(
                letters, default=None, return_dtype=pl.String
            )  # fmt: skip
            yield _forms(foreign, local + domain)


def _gmail_forms(rows: pl.DataFrame) -> pl.DataFrame:
    local, tag = pl.col("local"), pl.col("tag")
    base = local.str.replace(r"\+.*\z", "")
    undotted = base.str.replace_all(".", "", literal=True)
    parts = rows.select(
        "subject_key",
        "address",
        normalised(pl.col("address"), "google").alias("google"),
        pl.col("address").str.replace(r"@[^@]*\z", "").alias("local"),
    ).with_columns(local.str.extract(r"(\+.*)\z").fill_null("").alias("tag"))
    every = [local, local.str.replace_all(".", "", literal=True), base, undotted, undotted + tag]
    spelled = (
        parts.with_columns(pl.concat_list(every).list.unique().alias("local"))
        .explode("local")
        .filter(local != "")
    )
    forms = pl.concat(
        spelled.with_columns((local + f"@{domain}").alias("form")) for domain in _GMAIL_DOMAINS
    ).filter(pl.col("form") != pl.col("address"))
    return _forms(forms, pl.col("form"), direct=pl.col("form").eq_missing(pl.col("google")))


def _typed(known: pl.DataFrame) -> pl.DataFrame:
    """The address as somebody typed it, where that differs by capitals only."""
    typed, address = pl.col("typed").str.strip_chars(WHITE_SPACE), pl.col("address")
    return _forms(known.filter(typed != address, typed.str.to_lowercase() == address), typed)


def _odd(known: pl.DataFrame) -> list[pl.DataFrame]:
    address = pl.col("address")
    return [_forms(known, address.str.to_uppercase()), _forms(known, address + "\n")]


def _forms(rows: pl.DataFrame, form: pl.Expr, *, direct: pl.Expr | None = None) -> pl.DataFrame:
    """subject_key, form, and direct: whether the digest that a platform is sent is of this form."""
    direct = pl.lit(value=False) if direct is None else direct
    made = rows.select("subject_key", form.alias("form"), direct.alias("direct"))
    return made.filter(pl.col("form").is_not_null())


def _keyed(forms: pl.DataFrame, digest: Callable[[pl.Expr], pl.Expr], key: bytes) -> pl.DataFrame:
    return forms.select("subject_key", keyed(digest(pl.col("form")), key).alias("alias_key"))


def _domains(known: pl.DataFrame, key: bytes) -> pl.DataFrame:
    """Keys of the rules that hit a domain: ``@domain`` for itself, ``.parent`` for each domain that it lies below."""
    held = known.select("subject_key", domain_of(pl.col("address")).alias("domain"))
    distinct = held.select(pl.col("domain").unique())
    rules = [distinct.with_columns((pl.lit("@") + pl.col("domain")).alias("rule"))]
    below = distinct.with_columns(pl.col("domain").alias("rest"))
    while below.height:
        below = below.with_columns(pl.col("rest").str.replace(r"\A[^.]*\.?", "")).filter(
            pl.col("rest").str.count_matches(".", literal=True) >= _LEAST_LABELS - 1
        )
        rules.append(below.select("domain", (pl.lit(".") + pl.col("rest")).alias("rule")))
    every = pl.concat(rules).select("domain", keyed(pl.col("rule"), key).alias("alias_key"))
    return held.join(every, on="domain", how="inner").select("subject_key", "alias_key")


def _in_letters(domain: str) -> str | None:
    """A domain as it is read; null where its ASCII form stands for nothing."""
    try:
        letters = idna.decode(domain)
    except idna.IDNAError:
        return None
    return letters if letters != domain else None
