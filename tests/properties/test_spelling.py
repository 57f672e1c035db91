"""Laws of spelling, over text that nobody thought of (R-038, R-077)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import polars as pl
from google.ads.datamanager_util.format import Formatter
from hypothesis import example, given, settings
from hypothesis import strategies as st

from transforms.cell import cleaned, found_addresses, identifier_bits
from transforms.email import normalised, widest
from transforms.odd import on_odd

# Pieces that make addresses, and pieces that break them.
PIECES = st.sampled_from(
    [
        "a", "B", "jan", "o'neil", ".", "..", "+", "+tag", "-", "_", "1", "é", "e\u0301", "ß", "ẞ", "İ", "ı", "Σ", "ς", "σ",
        "ﬁ", "ａ", "＠", "。", "\u200b", "\u00ad", "\ufeff", "\u0000", "\u034f", "\u001f", "\u00a0", "\u3000", " ", "\t",
        "\n", "<", ">", '"', "'", ",", ";", "(", ")", "mailto:", "?", "=", "/", "%40", "(at)", "{at}", "[dot]",
    ]
)  # fmt: skip
DOMAINS = st.sampled_from(
    ["post.example", "Post.EXAMPLE", "gmail.com", "GoogleMail.com", "gmail.com.", "münchen.example", "xn--mnchen-3ya.example", "b", "", "post..example"]
)  # fmt: skip
ADDRESSES = st.builds(
    lambda before, local, sign, domain, after: f"{before}{''.join(local)}{sign}{domain}{after}",
    st.sampled_from(["", " ", "\u00a0", "\u200b", "<", "'"]),
    st.lists(PIECES, max_size=5),
    st.sampled_from(["@", "@", "@", "@", "＠", "@@", "", " @ "]),
    DOMAINS,
    st.sampled_from(["", " ", "\u3000", ".", ";", ">", "'", "\u001c"]),
)
TEXTS = st.lists(st.one_of(ADDRESSES, st.text(max_size=12), st.none()), min_size=1, max_size=60)
NO_DOMAINS: frozenset[str] = frozenset()


def applied(texts: list[Any], **expressions: pl.Expr) -> pl.DataFrame:
    return pl.DataFrame({"a": texts}, schema={"a": pl.String}).with_columns(**expressions)


def reference(text: str | None) -> str | None:
    try:
        return None if text is None else str(Formatter().format_email_address(text))
    except ValueError:
        return None


def documented(text: str | None) -> str | None:
    spelled = (text or "").strip().lower()
    local, sign, domain = spelled.partition("@")
    whole = local and sign and domain and "@" not in domain and not any(char.isspace() for char in spelled)
    return spelled if whole else None


@given(TEXTS)
@settings(max_examples=150)
def test_google_is_spelled_as_google_spells(texts: list[str | None]) -> None:
    made = applied(texts, g=normalised(pl.col("a"), "google"))
    assert made["g"].to_list() == [reference(text) for text in texts]


@given(TEXTS)
@settings(max_examples=150)
def test_meta_is_spelled_as_documented(texts: list[str | None]) -> None:
    made = applied(texts, m=normalised(pl.col("a"), "meta"))
    assert made["m"].to_list() == [documented(text) for text in texts]


@given(TEXTS)
def test_a_platform_spelling_is_its_own_spelling(texts: list[str | None]) -> None:
    for platform in ("google", "meta"):
        once = applied(texts, p=normalised(pl.col("a"), platform))["p"]
        again = applied(once.to_list(), p=normalised(pl.col("a"), platform))["p"]
        assert again.equals(once)


@given(TEXTS)
@settings(max_examples=200)
def test_what_any_platform_treats_as_one_shares_the_widest_form(texts: list[str | None]) -> None:
    spelled = {name: normalised(pl.col("a"), name) for name in ("google", "meta")}
    made = applied(texts, wide=widest(pl.col("a")), **spelled)
    for platform in spelled:
        by_spelling = made.drop_nulls(platform).group_by(platform).agg(pl.col("wide").n_unique())
        assert (by_spelling["wide"] == 1).all()
        assert made.drop_nulls(platform)["wide"].null_count() == 0


@given(TEXTS)
@settings(max_examples=200)
def test_the_widest_form_is_its_own_widest_form(texts: list[str | None]) -> None:
    once = applied(texts, w=widest(pl.col("a")))["w"]
    again = applied(once.to_list(), w=widest(pl.col("a")))["w"]
    assert again.equals(once)


@given(TEXTS)
@settings(max_examples=150)
def test_a_cleaned_address_is_spelled_alike_by_everybody_but_gmail(texts: list[str | None]) -> None:
    address = applied(texts, c=cleaned(pl.col("a")))["c"].to_list()
    made = applied(
        address,
        c=cleaned(pl.col("a")),
        m=normalised(pl.col("a"), "meta"),
        g=normalised(pl.col("a"), "google"),
    )
    assert made["c"].to_list() == address
    assert made["m"].to_list() == address
    elsewhere = made.filter(~pl.col("a").str.contains("@(?:gmail|googlemail)[.]com$"))
    assert elsewhere["g"].equals(elsewhere["a"].rename("g"))


@given(TEXTS)
@settings(max_examples=150)
@example(
    ["'=@post.example", "'=a@post.example", "%40a@post.example", "a{at}b@post.example", "''a@post.example"]
)
def test_what_an_audience_reads_a_suppression_finds(texts: list[str | None]) -> None:
    made = applied(texts, c=cleaned(pl.col("a")), f=found_addresses(pl.col("a"))).drop_nulls("c")
    wide = made.with_row_index("at").explode("f").with_columns(w=widest(pl.col("c")), v=widest(pl.col("f")))
    met = wide.group_by("at").agg((pl.col("w") == pl.col("v")).any().alias("met"))
    assert met["met"].all()
    assert met.height == made.height


@given(TEXTS)
def test_a_cell_without_an_address_always_has_a_reason(texts: list[str | None]) -> None:
    bits = identifier_bits(pl.col("a"), own_domains=NO_DOMAINS, reserved_domains=NO_DOMAINS)
    made = applied(texts, c=cleaned(pl.col("a")), b=bits)
    assert made["b"].null_count() == 0
    assert (made.filter(pl.col("c").is_null())["b"] != 0).all()


@given(TEXTS, st.randoms(use_true_random=False))
def test_a_cell_means_the_same_wherever_it_stands(texts: list[str | None], random: Any) -> None:
    bits = identifier_bits(pl.col("a"), own_domains=NO_DOMAINS, reserved_domains=NO_DOMAINS)
    read = {
        "c": cleaned(pl.col("a")),
        "b": bits,
        "w": widest(pl.col("a")),
        "g": normalised(pl.col("a"), "google"),
    }
    order = list(range(len(texts)))
    random.shuffle(order)
    assert applied([texts[at] for at in order], **read).equals(applied(texts, **read)[order])


@given(st.lists(st.one_of(st.none(), st.text(alphabet="ab", max_size=3))), st.sampled_from(["a", "b", ""]))
def test_the_short_cut_never_changes_an_answer(texts: list[str | None], letter: str) -> None:
    long_way: Callable[[pl.Series], pl.Series] = lambda values: values.str.to_uppercase()  # noqa: E731
    short = on_odd(pl.col("a"), lambda text: text.str.contains(letter, literal=True), long_way)
    made = applied(texts, s=short)["s"].to_list()
    assert made == [text if text is None or letter in text else text.upper() for text in texts]
